import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  open,
  type Collection,
  type CollectionReader,
  type Database,
  type Distance,
  type PointInput,
  type VectorParams,
} from '../index.ts'
import { seededRandom, type Random } from '../runtime/random.ts'

const seed = 20_261_121
const distances = ['Cosine', 'Dot', 'Euclid', 'Manhattan', 'Jaccard'] as const
const isDescending = (distance: Distance): boolean => distance === 'Cosine' || distance === 'Dot'

let folder: string
let db: Database

const reopen = (): Promise<Database> => open(folder, { workers: 0, background: false, flushOnClose: false })

async function restart(): Promise<Collection> {
  await db.close()
  db = await reopen()
  return db.getCollection('c')
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stillpoint-distances-'))
  db = await reopen()
})

afterEach(async () => {
  await db.close()
  await rm(folder, { recursive: true })
})

type Vectors = ReadonlyMap<number, Float32Array>

/** Small whole numbers, some of them all zeros: sums are exact in any order. */
function randomVectors(random: Random, count: number, size: number): Vectors {
  const vector = (id: number): Float32Array =>
    Float32Array.from({ length: size }, () => (id % 9 === 0 ? 0 : Math.floor(random.next() * 7) - 3))
  return new Map(Array.from({ length: count }, (_, id) => [id, vector(id)]))
}

function bits(random: Random, size: number): Float32Array {
  return Float32Array.from({ length: size }, () => Number(random.next() < 0.4))
}

function pointsOf(vectors: Vectors): PointInput[] {
  return [...vectors].map(([id, v]) => ({ id, vectors: { v } }))
}

/** The formulas as they are written down, in double precision. */
function modelScore(distance: Distance, a: Float32Array, b: Float32Array): number {
  const sum = (term: (x: number, y: number) => number): number =>
    a.reduce((total, x, i) => total + term(x, b[i]!), 0)
  const [dot, first, second] = [sum((x, y) => x * y), sum((x) => x * x), sum((_, y) => y * y)]
  switch (distance) {
    case 'Cosine':
      return first === 0 || second === 0 ? 0 : dot / (Math.sqrt(first) * Math.sqrt(second))
    case 'Dot':
      return dot
    case 'Euclid':
      return Math.sqrt(sum((x, y) => (x - y) ** 2))
    case 'Manhattan':
      return sum((x, y) => Math.abs(x - y))
    case 'Jaccard':
      return first + second === 0 ? 0 : 1 - dot / (first + second - dot)
  }
}

interface Scored {
  readonly id: number
  readonly score: number
}

/** Every point has the score of the model, and they come in the order of their scores, equal ones by id. */
function expectRanked(
  hits: readonly { readonly id: unknown; readonly score: number }[],
  vectors: Vectors,
  query: Float32Array,
  distance: Distance,
  limit = vectors.size,
): void {
  const found = hits as readonly Scored[]
  const context = `seed ${seed}, ${distance}, ${query.length} dimensions`
  const sign = isDescending(distance) ? -1 : 1
  for (const { id, score } of found) {
    expect(Math.abs(score - modelScore(distance, vectors.get(id)!, query)), context).toBeLessThan(1e-5)
  }
  for (let i = 1; i < found.length; i++) {
    const [before, after] = [found[i - 1]!, found[i]!]
    expect(sign * (after.score - before.score) || after.id - before.id, context).toBeGreaterThan(0)
  }
  const scores = [...vectors.values()].map((vector) => modelScore(distance, vector, query))
  scores.sort((a, b) => sign * (a - b))
  expect(found.length, context).toBe(Math.min(limit, vectors.size))
  found.forEach(({ score }, i) => {
    expect(Math.abs(score - scores[i]!), context).toBeLessThan(1e-5)
  })
}

async function expectDistance(
  reader: Pick<CollectionReader, 'query' | 'config' | 'distanceMatrix'>,
  vectors: Vectors,
  distance: Distance,
): Promise<void> {
  expect(reader.config().vectors['v']!.distance).toBe(distance)
  const query = vectors.get(1)!
  expectRanked(await reader.query({ using: 'v', vector: query, limit: 1_000 }), vectors, query, distance)
}

const kept = (params: Omit<VectorParams, 'keepsLength'>): VectorParams => ({ ...params, keepsLength: true })

