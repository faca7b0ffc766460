import {
  isDatabaseError,
  isMulti,
  isPayloadPath,
  isSparse,
  type Collection,
  type CollectionReader,
  type Condition,
  type Database,
  type PayloadIndexParams,
  type Point,
  type VectorInput,
  type VectorParams,
  type VectorValue,
} from '../../src/index.ts'

/** What is wrong with what was restored. */
export class Wrong extends Error {}

/** What a stranger's archive put into the store must be as good as what its own clients wrote. */
export async function examine(db: Database, collection: Collection): Promise<void> {
  const { config, pointCount, shardPointCounts } = collection.info()
  same('points of the shards', sum(shardPointCounts), pointCount)
  same('counted points', await collection.count(), pointCount)
  same('points that any filter takes', await collection.count({}), pointCount)
  const points = await allPoints(collection)
  same('points in scroll', points.length, pointCount)
  // The same id in two partitions is two points.
  const known = config.partitions === undefined ? points.slice(0, 30) : []
  for (const { id, payload } of known) {
    const [found] = await collection.get([id], { payload: true, vectors: true })
    same('payload', found?.payload?.text, payload!.text)
    payload!.value()
  }
  for (const [name, params] of Object.entries(config.vectors))
    await searchVector(collection, name, params, points)
  for (const [path, index] of Object.entries(config.payloadIndexes ?? {}))
    await searchPayload(collection, path, index)
  await collection.contentHash()
  collection.segmentReports()
  collection.storedSizes()
  // Whatever it is, it can be asked for.
  await db.createCollection('likewise', config)
  await db.dropCollection('likewise')
}

/** Points can be written over, and what is then kept can be read again. */
export async function useOn(db: Database, collection: Collection): Promise<void> {
  const points = await allPoints(collection)
  await collection.upsert(
    points.slice(0, 8).map(({ id, payload, vectors }) => ({
      id,
      payload: payload!,
      vectors: Object.fromEntries(Object.entries(vectors!).map(([name, value]) => [name, inputOf(value)])),
    })),
  )
  const isParted = collection.info().config.partitions !== undefined
  if (!isParted) same('points after an upsert', collection.info().pointCount, points.length)
  if (points.length > 1 && !isParted) {
    await collection.delete({ ids: [points[0]!.id] })
    same('points after a delete', collection.info().pointCount, points.length - 1)
    await collection.setPayload({ ids: [points[1]!.id] }, { written: true })
  }
  await db.flush()
  await allPoints(collection)
}

export async function allPoints(reader: CollectionReader): Promise<Point[]> {
  const points: Point[] = []
  let offset: Point['id'] | undefined
  do {
    const page = await reader.scroll({
      limit: 50,
      payload: true,
      vectors: true,
      ...(offset !== undefined && { offset }),
    })
    points.push(...page.points)
    if (points.length > 10_000) throw new Wrong('scroll finds no end')
    offset = page.next
  } while (offset !== undefined)
  return points
}

function inputOf(value: VectorValue): VectorInput {
  return value
}

async function searchVector(
  collection: CollectionReader,
  name: string,
  params: VectorParams,
  points: readonly Point[],
): Promise<void> {
  const having = points.filter(({ vectors }) => vectors![name] !== undefined)
  same(
    `points with vector "${name}"`,
    await collection.count({ must: [{ kind: 'has-vector', name }] }),
    having.length,
  )
  const areSmall = having.map(({ vectors }) => checkNumbers(name, vectors![name]!)).every(Boolean)
  const example = having[0]
  const to = example === undefined ? anyVector(params) : inputOf(example.vectors![name]!)
  const hits = await collection.query({ vector: to, using: name, limit: 20, payload: true, vectors: true })
  if (params.kind !== 'sparse') same(`hits of vector "${name}"`, hits.length, Math.min(20, having.length))
  // Among numbers whose squares are no finite float32, a score may be the difference of two infinite ones.
  if (areSmall && hits.some(({ score }) => Number.isNaN(score)))
    throw new Wrong(`a score of vector "${name}" is no number`)
  await collection.queryGroups({ vector: to, using: name, groupBy: 'city', limit: 3 })
  if (example === undefined) return
  await collection.query({
    query: { kind: 'recommend', positive: [{ id: example.id, vector: name }] },
    using: name,
  })
  if (params.kind === undefined || params.kind === 'dense')
    await collection.distanceMatrix({ using: name, sample: 5 })
}

/** Whether its scores must be numbers, too. */
function checkNumbers(name: string, vector: VectorValue): boolean {
  const values = isSparse(vector) || isMulti(vector) ? vector.values : vector
  if (values.some(Number.isNaN)) throw new Wrong(`vector "${name}" has a component that is no number`)
  return values.every((value) => Math.abs(value) < 1e18)
}

function anyVector({ kind, size }: VectorParams): VectorInput {
  const one = new Float32Array(size).fill(0.5)
  if (kind === 'sparse') return { indices: [1], values: [1] }
  return kind === 'multi' ? [one] : one
}

async function searchPayload(
  collection: CollectionReader,
  path: string,
  index: PayloadIndexParams,
): Promise<void> {
  // No filter can name it, and no client could have it made through a door.
  if (!isPayloadPath(path)) return
  const conditions: Condition[] = [
    { kind: 'is-empty', path },
    { kind: 'is-null', path },
    { kind: 'field', path, match: { value: 'Rome' } },
    { kind: 'field', path, match: { any: [1, 2, 3] } },
    { kind: 'field', path, match: { text: 'quick fox' } },
    { kind: 'field', path, range: { gte: 2, lt: 6 } },
    { kind: 'field', path, datetimeRange: { gte: '2024-01-03T00:00:00Z' } },
    { kind: 'field', path, geoRadius: { center: { lon: 3, lat: -3 }, radius: 1e6 } },
    { kind: 'field', path, valuesCount: { gte: 1 } },
  ]
  for (const condition of conditions) {
    const [passing, others] = await Promise.all([
      collection.count({ must: [condition] }),
      collection.count({ mustNot: [condition] }),
    ])
    same(`points by ${JSON.stringify(condition)}`, passing + others, collection.info().pointCount)
  }
  if (!['integer', 'float', 'datetime'].includes(index.type)) return
  try {
    await collection.scroll({ limit: 100, orderBy: { path } })
  } catch (error) {
    // An index of integers that answers no ranges has no order.
    if (!(index.range === false && isDatabaseError(error))) throw error
  }
}

export function same(what: string, actual: unknown, expected: unknown): void {
  if (actual !== expected) throw new Wrong(`${what}: ${String(actual)}, and not ${String(expected)}`)
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0)
