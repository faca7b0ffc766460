import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { CollectionReader } from '../collection/reader.ts'
import type { QueryRequest } from '../collection/querying/query-types.ts'
import type { Filter } from '../query/filter.ts'
import { seededRandom } from '../runtime/random.ts'
import type { Collection } from './collection-handle.ts'
import type { Database } from './database.ts'
import { open } from './open.ts'

// The model: a Map of what is there, and every distance. A segment of so many rows is searched through its graph.
const seed = 71_993
const context = `seed ${seed}`
const random = seededRandom(seed)
const dimensions = 8
const pointCount = 14_000
const limit = 10

interface Held {
  readonly vector: Float32Array
  readonly kind: number
}

const model = new Map<number, Held>()
let folder: string
let db: Database
let collection: Collection

const vector = (): Float32Array => Float32Array.from({ length: dimensions }, () => random.next())

async function put(ids: readonly number[]): Promise<void> {
  const points = ids.map((id) => {
    const held = { vector: vector(), kind: Math.floor(random.next() * 1_000) }
    model.set(id, held)
    return { id, vectors: { '': held.vector }, payload: { kind: held.kind } }
  })
  for (let at = 0; at < points.length; at += 2_000) await collection.upsert(points.slice(at, at + 2_000))
}

const someIds = (count: number): number[] =>
  Array.from({ length: count }, () => Math.floor(random.next() * pointCount))

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stillpoint-graph-search-'))
  db = await open(folder, { background: false, workers: 0, graphThreads: 0 })
  collection = await db.createCollection('c', {
    vectors: { '': { size: dimensions, distance: 'Euclid', graph: { m: 12, efConstruct: 80, minBytes: 0 } } },
    payloadIndexes: { kind: { type: 'integer' } },
  })
  await put(Array.from({ length: pointCount }, (_, id) => id))
  await db.flush()
  await db.optimize()
  expect(collection.info().indexedVectorCounts['']).toBe(pointCount)
  // Rows of the graph that are replaced or gone, and newer ones in a memtable.
  await put(someIds(600))
  const gone = someIds(900)
  await collection.delete({ ids: gone })
  for (const id of gone) model.delete(id)
}, 60_000)

afterAll(async () => {
  await db.close()
  await rm(folder, { recursive: true })
})

function nearest(query: Float32Array, passes: (held: Held) => boolean): number[] {
  const found = [...model].filter(([, held]) => passes(held))
  const scored = found.map(([id, held]) => {
    let sum = 0
    for (let i = 0; i < dimensions; i++) sum += (held.vector[i]! - query[i]!) ** 2
    return { id, sum }
  })
  return scored
    .sort((a, b) => a.sum - b.sum)
    .slice(0, limit)
    .map(({ id }) => id)
}

async function idsOf(reader: CollectionReader, request: QueryRequest): Promise<number[]> {
  return (await reader.query({ limit, ...request })).map(({ id }) => id as number)
}

const filterBelow = (bound: number): Filter => ({
  must: [{ kind: 'field', path: 'kind', range: { lt: bound } }],
})

test.each([1_000, 900, 500, 250, 100, 30, 5, 0])('of 1,000 kinds those below %i', async (bound) => {
  let [found, wanted] = [0, 0]
  for (let round = 0; round < 25; round++) {
    const query = vector()
    const request = { vector: query, ...(bound === 1_000 ? {} : { filter: filterBelow(bound) }) }
    const truth = nearest(query, ({ kind }) => kind < bound)
    expect(await idsOf(collection, { ...request, effort: { exact: true } })).toEqual(truth)
    const ids = await idsOf(collection, request)
    expect(ids).toHaveLength(truth.length)
    expect(ids.every((id) => (model.get(id)?.kind ?? Infinity) < bound)).toBe(true)
    wanted += truth.length
    found += truth.filter((id) => ids.includes(id)).length
  }
  expect(found, context).toBeGreaterThanOrEqual(0.97 * wanted)
})

test('the graph is what is searched: a poor one finds less', async () => {
  const graph = { m: 2, efConstruct: 2, minBytes: 0 }
  const poor = await db.createCollection('poor', { vectors: { '': { size: 16, distance: 'Euclid', graph } } })
  const long = (): Float32Array => Float32Array.from({ length: 16 }, () => random.next())
  await poor.upsert(Array.from({ length: 3_000 }, (_, id) => ({ id, vectors: { '': long() } })))
  await db.flush()
  await db.optimize()
  expect(poor.info().indexedVectorCounts['']).toBe(3_000)
  let [found, all] = [0, 0]
  for (let round = 0; round < 30; round++) {
    const query = long()
    const truth = new Set(await idsOf(poor, { vector: query, effort: { exact: true } }))
    const ids = await idsOf(poor, { vector: query, effort: { ef: 1 } })
    found += ids.filter((id) => truth.has(id)).length
    all += truth.size
  }
  expect([found > 0, all], context).toEqual([true, 300])
  expect(found, context).toBeLessThan(250)
  await db.dropCollection('poor')
})

test('a clone answers as its parent does, and a snapshot as both did', async () => {
  await collection.createSnapshot({ name: 'then' })
  const clone = await db.clone('c', 'twin')
  const asked = Array.from({ length: 20 }, () => ({ vector: vector(), effort: { ef: 12 } }))
  const answers = await Promise.all(asked.map((request) => collection.query({ limit, ...request })))
  const scores = (hits: readonly { id: unknown; score: number }[]) => hits.map(({ id, score }) => [id, score])
  for (const [index, request] of asked.entries()) {
    expect(scores(await clone.query({ limit, ...request }))).toEqual(scores(answers[index]!))
  }
  await put(someIds(50))
  const reader = await db.openReader('c@then')
  try {
    for (const [index, request] of asked.entries()) {
      expect(scores(await reader.query({ limit, ...request }))).toEqual(scores(answers[index]!))
    }
  } finally {
    reader.close()
  }
})

test('searches that are under way when the database is closed end, one way or the other', async () => {
  const other = await mkdtemp(join(tmpdir(), 'stillpoint-graph-search-'))
  const second = await open(other, { background: false, workers: 0 })
  const few = await second.createCollection('c', { vectors: { '': { size: dimensions, distance: 'Dot' } } })
  await few.upsert(Array.from({ length: 6_000 }, (_, id) => ({ id, vectors: { '': vector() } })))
  const searches = Array.from({ length: 30 }, () => few.query({ vector: vector(), limit: 5_000 }))
  const ended = Promise.allSettled(searches)
  await second.close()
  for (const each of await ended) {
    if (each.status === 'rejected') expect(each.reason).toMatchObject({ code: 'database-closed' })
    else expect(each.value).toHaveLength(5_000)
  }
  await rm(other, { recursive: true })
})
