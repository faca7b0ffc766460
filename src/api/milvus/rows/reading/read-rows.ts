import type { Collection, PartitionSelection, Point, PointId, ReadOptions } from '../../../../index.ts'
import type { CollectionModel } from '../../schema/collection-model.ts'
import { compareKeys, keyOf, type PrimaryKey } from '../keys.ts'
import { keyRangeOf, type KeyRange } from './key-range.ts'
import { payloadOf } from '../outgoing/result-columns.ts'
import type { Where } from '../where.ts'

/** No limit. */
const allRows = Number.MAX_SAFE_INTEGER
const greatestId = 2n ** 63n - 1n

export interface ReadRows extends PartitionSelection {
  readonly limit: number | undefined
  readonly offset: number
  readonly reads: ReadOptions
}

/** Rows in the order of their keys. */
export async function readRows(
  collection: Collection,
  model: CollectionModel,
  where: Where,
  { limit, offset, reads, partitions }: ReadRows,
): Promise<readonly Point[]> {
  const selection = partitions === undefined ? {} : { partitions }
  const end = limit === undefined ? undefined : offset + limit
  if (where.ids !== undefined) {
    const points = await collection.get(where.ids, { ...reads, ...selection })
    return byKey(model, points).slice(offset, end)
  }
  const range = keyRangeOf(model, where.filter)
  if (range !== undefined) {
    const points = await readRange(collection, range, { reads, selection, limit: end })
    return points.slice(offset)
  }
  const filter = where.filter === undefined ? {} : { filter: where.filter }
  if (end === undefined) {
    const { points } = await collection.scroll({ ...reads, ...selection, ...filter, limit: allRows })
    return byKey(model, points)
  }
  const all = await collection.scroll({
    ...selection,
    ...filter,
    limit: allRows,
    payload: !model.isForeign,
  })
  const chosen = firstIds(model, all.points, end).slice(offset)
  return byKey(model, await collection.get(chosen, { ...reads, ...selection }))
}

interface RangeRead {
  readonly reads: ReadOptions
  readonly selection: PartitionSelection
  readonly limit: number | undefined
}

async function readRange(
  collection: Collection,
  { from, isEmpty, isGreatestOut, filter }: KeyRange,
  { reads, selection, limit = allRows }: RangeRead,
): Promise<readonly Point[]> {
  if (isEmpty) return []
  const { points } = await collection.scroll({
    ...reads,
    ...selection,
    ...(filter === undefined ? {} : { filter }),
    limit,
    idOrder: 'signed',
    offset: BigInt.asUintN(64, from),
  })
  // The same key may be in several partitions, which a page does not tear apart.
  const rows = points.slice(0, limit)
  return isGreatestOut ? rows.filter(({ id }) => id !== greatestId) : rows
}

interface Keyed<T> {
  readonly key: PrimaryKey
  readonly value: T
}

const keyed = (model: CollectionModel, point: Point): PrimaryKey =>
  keyOf(model, point.id, () => payloadOf(point))

/** The same key in two partitions is two rows. */
function byKey(model: CollectionModel, points: readonly Point[]): readonly Point[] {
  const rows = points.map((point): Keyed<Point> => ({ key: keyed(model, point), value: point }))
  return rows.sort((a, b) => compareKeys(a.key, b.key)).map(({ value }) => value)
}

/** The points with the smallest keys, in their order: no more than these are kept at a time. */
function firstIds(model: CollectionModel, points: readonly Point[], count: number): PointId[] {
  // What is behind the bound is sorted away whenever there is as much of it as will be kept.
  let best: Keyed<PointId>[] = []
  let bound: PrimaryKey | undefined
  const cut = (): void => {
    best = best.sort((a, b) => compareKeys(a.key, b.key)).slice(0, count)
    if (best.length === count) bound = best.at(-1)!.key
  }
  for (const point of points) {
    const key = keyed(model, point)
    if (bound !== undefined && compareKeys(key, bound) > 0) continue
    best.push({ key, value: point.id })
    if (best.length >= Math.max(count * 2, 1_000)) cut()
  }
  cut()
  return best.map(({ value }) => value)
}
