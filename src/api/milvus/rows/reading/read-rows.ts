import type {
  CollectionReader,
  Filter,
  PartitionSelection,
  Point,
  PointId,
  ReadOptions,
} from '../../../../index.ts'
import type { CollectionModel } from '../../schema/collection-model.ts'
import { compareKeys, hasTextKeys, keyOf, type PrimaryKey } from '../keys.ts'
import { payloadOf } from '../outgoing/result-columns.ts'
import type { Where } from '../where.ts'
import { keyRangeOf, type KeyRange } from './key-range.ts'
import { placeBehind, type KeyRun, type KeyRuns } from './key-runs.ts'
import { textReader } from './text-keys.ts'

export interface ReadRows extends PartitionSelection {
  readonly limit: number | undefined
  readonly offset: number
  /** A page of an iterator: where no moment is kept for it, rows that came since it began may be left out. */
  readonly isIterator: boolean
  /** The moment that is read, of those kept; undefined: now. */
  readonly moment: bigint | undefined
  readonly reads: ReadOptions
}

/** What is read from. */
interface Source {
  readonly collection: CollectionReader
  readonly moment: bigint | undefined
  readonly model: CollectionModel
  readonly selection: PartitionSelection
  readonly reads: ReadOptions
}

/** No limit. */
const allRows = Number.MAX_SAFE_INTEGER
const greatestId = 2n ** 63n - 1n
/** How many rows are found at once for an iterator. */
const runLength = 100_000

/** Rows in the order of their keys. */
export async function readRows(
  runs: KeyRuns,
  collection: CollectionReader,
  model: CollectionModel,
  where: Where,
  { limit, offset, isIterator, moment, reads, partitions }: ReadRows,
): Promise<readonly Point[]> {
  const selection = partitions === undefined ? {} : { partitions }
  const source = { collection, moment, model, reads, selection }
  const end = limit === undefined ? undefined : offset + limit
  if (where.ids !== undefined) return (await readIds(source, where.ids)).slice(offset, end)
  const range = keyRangeOf(model, where.filter)
  const isCostly = hasTextKeys(model) || range.filter !== undefined
  // Before they begin, iterators ask for a single row.
  if (isIterator && isCostly && end !== undefined && end > 1)
    return (await readPage(runs, source, range, end)).slice(offset)
  if (!hasTextKeys(model)) return (await readNumbers(source, range, end)).slice(offset)
  if (end === undefined) return readTexts(source, range)
  const { ids } = await findTexts(source, range, end)
  return (await readIds(source, ids.slice(offset))).slice(0, limit)
}

async function readIds(
  { collection, model, selection, reads }: Source,
  ids: readonly PointId[],
): Promise<readonly Point[]> {
  return byKey(model, await collection.get(ids, { ...reads, ...selection }))
}

async function readNumbers(
  { collection, selection, reads }: Pick<Source, 'collection' | 'selection' | 'reads'>,
  { after, isGreatestOut, filter }: KeyRange,
  limit = allRows,
): Promise<readonly Point[]> {
  if (after === greatestId) return []
  const from = after === undefined ? {} : { offset: BigInt.asUintN(64, BigInt(after) + 1n) }
  const { points } = await collection.scroll({
    ...reads,
    ...selection,
    ...from,
    ...filterOf(filter),
    limit,
    idOrder: 'signed',
  })
  // The same key may be in several partitions, which a page does not tear apart.
  const rows = points.slice(0, limit)
  return isGreatestOut ? rows.filter(({ id }) => id !== greatestId) : rows
}

async function readTexts(
  { collection, model, selection, reads }: Source,
  { after, filter }: KeyRange,
): Promise<readonly Point[]> {
  const { points } = await collection.scroll({ ...reads, ...selection, ...filterOf(filter), limit: allRows })
  const rows = byKey(model, points)
  return after === undefined ? rows : rows.filter((point) => compareKeys(keyed(model, point), after) > 0)
}

const filterOf = (filter: Filter | undefined): { filter?: Filter } => (filter === undefined ? {} : { filter })