describe.each([1, 3, 4, 17, 128])('%i dimensions', (size) => {
  test.each(distances)(
    `%s agrees with the plain formula, in memory and from files (seed ${seed})`,
    async (distance) => {
      const random = seededRandom(seed + size)
      const numbers = randomVectors(random, 150, size)
      const vectors =
        distance === 'Jaccard' ? new Map([...numbers.keys()].map((id) => [id, bits(random, size)])) : numbers
      const config = { vectors: { v: kept({ size, distance }) }, shardNumber: 2 }
      const collection = await db.createCollection('c', config)
      await collection.upsert(pointsOf(vectors))
      const queries = [vectors.get(7)!, vectors.get(9)!, bits(random, size)]
      const check = async (reader: CollectionReader): Promise<void> => {
        for (const query of queries) {
          for (const limit of [1, 10, 1_000]) {
            const hits = await reader.query({ using: 'v', vector: query, limit })
            expectRanked(hits, vectors, query, distance, limit)
          }
        }
        const stored = await reader.scroll({ limit: 1_000, vectors: true })
        expect(new Map(stored.points.map(({ id, vectors: own }) => [id, own!['v']]))).toEqual(vectors)
      }
      await check(collection)
      await db.flush()
      await check(await restart())
    },
  )
})

describe('the direction of scores', () => {
  const sets = new Map([
    [1, Float32Array.of(1, 1, 0, 0)],
    [2, Float32Array.of(1, 1, 1, 0)],
    [3, Float32Array.of(0, 0, 1, 1)],
    [4, Float32Array.of(0, 0, 0, 0)],
  ])
  const query = Float32Array.of(1, 1, 0, 0)

  test('of Jaccard, less is better: order, threshold, diversity, recommendation, matrix', async () => {
    const collection = await db.createCollection('c', { vectors: { v: { size: 4, distance: 'Jaccard' } } })
    await collection.upsert(pointsOf(sets))
    const ids = async (request: Parameters<Collection['query']>[0]): Promise<unknown[]> =>
      (await collection.query({ using: 'v', ...request })).map(({ id }) => id)
    expect(await ids({ vector: query })).toEqual([1, 2, 3, 4])
    expect(await ids({ vector: query, scoreThreshold: 0.9 })).toEqual([1, 2])
    expect(await ids({ query: { kind: 'nearest', to: query, diversity: { diversity: 0 } } })).toEqual([
      1, 2, 3, 4,
    ])
    expect(await ids({ query: { kind: 'recommend', positive: [{ id: 1 }] } })).toEqual([2, 3, 4])
    const best = { kind: 'recommend', positive: [{ id: 1 }], strategy: 'best-score' } as const
    expect(await ids({ query: best })).toEqual([2, 3, 4])
    const { ids: rows, neighbours } = await collection.distanceMatrix({ using: 'v', sample: 4, limit: 1 })
    expect(neighbours.map(([nearest]) => rows[nearest!.index])).toEqual([2, 1, 2, 1])
  })

  test('of Cosine with kept lengths, more is better, and an average is one of directions', async () => {
    const params = kept({ size: 2, distance: 'Cosine' })
    const collection = await db.createCollection('c', { vectors: { v: params } })
    const rows = { 1: [100, 0], 2: [0, 0.01], 3: [3, 3], 4: [7, 1], 5: [0, 0] }
    await collection.upsert(Object.entries(rows).map(([id, v]) => ({ id: Number(id), vectors: { v } })))
    const request = { using: 'v', vector: [5, 0], limit: 10 }
    expect((await collection.query(request)).map(({ id }) => id)).toEqual([1, 4, 3, 2, 5])
    const above = await collection.query({ ...request, scoreThreshold: 0.5 })
    expect(above.map(({ id }) => id)).toEqual([1, 4, 3])
    const recommend = { kind: 'recommend', positive: [{ id: 1 }, { id: 2 }] } as const
    const [first] = await collection.query({ using: 'v', query: recommend })
    expect(first!.id).toBe(3)
    expect(first!.score).toBeCloseTo(1, 6)
  })

  test('several vectors are compared by the same formulas', async () => {
    const random = seededRandom(seed)
    const vectors = {
      j: { kind: 'multi', size: 5, distance: 'Jaccard' },
      c: kept({ kind: 'multi', size: 5, distance: 'Cosine' }),
    } as const
    const collection = await db.createCollection('c', { vectors })
    const own = {
      j: [bits(random, 5), bits(random, 5)],
      c: [bits(random, 5), Float32Array.of(9, 1, 0, 2, 7)],
    }
    await collection.upsert([{ id: 1, vectors: own }])
    for (const [using, distance] of [
      ['j', 'Jaccard'],
      ['c', 'Cosine'],
    ] as const) {
      const to = [bits(random, 5), bits(random, 5), new Float32Array(5)]
      const [hit] = await collection.query({ using, vector: to })
      const best = isDescending(distance) ? Math.max : Math.min
      const expected = to.map((one) => best(...own[using].map((row) => modelScore(distance, row, one))))
      expect(hit!.score, `seed ${seed}, ${distance}`).toBeCloseTo(
        expected.reduce((a, b) => a + b),
        5,
      )
      await collection.setDistance(using, 'Manhattan')
      const [again] = await collection.query({ using, vector: to })
      const steps = to.map((one) => Math.min(...own[using].map((row) => modelScore('Manhattan', row, one))))
      expect(again!.score).toBeCloseTo(
        steps.reduce((a, b) => a + b),
        5,
      )
    }
  })
})

