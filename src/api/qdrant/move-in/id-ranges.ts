import { isDatabaseError, parseUuid, stringifyJson, type PointId, type ShardKey } from '../../../index.ts'
import { isArray, isObject } from '../decode.ts'
import { pointId } from '../translate/point-id.ts'
import { routeOf, type Source } from './source.ts'

/** Numbers before UUIDs, as both servers have them. */
export function compareIds(a: PointId, b: PointId): number {
  if (typeof a === 'string') return typeof b === 'string' ? compareUuids(a, b) : 1
  if (typeof b === 'string') return -1
  return a < b ? -1 : a > b ? 1 : 0
}

function compareUuids(a: string, b: string): number {
  const [one, other] = [parseUuid(a)!, parseUuid(b)!]
  return one.w0 - other.w0 || one.w1 - other.w1 || one.w2 - other.w2 || one.w3 - other.w3
}

/** A stretch of ids, which is read page by page. */
export interface IdRange {
  /** Undefined: from the first id on. */
  readonly from: PointId | undefined
  /** Exclusive; undefined: to the last id. */
  readonly to: PointId | undefined
  /** Of the points under this shard key; undefined: of a collection without keys. */
  readonly key?: ShardKey | undefined
}

const sampled = 1_000

/**
 * Stretches with about the same number of points: their bounds are those of a sample of ids. One stretch where the source gives
 * no sample, as old versions do not.
 */
export async function divideIds(
  source: Source,
  name: string,
  {
    parts,
    limitMax = sampled,
    key,
  }: {
    readonly parts: number
    readonly limitMax?: number | undefined
    readonly key?: ShardKey | undefined
  },
): Promise<readonly IdRange[]> {
  const sample = { limit: Math.min(sampled, limitMax), key }
  const ids = parts === 1 ? [] : await sampleIds(source, name, sample)
  const bounds: PointId[] = []
  for (let part = 1; part < parts; part++) {
    const bound = ids[Math.floor((part * ids.length) / parts)]
    const last = bounds.at(-1)
    if (bound !== undefined && (last === undefined || compareIds(last, bound) < 0)) bounds.push(bound)
  }
  const keyed = key === undefined ? {} : { key }
  return [...bounds, undefined].map((to, index) => ({ from: bounds[index - 1], to, ...keyed }))
}

async function sampleIds(
  source: Source,
  name: string,
  { limit, key }: { readonly limit: number; readonly key: ShardKey | undefined },
): Promise<readonly PointId[]> {
  const path = routeOf`/collections/${name}/points/query`
  const keyed = key === undefined ? '' : `"shard_key":${stringifyJson(key)},`
  const json = `{${keyed}"query":{"sample":"random"},"limit":${limit},"with_payload":false,"with_vector":false}`
  try {
    const result = await source.result(path, { json })
    const points = isObject(result) ? result['points'] : undefined
    if (!isArray(points)) return []
    return points.map((point) => pointId(isObject(point) ? point['id']! : null)).sort(compareIds)
  } catch (error) {
    // Bounds only spread the work: without them it is done all the same.
    if (isDatabaseError(error, 'download-refused')) return []
    throw error
  }
}
