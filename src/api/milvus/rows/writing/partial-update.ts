import { parseJson, RawJson, type JsonObject, type PointInput, type VectorInput } from '../../../../index.ts'
import type { MilvusDoor } from '../../door.ts'
import { vectorNameOf } from '../../schema/collection-model.ts'
import type { ColumnSet } from '../incoming/column-set.ts'
import { checkFields, pointReader } from '../incoming/points.ts'
import { newPointId, type PrimaryKey } from '../keys.ts'
import { payloadOf } from '../outgoing/result-columns.ts'
import type { ArrayChange } from './field-operations.ts'
import type { WriteTarget } from './write-rows.ts'

interface Row {
  readonly payload: JsonObject
  readonly vectors: Readonly<Record<string, VectorInput>>
}

/**
 * What was sent takes its place in the rows that are there, dynamic keys one by one; the other rows are new and have to be
 * whole. Partial updates of a collection go one after the other, for each reads what it changes.
 * @throws 1100
 */
export async function updateRows(
  door: MilvusDoor,
  { collection, model, partition }: WriteTarget,
  columns: ColumnSet,
  keys: readonly PrimaryKey[],
  change?: ArrayChange,
): Promise<void> {
  const ids = keys.map((key) => newPointId(model, key))
  await door.sequences.run(`rows of ${collection.id}`, async () => {
    const existing = await collection.get(ids, { payload: true, vectors: true, partitions: [partition] })
    // By key, not by id: spellings of a UUID differ.
    const rows = new Map<PrimaryKey, Row>()
    const known = new Map(existing.map((point) => [String(point.id).toLowerCase(), point]))
    ids.forEach((id, at) => {
      const point = known.get(String(id).toLowerCase())
      if (point !== undefined)
        rows.set(keys[at]!, { payload: payloadOf(point), vectors: point.vectors ?? {} })
    })
    if (keys.some((key) => !rows.has(key))) checkFields(model, columns)
    const sent = sentValues(collection, columns)
    const wholeAt = pointReader(model, collection, columns, keys)
    const pointAt = (at: number): PointInput => {
      const key = keys[at]!
      const before = rows.get(key)
      const given = sent(at)
      const payload = change === undefined ? given.payload : change(before?.payload ?? {}, given.payload)
      const row = merged(before ?? wholeRow(wholeAt(at)), { ...given, payload })
      rows.set(key, row)
      return { id: ids[at]!, ...row }
    }
    await collection.upsertInSlices(keys.length, pointAt, { partition })
  })
}

function wholeRow({ payload, vectors = {} }: PointInput): Row {
  return { payload: payload instanceof RawJson ? (payload.value() as JsonObject) : (payload ?? {}), vectors }
}

type Config = Parameters<typeof vectorNameOf>[0]

interface SentValues {
  readonly payload: JsonObject
  /** Undefined where the row is to have none. */
  readonly vectors: readonly (readonly [name: string, vector: VectorInput | undefined])[]
}

function sentValues(reader: Config, { scalars, vectors, dynamic }: ColumnSet): (row: number) => SentValues {
  const named = [...vectors].map(([field, values]) => [vectorNameOf(reader, field), values] as const)
  return (row) => {
    const fields = [...scalars].map(([field, texts]) => `${JSON.stringify(field)}:${texts[row]!}`)
    const members = [...fields, dynamic?.[row] ?? ''].filter((member) => member !== '')
    return {
      payload: parseJson(`{${members.join(',')}}`) as JsonObject,
      vectors: named.map(([name, values]) => [name, values[row]] as const),
    }
  }
}

function merged(before: Row, { payload, vectors }: SentValues): Row {
  const kept = new Map(Object.entries(before.vectors))
  for (const [name, vector] of vectors) {
    if (vector === undefined) kept.delete(name)
    else kept.set(name, vector)
  }
  return { payload: { ...before.payload, ...payload }, vectors: Object.fromEntries(kept) }
}
