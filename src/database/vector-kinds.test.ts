import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import {
  isMulti,
  isSparse,
  open,
  plainVector,
  type Collection,
  type Database,
  type PointInput,
} from '../index.ts'
import { seededRandom } from '../runtime/random.ts'

let folder: string
let db: Database

const reopen = (): Promise<Database> => open(folder, { workers: 0, background: false, flushOnClose: false })

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stillpoint-kinds-'))
  db = await reopen()
})

afterEach(async () => {
  await db.close()
  await rm(folder, { recursive: true })
})

const config = {
  shardNumber: 2,
  vectors: {
    '': { size: 2, distance: 'Cosine' },
    half: { size: 2, distance: 'Dot', datatype: 'float16' },
    byte: { size: 2, distance: 'Cosine', datatype: 'uint8' },
    words: { kind: 'sparse', size: 0, distance: 'Dot' },
    rare: { kind: 'sparse', size: 0, distance: 'Dot', modifier: 'idf' },
    tokens: { kind: 'multi', size: 3, distance: 'Dot' },
    far: { kind: 'multi', size: 2, distance: 'Euclid' },
  },
} as const

async function all(collection: Pick<Collection, 'scroll'>): Promise<unknown> {
  const { points } = await collection.scroll({ limit: 1_000, vectors: true, payload: true })
  return points.map(({ id, payload, vectors }) => ({
    id,
    payload: payload!.value(),
    vectors: Object.fromEntries(
      Object.entries(vectors!).map(([name, vector]) => [name, plainVector(vector)]),
    ),
  }))
}

const seed = 20_261_121

function randomPoints(count: number): PointInput[] {
  const random = seededRandom(seed)
  const number = (): number => Math.fround(random.next() * 4 - 2)
  const list = (length: number): number[] => Array.from({ length }, number)
  return Array.from({ length: count }, (_, id) => {
    const indices = Array.from({ length: 12 }, (__, i) => i).filter(() => random.next() < 0.3)
    return {
      id,
      payload: { n: id % 3 },
      vectors: {
        ...(id % 5 === 0 ? {} : { words: { indices: [...indices].reverse(), values: list(indices.length) } }),
        rare: { indices, values: indices.map(() => 1) },
        tokens: Array.from({ length: 1 + (id % 4) }, () => list(3)),
        ...(id % 2 === 0 ? { far: [list(2)] } : {}),
      },
    }
  })
}

test('values are kept as their type and kind say', async () => {
  const collection = await db.createCollection('c', config)
  await collection.upsert([
    {
      id: 1,
      vectors: {
        '': [3, 4],
        half: [0.1, 70_000],
        byte: [254.6, -5],
        words: { indices: [9, 2 ** 32 - 1, 3], values: [0.1, 1, -2.5] },
        rare: { indices: [], values: [] },
        tokens: [
          [1, 2, 3],
          [4, 5, 6],
        ],
        far: [7, 8],
      },
    },
  ])
  const expected = {
    '': [Math.fround(0.6), Math.fround(0.8)],
    half: [0.0999755859375, Infinity],
    byte: [254, 0],
    words: { indices: [3, 9, 2 ** 32 - 1], values: [-2.5, Math.fround(0.1), 1] },
    rare: { indices: [], values: [] },
    tokens: [
      [1, 2, 3],
      [4, 5, 6],
    ],
    far: [[7, 8]],
  }
  expect(await all(collection)).toEqual([{ id: 1, payload: {}, vectors: expected }])
  await db.close()
  db = await reopen()
  expect(await all(db.getCollection('c'))).toEqual([{ id: 1, payload: {}, vectors: expected }])
})

const mistakes: readonly (readonly [string, PointInput['vectors'], string])[] = [
  ['numbers for a sparse vector', { words: [1, 2] }, 'it is sparse'],
  ['a sparse vector for a dense one', { '': { indices: [1], values: [1] } }, 'it is dense'],
  ['several vectors for a dense one', { '': [[1, 2]] }, 'it is dense'],
  ['an index twice', { words: { indices: [4, 4], values: [1, 2] } }, 'index 4 twice'],
  ['an index that is too large', { words: { indices: [2 ** 32], values: [1] } }, '4294967296 is no index'],
  ['more values than indices', { words: { indices: [1], values: [1, 2] } }, '1 indices and 2 values'],
  ['a value that is none', { words: { indices: [1], values: [Number.NaN] } }, 'component 0'],
  ['no vectors at all', { tokens: [] }, 'has 3'],
  [
    'another size in the second vector',
    {
      tokens: [
        [1, 2, 3],
        [1, 2],
      ],
    },
    '2 dimensions',
  ],
]

test.each(mistakes)('%s is refused, and nothing is written', async (_name, vectors, text) => {
  const collection = await db.createCollection('c', config)
  await expect(collection.upsert([{ id: 1 }, { id: 2, vectors: vectors! }])).rejects.toThrow(text)
  expect(await collection.count()).toBe(0)
})