/** The next rows of an iterator. Rows that are gone or that do not pass any more are left out. */
async function readPage(
  runs: KeyRuns,
  source: Source,
  range: KeyRange,
  limit: number,
): Promise<readonly Point[]> {
  const { collection, moment, model, selection, reads } = source
  const { filter, isGreatestOut } = range
  const name = JSON.stringify(
    [collection.id, moment, selection, filter, isGreatestOut],
    (_key, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value),
  )
  let { after } = range
  for (;;) {
    let run = after === undefined ? undefined : runs.find(name, after, limit)
    if (run === undefined) {
      run = await findRun(source, { ...range, after }, Math.max(limit, runLength))
      runs.put(name, run)
    }
    const start = placeBehind(run, after)
    const ids = run.ids.slice(start, start + limit)
    if (ids.length === 0) return []
    const versions = new Map(ids.map((id, at) => [id, run.versions[start + at]]))
    const points = await collection.get(ids, { ...reads, ...selection })
    const changed = points.filter(({ id, version }) => version !== versions.get(id))
    const failing = await failingOf(source, changed, filter)
    const page = points.filter((point) => !failing.has(point))
    if (page.length > 0) return byKey(model, page)
    after = run.keys[start + ids.length - 1]
  }
}

/** Those that do not pass the filter any more. */
async function failingOf(
  { collection, selection }: Source,
  points: readonly Point[],
  filter: Filter | undefined,
): Promise<ReadonlySet<Point>> {
  if (points.length === 0 || filter === undefined) return new Set()
  const ids = points.map(({ id }) => id)
  const must = [{ kind: 'has-id', ids } as const, ...(filter.must ?? [])]
  const { points: found } = await collection.scroll({ ...selection, filter: { must }, limit: allRows })
  const versions = new Set(found.map(({ id, version }) => `${id} ${version}`))
  return new Set(points.filter(({ id, version }) => !versions.has(`${id} ${version}`)))
}

async function findRun(source: Source, range: KeyRange, count: number): Promise<KeyRun> {
  if (hasTextKeys(source.model)) return findTexts(source, range, count)
  const points = await readNumbers({ ...source, reads: {} }, range, count)
  // Those of several partitions once.
  const found = points.filter(({ id }, at) => id !== points[at - 1]?.id)
  const ids = found.map(({ id }) => id)
  const keys = ids.map((id) => keyOf(source.model, id, () => ({})))
  const versions = found.map(({ version }) => version)
  return { after: range.after, keys, ids, versions, isLast: points.length < count }
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

interface Found {
  readonly id: PointId
  readonly version: number
}

/** The rows with the smallest keys: no more than twice as many are kept at a time. */
async function findTexts(
  { collection, model, selection }: Source,
  { after, filter }: KeyRange,
  count: number,
): Promise<KeyRun> {
  const { points } = await collection.scroll({
    ...selection,
    ...filterOf(filter),
    limit: allRows,
    payload: !model.isForeign,
  })
  const read = textReader(model.primaryKey.name)
  let best: Keyed<Found>[] = []
  let bound: PrimaryKey | undefined
  const cut = (): void => {
    best = best.sort((a, b) => compareKeys(a.key, b.key)).slice(0, count)
    if (best.length === count) bound = best.at(-1)!.key
  }
  let previous: PointId | undefined
  for (const { id, version, payload } of points) {
    // Of another partition.
    if (id === previous) continue
    previous = id
    const key = (payload === undefined ? undefined : read(payload)) ?? String(id)
    if (after !== undefined && compareKeys(key, after) <= 0) continue
    if (bound !== undefined && compareKeys(key, bound) > 0) continue
    best.push({ key, value: { id, version } })
    if (best.length >= Math.max(count * 2, 1_000)) cut()
  }
  const isLast = bound === undefined && best.length < count
  cut()
  return {
    after,
    keys: best.map(({ key }) => key),
    ids: best.map(({ value }) => value.id),
    versions: best.map(({ value }) => value.version),
    isLast,
  }
}
