import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { open, type Collection, type Database, type Example, type Query } from '../../src/index.ts'
import { seededRandom, type Random } from '../../src/runtime/random.ts'
import { openQuietly } from '../support/crash-suite.ts'
import { QueryModel, toPrefetch, type ModelPoint, type ModelRequest } from '../support/query-model.ts'
import { SimulatedDisk } from '../support/simulated-disk.ts'

// Goal: nested queries, fusion, recommendations and groups are what their definitions say. Method: a collection with
// several shards and segments, replaced, deleted and vectorless points; random requests, compared with a model that
// looks at every point. Vectors are small whole numbers: scores are exact and ties are common.

const seed = Number(process.env['STILLPOINT_SEED'] ?? 7_100)
const requests = Number(process.env['STILLPOINT_REQUESTS'] ?? 250)
const dimensions = 3

describe.each(['Dot', 'Manhattan'] as const)(`queries by %s, seed ${seed}`, (distance) => {
  const random = seededRandom(seed)
  let db: Database
  let collection: Collection
  let model: QueryModel
  let points: readonly ModelPoint[]

  beforeAll(async () => {
    db = await openQuietly(open, new SimulatedDisk(), seed)
    collection = await db.createCollection('c', {
      vectors: { '': { size: dimensions, distance } },
      shardNumber: 3,
      payloadIndexes: { n: { type: 'integer' } },
    })
    points = await fill(collection, db, random)
    model = new QueryModel(points, distance)
  })

  afterAll(() => db.close())

  test('results are those of the model', async () => {
    for (let i = 0; i < requests; i++) {
      const request = anyRequest(random, points, 2)
      const said = `seed ${seed}, request ${i}: ${JSON.stringify(request)}`
      const offset = pick(random, 4) === 0 ? pick(random, 5) : 0
      const found = await collection.query({ ...toPrefetch(request), offset })
      const expected = model.run(request, request.limit + offset).slice(offset)
      expect(
        found.map(({ id }) => id),
        said,
      ).toEqual(expected.map(({ id }) => id))
      found.forEach(({ score }, place) => expect(score, said).toBeCloseTo(expected[place]!.score, 5))
    }
  })

  test('groups are those of the model', async () => {
    for (let i = 0; i < requests / 5; i++) {
      const query = anyVectorQuery(random, points)
      const request = { query, least: anyLeast(random), limit: 1 + pick(random, 5) }
      const groupSize = 1 + pick(random, 4)
      const said = `seed ${seed}, groups ${i} of ${groupSize}: ${JSON.stringify(request)}`
      const found = await collection.queryGroups({ ...toPrefetch(request), groupBy: 'tags', groupSize })
      const expected = model.groups(request, request.limit, groupSize)
      const shown = found.map(({ id, hits }) => [id, hits.map((hit) => hit.id)])
      expect(shown, said).toEqual([...expected].map(([id, hits]) => [id, hits.map((hit) => hit.id)]))
    }
  })

  test('groups of fused lists hold their own points, best first', async () => {
    for (let i = 0; i < requests / 10; i++) {
      const request = {
        query: { kind: 'fusion', fusion: { method: 'rrf' } },
        prefetch: [0, 1].map(() => ({ query: anyVectorQuery(random, points), limit: 1 + pick(random, 9) })),
        limit: 1 + pick(random, 5),
      } satisfies ModelRequest
      const groupSize = 1 + pick(random, 4)
      const said = `seed ${seed}, fused groups ${i}: ${JSON.stringify(request)}`
      const groups = await collection.queryGroups({ ...toPrefetch(request), groupBy: 'tags', groupSize })
      expect(groups.length, said).toBeLessThanOrEqual(request.limit)
      const best = groups.map(({ hits }) => hits[0]!.score)
      expect(best, said).toEqual([...best].sort((a, b) => b - a))
      for (const { id, hits } of groups) {
        expect(hits.length, said).toBeLessThanOrEqual(groupSize)
        expect(new Set(hits.map((hit) => hit.id)).size, said).toBe(hits.length)
        for (const hit of hits) expect(points.find((point) => point.id === hit.id)!.tags, said).toContain(id)
      }
    }
  })

  test('a distance matrix has the nearest of each point', async () => {
    const all = await collection.distanceMatrix({ sample: 1_000, limit: 4 })
    const present = points.filter(({ vector }) => vector !== undefined).sort((a, b) => a.id - b.id)
    expect(all.ids).toEqual(present.map(({ id }) => id))
    all.neighbours.forEach((row, i) => {
      const to: Query = { kind: 'nearest', to: { id: present[i]!.id } }
      const expected = model.run({ query: to, limit: 4 })
      expect(row.map(({ index }) => all.ids[index])).toEqual(expected.map(({ id }) => id))
    })
  })

  test('a sample holds each point once', async () => {
    const ids = points.map(({ id }) => id).sort((a, b) => a - b)
    const all = await collection.query({ query: { kind: 'sample' }, limit: 10_000 })
    expect(all.map(({ id }) => Number(id)).sort((a, b) => a - b)).toEqual(ids)
    const some = await collection.query({ query: { kind: 'sample' }, limit: 20 })
    expect(new Set(some.map(({ id }) => id)).size).toBe(20)
  })
})