test(`all kinds survive flush, merge, restart, snapshot, clone, rollback, archive and partial restore (seed ${seed})`, async () => {
  const collection = await db.createCollection('c', config)
  const points = randomPoints(200)
  for (let i = 0; i < 200; i += 40) {
    await collection.upsert(points.slice(i, i + 40))
    await db.flush()
  }
  await collection.delete({ ids: [3, 4] })
  await collection.updateVectors([{ id: 5, vectors: { words: { indices: [1], values: [2] } } }])
  await collection.deleteVectors({ ids: [6] }, ['tokens'])
  const before = await all(collection)
  const hash = await collection.contentHash()
  const snapshot = await collection.createSnapshot({ name: 's' })
  await collection.upsert(randomPoints(30).map((point) => ({ ...point, vectors: {} })))
  await db.flush()
  await db.optimize()
  const clone = await db.clone('c@s', 'clone')
  expect(await all(clone)).toEqual(before)
  expect(await clone.contentHash()).toBe(hash)
  const part = await db.restorePartial('c@s', { as: 'part', vectors: ['words', 'tokens'], shardNumber: 3 })
  expect(await part.count()).toBe(198)
  await collection.rollback(snapshot)
  expect(await all(collection)).toEqual(before)
  const restored = await db.restoreArchive((await snapshot.archive()).stream(), { into: 'restored' })
  expect(await restored.contentHash()).toBe(hash)
  await db.close()
  db = await reopen()
  for (const name of ['c', 'clone', 'restored']) {
    expect(await db.getCollection(name).contentHash(), name).toBe(hash)
    expect(await all(db.getCollection(name)), name).toEqual(before)
  }
  const { ok, problems } = await db.getCollection('c').getSnapshot('s').verify()
  expect([ok, problems]).toEqual([true, []])
})

test('searches give what plain arithmetic gives, in memory and from files', async () => {
  const collection = await db.createCollection('c', config)
  const points = randomPoints(120)
  await collection.upsert(points.slice(0, 60))
  await db.flush()
  await collection.upsert(points.slice(60))
  await collection.delete({ ids: [7, 8] })
  const alive = points.filter(({ id }) => id !== 7 && id !== 8)
  const sparseQuery = { indices: [5, 0, 11, 99], values: [1.5, -1, 0.25, 3] }
  const dot = (given: unknown): number | undefined => {
    const { indices, values } = given as { indices: number[]; values: number[] }
    const places = indices.map((index) => sparseQuery.indices.indexOf(index))
    if (places.every((place) => place < 0)) return undefined
    return places.reduce(
      (sum, place, i) => sum + (place < 0 ? 0 : sparseQuery.values[place]! * values[i]!),
      0,
    )
  }
  const expected = alive
    .flatMap(({ id, vectors }) => {
      const score = vectors!['words'] === undefined ? undefined : dot(vectors!['words'])
      return score === undefined ? [] : [{ id, score }]
    })
    .sort((a, b) => b.score - a.score)
  const hits = await collection.query({ using: 'words', vector: sparseQuery, limit: 1_000 })
  expect(hits.map(({ id }) => id).sort()).toEqual(expected.map(({ id }) => id).sort())
  hits.forEach(({ score }, i) => expect(score).toBeCloseTo(expected[i]!.score, 4))

  const query = [
    [1, 0.5, -1],
    [0, 2, 0],
  ]
  const best = (vectors: number[][]): number =>
    query.reduce(
      (sum, a) => sum + Math.max(...vectors.map((b) => a.reduce((s, x, i) => s + x * b[i]!, 0))),
      0,
    )
  const found = await collection.query({
    using: 'tokens',
    vector: query,
    limit: 5,
    filter: { must: [{ kind: 'field', path: 'n', match: { value: 1 } }] },
  })
  const wanted = alive
    .filter(({ id }) => Number(id) % 3 === 1)
    .map(({ id, vectors }) => ({ id, score: best(vectors!['tokens'] as number[][]) }))
    .sort((a, b) => b.score - a.score)
    .slice(0, 5)
  expect(found.map(({ id }) => id)).toEqual(wanted.map(({ id }) => id))
  found.forEach(({ score }, i) => expect(score).toBeCloseTo(wanted[i]!.score, 4))
})

test('the rarer an index, the more it counts, where the vector says idf', async () => {
  const collection = await db.createCollection('c', config)
  await collection.upsert(
    [1, 2, 3, 4, 5, 6, 7, 8].map((id) => ({ id, vectors: { rare: { indices: [0, id], values: [1, 1] } } })),
  )
  const ask = (index: number) =>
    collection.query({ using: 'rare', vector: { indices: [index], values: [1] } })
  const idf = (df: number, n: number): number => Math.log(1 + (n - df + 0.5) / (df + 0.5))
  expect((await ask(0))[0]!.score).toBeCloseTo(idf(8, 8), 5)
  expect((await ask(3))[0]!.score).toBeCloseTo(idf(1, 8), 5)
  await collection.delete({ ids: [3, 4] })
  expect((await ask(0))[0]!.score).toBeCloseTo(idf(6, 6), 5)
  await collection.updateSettings({}, {}, { rare: null })
  expect((await ask(0))[0]!.score).toBe(1)
})

