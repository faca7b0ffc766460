import type { Point } from '../collection/types.ts'
import { plainVector } from '../collection/plain-vector.ts'
import { RawJson, stringifyJson, type JsonValue } from '../encoding/json.ts'
import type { Diff } from './diff.ts'

/**
 * A diff as NDJSON (docs/diff.md): first the counts, then a line for each point that differs. `withPoints` adds vectors and
 * payload from before and after. Ids and payload numbers are exact.
 */
export async function* diffLines(
  diff: Diff,
  options: { readonly withPoints?: boolean } = {},
): AsyncIterable<string> {
  const { from, to, counts, rowsCompared } = diff
  yield line({ from, to, counts, rowsCompared })
  const read = options.withPoints === true ? { vectors: true as const, payload: true as const } : {}
  for await (const { kind, id, partition, vectors, payload, before, after } of diff.points(read)) {
    yield line({
      kind,
      id,
      ...(partition === undefined ? {} : { partition }),
      vectors,
      payload,
      ...(options.withPoints === true ? { ...shown('before', before), ...shown('after', after) } : {}),
    })
  }
}

function shown(name: string, point: Point | undefined): Record<string, unknown> {
  if (point === undefined) return {}
  const vectors = Object.entries(point.vectors ?? {}).map(([key, vector]) => [key, plainVector(vector)])
  return {
    [name]: { vectors: Object.fromEntries(vectors) as unknown, payload: point.payload ?? new RawJson('{}') },
  }
}

function line(value: object): string {
  return `${stringifyJson(value as JsonValue)}\n`
}