describe('another distance', () => {
  const random = seededRandom(seed)
  const vectors = randomVectors(random, 60, 6)

  async function create(distance: Distance = 'Euclid'): Promise<Collection> {
    const collection = await db.createCollection('c', {
      vectors: { v: kept({ size: 6, distance }) },
      shardNumber: 2,
    })
    await collection.upsert(pointsOf(vectors))
    return collection
  }

  test(`all distances one after the other: content, vectors and restarts (seed ${seed})`, async () => {
    let collection = await create()
    const hash = await collection.contentHash()
    for (const [index, distance] of [...distances, ...distances.toReversed()].entries()) {
      const settings = { step: index }
      await collection.setDistance('v', distance, { settings })
      expect(collection.config().settings).toEqual(settings)
      await expectDistance(collection, vectors, distance)
      // From the log alone; and from a checkpoint, with and without a log behind it.
      if (index % 3 === 1) await db.flush()
      if (index % 2 === 0) collection = await restart()
      await expectDistance(collection, vectors, distance)
      expect(await collection.contentHash()).toBe(hash)
    }
  })

  test('snapshots and moments keep theirs; clone and rollback bring it back', async () => {
    await db.setRetention({ windowMs: 3_600_000 })
    let collection = await create()
    const snapshot = await collection.createSnapshot({ name: 'before' })
    const then = db.stats().appliedSeq
    await collection.setDistance('v', 'Cosine')
    await collection.upsert([{ id: 100, vectors: { v: [1, 2, 3, 4, 5, 6] } }])
    const more = new Map([...vectors, [100, Float32Array.of(1, 2, 3, 4, 5, 6)]])
    const check = async (): Promise<void> => {
      await expectDistance(collection, more, 'Cosine')
      for (const reference of ['c@before', `c@seq:${then}`]) {
        await using reader = await db.openReader(reference)
        await expectDistance(reader, vectors, 'Euclid')
      }
    }
    await check()
    await db.flush()
    await check()
    collection = await restart()
    await check()
    await expectDistance(await db.clone('c@before', 'copy'), vectors, 'Euclid')
    const undo = await collection.rollback(collection.getSnapshot('before'))
    await expectDistance(collection, vectors, 'Euclid')
    await collection.setDistance('v', 'Dot')
    collection = await restart()
    await collection.rollback(collection.getSnapshot(undo.info().name))
    await expectDistance(collection, more, 'Cosine')
    expect(snapshot.info().name).toBe('before')
  })

  test('a shard that is brought back takes the distance of its collection', async () => {
    const collection = await create()
    const snapshot = await collection.shard(0).createSnapshot({ name: 'part' })
    await collection.setDistance('v', 'Cosine')
    await collection.delete({ ids: [...vectors.keys()].filter((id) => id % 2 === 0) })
    await collection.shard(0).restore(snapshot)
    const stays = (await collection.scroll({ limit: 1_000 })).points.map(({ id }) => Number(id))
    expect(stays.length).toBeLessThan(vectors.size)
    await expectDistance(collection, new Map(stays.map((id) => [id, vectors.get(id)!])), 'Cosine')
  })

  test('a vector that was not declared to keep its length has it anyway, unless it was Cosine', async () => {
    const shape = { size: 6, distance: 'Dot' } as const
    const collection = await db.createCollection('c', { vectors: { v: shape } })
    await collection.upsert(pointsOf(vectors))
    await collection.setDistance('v', 'Cosine')
    expect(collection.config().vectors['v']).toEqual({ size: 6, distance: 'Cosine', keepsLength: true })
    await expectDistance(collection, vectors, 'Cosine')
    await collection.setDistance('v', 'Dot')
    expect(collection.config().vectors['v']).toEqual(shape)
    await expectDistance(collection, vectors, 'Dot')
  })

  test('is refused where lengths are gone, of sparse vectors, and where it is none', async () => {
    const config = {
      vectors: {
        v: { size: 2, distance: 'Cosine' },
        s: { kind: 'sparse', size: 0, distance: 'Dot' },
        e: { size: 2, distance: 'Euclid' },
      },
    } as const
    const collection = await db.createCollection('c', config)
    const before = collection.config()
    const refused = { code: 'request-invalid' }
    await expect(collection.setDistance('v', 'Dot')).rejects.toMatchObject(refused)
    await expect(collection.setDistance('v', 'Dot')).rejects.toThrow('stored at length one')
    await expect(collection.setDistance('s', 'Cosine')).rejects.toThrow('sparse vectors have only Dot')
    await expect(collection.setDistance('e', 'Hamming' as Distance)).rejects.toMatchObject(refused)
    await expect(collection.setDistance('x', 'Dot')).rejects.toMatchObject({ code: 'vector-unknown' })
    await collection.setDistance('v', 'Cosine')
    expect(collection.config()).toEqual(before)
  })

  test('archives carry it, and replace only a collection that has it', async () => {
    const collection = await create('Jaccard')
    const snapshot = await collection.createSnapshot({ name: 's' })
    const restore = async (into: string, replace: boolean): Promise<Collection> =>
      db.restoreArchive((await snapshot.archive()).stream(), { into, replace })
    const copy = await restore('copy', false)
    await expectDistance(copy, vectors, 'Jaccard')
    expect(copy.config().vectors['v']).toEqual({ size: 6, distance: 'Jaccard', keepsLength: true })
    await collection.setDistance('v', 'Cosine')
    await expect(restore('c', true)).rejects.toMatchObject({ code: 'snapshot-incompatible' })
  })
})