test('a vector that was dropped does not come back with one of the same name; snapshots keep it', async () => {
  const collection = await db.createCollection('c', { vectors: { a: { size: 1, distance: 'Dot' } } })
  await collection.upsert([1, 2].map((id) => ({ id, vectors: { a: [id] } })))
  await db.flush()
  await collection.upsert([{ id: 3, vectors: { a: [3] } }])
  await collection.createSnapshot({ name: 's' })
  await collection.dropVector('a')
  expect(await all(collection)).toEqual([1, 2, 3].map((id) => ({ id, payload: {}, vectors: {} })))
  await collection.addVector('a', { size: 2, distance: 'Dot' })
  await expect(collection.addVector('a', { size: 2, distance: 'Dot' })).rejects.toMatchObject({
    code: 'vector-exists',
  })
  await expect(collection.dropVector('b')).rejects.toMatchObject({ code: 'vector-unknown' })
  await collection.upsert([{ id: 3, vectors: { a: [3, 3] } }])
  const state = [1, 2, 3].map((id) => ({ id, payload: {}, vectors: id === 3 ? { a: [3, 3] } : {} }))
  const old = [1, 2, 3].map((id) => ({ id, payload: {}, vectors: { a: [id] } }))
  const check = async (): Promise<void> => {
    expect(await all(db.getCollection('c'))).toEqual(state)
    expect(await db.getCollection('c').count({ must: [{ kind: 'has-vector', name: 'a' }] })).toBe(1)
    expect((await db.getCollection('c').query({ using: 'a', vector: [1, 1] })).map(({ id }) => id)).toEqual([
      3,
    ])
    await using past = await db.openReader('c@s')
    expect(await all(past)).toEqual(old)
    expect((await past.query({ using: 'a', vector: [1], limit: 1 }))[0]!.id).toBe(3)
    await using diff = await db.diff('c@s', 'c')
    expect(diff.counts).toEqual({ added: 0, removed: 0, changed: 3, unchanged: 0 })
  }
  await check()
  await db.flush()
  await check()
  await db.close()
  db = await reopen()
  await check()
  await db.optimize()
  await check()
  await db.getCollection('c').rollback(db.getCollection('c').getSnapshot('s'))
  expect(await all(db.getCollection('c'))).toEqual(old)
})

test('what is read can be written back', async () => {
  const collection = await db.createCollection('c', config)
  await collection.upsert(randomPoints(20))
  const { points } = await collection.scroll({ limit: 20, vectors: true })
  expect(points.some(({ vectors }) => Object.values(vectors!).some((vector) => isSparse(vector)))).toBe(true)
  expect(points.some(({ vectors }) => Object.values(vectors!).some((vector) => isMulti(vector)))).toBe(true)
  const copy = await db.createCollection('copy', config)
  await copy.upsert(
    points.map(({ id, vectors }) => ({ id, vectors: vectors!, payload: { n: Number(id) % 3 } })),
  )
  expect(await all(copy)).toEqual(await all(collection))
})

test('an archive from before a sparse vector replaces the collection, which keeps the vector', async () => {
  const { rare: _, ...vectors } = config.vectors
  const collection = await db.createCollection('c', { ...config, vectors })
  const points = randomPoints(20).map(({ vectors: own, ...point }) => {
    const { rare: __, ...others } = own as Record<string, never>
    return { ...point, vectors: others }
  })
  await collection.upsert(points)
  const before = await all(collection)
  const old = await collection.createSnapshot({ name: 'old' })
  await collection.addVector('rare', config.vectors.rare)
  await collection.upsert(randomPoints(40))
  const whole = await all(collection)
  await collection.createSnapshot({ name: 'full' })
  const restore = async (snapshot: typeof old, into: string): Promise<void> =>
    void (await db.restoreArchive((await snapshot.archive()).stream(), { into, replace: true }))
  await restore(old, 'c')
  expect(await all(collection)).toEqual(before)
  expect(Object.keys(collection.info().config.vectors).sort()).toEqual(Object.keys(config.vectors).sort())
  await collection.upsert([{ id: 1, vectors: { rare: { indices: [3], values: [2] } } }])
  for (const reopened of [false, true]) {
    if (reopened) {
      await db.close()
      db = await reopen()
    }
    const query = { using: 'rare', vector: { indices: [3], values: [1] } }
    const hits = await db.getCollection('c').query(query)
    expect(hits.map(({ id }) => id)).toEqual([1])
  }

  const narrow = await db.createCollection('narrow', { ...config, vectors })
  const again = db.getCollection('c').getSnapshot('full')
  await restore(again, 'narrow')
  expect(await all(narrow)).toEqual(whole)
  const dense = await db.createCollection('dense', {
    ...config,
    vectors: { ...vectors, rare: { size: 2, distance: 'Dot' } },
  })
  await expect(restore(again, 'dense')).rejects.toMatchObject({ code: 'snapshot-incompatible' })
  expect(await dense.count()).toBe(0)
})
