import { compileValueTest, type JsonObject, type JsonValue, type Point } from '../../../../index.ts'
import type { ElementTest } from '../../filter/compile-filter.ts'
import { payloadOf } from '../outgoing/result-columns.ts'
import { readRows } from './read-rows.ts'

/** What a query found. */
interface Found {
  readonly points: readonly Point[]
  /** Where structs are meant: for each point which of its structs, by their places. */
  readonly structs?: readonly (readonly number[])[]
}

/** Rows, or structs of theirs if the filter means those. */
export async function readFound(
  ...[runs, reader, model, where, read]: Parameters<typeof readRows>
): Promise<Found> {
  const { elements } = where
  if (elements === undefined) return { points: await readRows(runs, reader, model, where, read) }
  const { limit, offset, isIterator } = read
  const reads = { ...read.reads, payload: true }
  // Iterators go on behind the key of a row, and count rows. Elsewhere each row that is found has a struct at least.
  const counted = isIterator || limit === undefined ? {} : { limit: offset + limit, offset: 0 }
  const points = await readRows(runs, reader, model, where, { ...read, ...counted, reads })
  const found = structRows(points, elements)
  const rows = isIterator || limit === undefined ? found : windowOf(found, offset, limit)
  return { points: rows.map(({ point }) => point), structs: rows.map(({ structs }) => structs) }
}

interface StructRow {
  readonly point: Point
  readonly structs: readonly number[]
}

function structRows(points: readonly Point[], { struct, test }: ElementTest): StructRow[] {
  const passes = compileValueTest(test)
  return points
    .map((point) => ({ point, structs: placesOf(payloadOf(point), struct, passes) }))
    .filter(({ structs }) => structs.length > 0)
}

function placesOf(payload: JsonObject, struct: string, passes: (value: JsonValue) => boolean): number[] {
  const list = payload[struct]
  if (!Array.isArray(list)) return []
  return (list as readonly JsonValue[]).flatMap((value, place) => (passes(value) ? [place] : []))
}

/** `limit` structs behind the first `offset` ones: of the first and the last row there may be a part. */
function windowOf(rows: readonly StructRow[], offset: number, limit: number): StructRow[] {
  let before = 0
  return rows.flatMap(({ point, structs }) => {
    const from = offset - before
    before += structs.length
    const part = structs.slice(Math.max(from, 0), Math.max(from + limit, 0))
    return part.length === 0 ? [] : [{ point, structs: part }]
  })
}