async function fill(collection: Collection, db: Database, random: Random): Promise<ModelPoint[]> {
  const points = new Map<number, ModelPoint>()
  for (let round = 0; round < 4; round++) {
    const batch = Array.from({ length: 40 }, () => anyPoint(random))
    await collection.upsert(
      batch.map(({ id, vector, n, tags }) => ({
        id,
        ...(vector === undefined ? {} : { vectors: { '': vector } }),
        payload: { n, tags },
      })),
    )
    for (const point of batch) points.set(point.id, point)
    const gone = [...points.keys()].filter(() => random.next() < 0.1)
    await collection.delete({ ids: gone })
    for (const id of gone) points.delete(id)
    // The last rows stay in memory.
    if (round < 3) await db.flush()
  }
  return [...points.values()]
}

const pick = (random: Random, count: number): number => Math.floor(random.next() * count)
const anyVector = (random: Random): number[] => Array.from({ length: dimensions }, () => pick(random, 9) - 4)

function anyPoint(random: Random): ModelPoint {
  const tags = Array.from({ length: pick(random, 4) }, () => ['a', 'b', 'c', 1, 2, 3, 4][pick(random, 7)]!)
  const vector = random.next() < 0.1 ? undefined : anyVector(random)
  return { id: pick(random, 150), vector, n: pick(random, 10), tags }
}

function anyExample(random: Random, points: readonly ModelPoint[]): Example {
  const present = points.filter(({ vector }) => vector !== undefined)
  return random.next() < 0.5 ? anyVector(random) : { id: present[pick(random, present.length)]!.id }
}

const some = <T>(random: Random, least: number, most: number, make: () => T): T[] =>
  Array.from({ length: least + pick(random, most - least + 1) }, make)

const anyLeast = (random: Random): number | undefined => (random.next() < 0.4 ? pick(random, 8) : undefined)

function anyVectorQuery(random: Random, points: readonly ModelPoint[]): Query {
  const one = (): Example => anyExample(random, points)
  const pairs = (least: number) => some(random, least, 3, () => ({ positive: one(), negative: one() }))
  switch (pick(random, 5)) {
    case 0:
      return {
        kind: 'recommend',
        positive: [one()],
        negative: some(random, 0, 2, one),
        strategy: 'sum-scores',
      }
    case 1:
      return {
        kind: 'recommend',
        negative: some(random, 1, 3, one),
        positive: some(random, 0, 2, one),
        strategy: 'best-score',
      }
    case 2:
      return { kind: 'discover', target: one(), context: pairs(0) }
    case 3:
      return { kind: 'context', context: pairs(1) }
    default:
      return random.next() < 0.5
        ? { kind: 'nearest', to: one() }
        : // Two and two: means stay exact.
          { kind: 'recommend', positive: [one(), one()], negative: [one(), one()], strategy: 'average' }
  }
}

function anyRequest(random: Random, points: readonly ModelPoint[], depth: number): ModelRequest {
  const least = anyLeast(random)
  const limit = 1 + pick(random, 12)
  const common = { limit, ...(least === undefined ? {} : { least }) }
  if (depth === 0 || random.next() < 0.3) {
    if (random.next() < 0.1) return common
    const scoreThreshold = random.next() < 0.2 ? { scoreThreshold: pick(random, 11) - 5 } : {}
    return { ...common, ...scoreThreshold, query: anyVectorQuery(random, points) }
  }
  const prefetch = some(random, 1, 3, () => anyRequest(random, points, depth - 1))
  const weights = prefetch.map(() => pick(random, 4))
  switch (pick(random, 4)) {
    case 0:
      return {
        ...common,
        prefetch,
        query: { kind: 'fusion', fusion: { method: 'rrf', k: 1 + pick(random, 60) } },
      }
    case 1:
      return { ...common, prefetch, query: { kind: 'fusion', fusion: { method: 'rrf', weights } } }
    default:
      return { ...common, prefetch, query: anyVectorQuery(random, points) }
  }
}