test('a drill finds points by their own vectors, whatever the distance', async () => {
  const random = seededRandom(seed)
  const names = distances.map((distance) => [distance, kept({ size: 5, distance })] as const)
  const collection = await db.createCollection('c', { vectors: Object.fromEntries(names) })
  await collection.upsert(
    Array.from({ length: 40 }, (_, id) => ({
      id,
      vectors: Object.fromEntries(distances.map((distance) => [distance, bits(random, 5)])),
    })),
  )
  const snapshot = await collection.createSnapshot({ name: 's' })
  const report = await snapshot.drill({ searches: 60 })
  expect(report, `seed ${seed}`).toMatchObject({ ok: true, problems: [] })
})

test('of many that are equally near those with the smallest ids are found, however many are asked for', async () => {
  const collection = await db.createCollection('c', { vectors: { '': { size: 2, distance: 'Dot' } } })
  const random = seededRandom(seed)
  const ids = Array.from({ length: 9_000 }, (_, id) => id)
  for (let i = ids.length - 1; i > 0; i--) {
    const other = Math.floor(random.next() * (i + 1))
    ;[ids[i], ids[other]] = [ids[other]!, ids[i]!]
  }
  // A third is equal. For the largest of the counts every row is compared once more, otherwise only more are asked for.
  await collection.upsert(ids.map((id) => ({ id, vectors: { '': id % 3 === 0 ? [1, 0] : [-id, 1] } })))
  await db.flush()
  for (const count of [1, 7, 100, 2_500]) {
    const found = await collection.query({ vector: [1, 0], limit: count })
    expect(
      found.map(({ id }) => id),
      `seed ${seed}`,
    ).toEqual(Array.from({ length: count }, (_, i) => i * 3))
  }
})
