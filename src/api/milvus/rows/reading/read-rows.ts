import type { Collection, PartitionSelection, Point, PointId, ReadOptions } from '../../../../index.ts'
import type { CollectionModel } from '../../schema/collection-model.ts'
import { compareKeys, hasTextKeys, keyOf, type PrimaryKey } from '../keys.ts'
import { payloadOf } from '../outgoing/result-columns.ts'
import type { Where } from '../where.ts'

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
  const filter = where.filter === undefined ? {} : { filter: where.filter }
  if (!hasTextKeys(model) || end === undefined) {
    const most = end ?? Number.MAX_SAFE_INTEGER
    const { points } = await collection.scroll({
      ...reads,
      ...selection,
      ...filter,
      limit: most,
      idOrder: 'signed',
    })
    return (hasTextKeys(model) ? byKey(model, points) : points).slice(offset, end)
  }
  const all = await collection.scroll({
    ...selection,
    ...filter,
    limit: Number.MAX_SAFE_INTEGER,
    payload: !model.isForeign,
  })
  const chosen = firstIds(model, all.points, end).slice(offset)
  return byKey(model, await collection.get(chosen, { ...reads, ...selection }))
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
