import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { CollectionConfig } from '../collection/types.ts'
import { vectorMemory } from '../graph/vector-memory.ts'
import { seededRandom } from '../runtime/random.ts'
import type { Collection } from './collection-handle.ts'
import type { Database } from './database.ts'
import { open, type OpenOptions } from './open.ts'

const small = { m: 8, efConstruct: 32, minBytes: 0 }
const config: CollectionConfig = { vectors: { '': { size: 8, distance: 'Euclid', graph: small } } }

describe('graphs of segments', () => {
  let folder: string
  let db: Database
  let bytesBefore: number

  beforeEach(async () => {
    bytesBefore = vectorMemory.stats().bytesInUse
    folder = await mkdtemp(join(tmpdir(), 'stillpoint-graphs-'))
    db = await openIt()
  })

  afterEach(async () => {
    await db.close()
    // Beyond what the first search takes for itself once.
    expect(vectorMemory.stats().bytesInUse, 'memory left behind').toBeLessThanOrEqual(bytesBefore + 65_536)
    await rm(folder, { recursive: true })
  })

  function openIt(options: OpenOptions = {}): Promise<Database> {
    return open(folder, { background: false, workers: 0, graphThreads: 0, ...options })
  }

  async function reopen(options: OpenOptions = {}): Promise<Collection> {
    await db.close()
    db = await openIt(options)
    return db.getCollection('c')
  }

  /** Points with the ids from `first` on, in a segment of their own. */
  async function addSegment(collection: Collection, first: number, count: number): Promise<void> {
    const random = seededRandom(first + 1)
    const vector = (): Float32Array => Float32Array.from({ length: 8 }, () => random.next())
    const points = Array.from({ length: count }, (_, i) => ({ id: first + i, vectors: { '': vector() } }))
    await collection.upsert(points)
    await db.flush()
  }

  const indexed = (collection: Collection): [number, boolean] => {
    const { indexedVectorCounts, isOptimizing } = collection.info()
    return [indexedVectorCounts['']!, isOptimizing]
  }

  async function linksFiles(): Promise<string[]> {
    const files = await readdir(join(folder, 'segments'), { recursive: true })
    return files.filter((file) => file.endsWith('.links'))
  }

  test('are built by the optimizer, and read at the next start instead of being built again', async () => {
    const collection = await db.createCollection('c', config)
    await addSegment(collection, 0, 500)
    await addSegment(collection, 500, 300)
    expect(indexed(collection)).toEqual([0, true])
    await db.optimize()
    expect(indexed(collection)).toEqual([800, false])
    const files = await linksFiles()
    expect(files).toHaveLength(2)
    const again = await reopen()
    expect(indexed(again)).toEqual([800, false])
    await db.collectGarbage()
    expect((await linksFiles()).sort()).toEqual(files.sort())
  })

  test('what is built in the background is known to the store at once', async () => {
    await db.close()
    db = await openIt({ background: true, flushOnClose: false, memtableBytesMax: 1 })
    const collection = await db.createCollection('c', config)
    const random = seededRandom(3)
    const vector = (): Float32Array => Float32Array.from({ length: 8 }, () => random.next())
    await collection.upsert(Array.from({ length: 500 }, (_, id) => ({ id, vectors: { '': vector() } })))
    expect(indexed(collection)).toEqual([0, true])
    await db.flush()
    await db.optimize()
    // The checkpoint that the graph has asked for is under way: this one waits for it, and has nothing left to do.
    await db.flush()
    const [file] = await linksFiles()
    await db.close()
    db = await openIt()
    expect(indexed(db.getCollection('c'))).toEqual([500, false])
    expect(await linksFiles()).toEqual([file])
  })

  test('a segment that is too small gets none, nor does a vector without links', async () => {
    const collection = await db.createCollection('c', {
      vectors: {
        '': { size: 8, distance: 'Dot', graph: { ...small, minBytes: 8 * 4 * 100 } },
        exact: { size: 8, distance: 'Dot', graph: { m: 0 } },
      },
    })
    await addSegment(collection, 0, 99)
    await db.optimize()
    expect(indexed(collection)).toEqual([0, false])
    await addSegment(collection, 99, 100)
    expect(indexed(collection)).toEqual([0, true])
    await db.optimize()
    expect(indexed(collection)).toEqual([100, false])
    expect(await linksFiles()).toHaveLength(1)
  })

  test('segments that are merged get one for all of their rows', async () => {
    const collection = await db.createCollection('c', config)
    for (let i = 0; i < 3; i++) await addSegment(collection, i * 300, 300)
    await db.optimize()
    expect([collection.info().segmentCount, ...indexed(collection)]).toEqual([3, 900, false])
    await addSegment(collection, 900, 300)
    await db.optimize()
    expect([collection.info().segmentCount, ...indexed(collection)]).toEqual([1, 1_200, false])
    await db.collectGarbage()
    expect(await linksFiles()).toHaveLength(1)
    expect(indexed(await reopen())).toEqual([1_200, false])
  })

  test('a merge takes over the links of its largest source, and finds what all of them held', async () => {
    const collection = await db.createCollection('c', config)
    await addSegment(collection, 0, 700)
    await addSegment(collection, 700, 400)
    await db.optimize()
    await collection.delete({ ids: Array.from({ length: 60 }, (_, i) => i * 11) })
    await addSegment(collection, 1_100, 350)
    await addSegment(collection, 1_450, 350)
    await db.optimize()
    expect([collection.info().segmentCount, ...indexed(collection)]).toEqual([1, 1_740, false])
    for (const openAgain of [() => Promise.resolve(collection), () => reopen()]) {
      const again = await openAgain()
      let found = 0
      const random = seededRandom(91)
      for (let n = 0; n < 30; n++) {
        const vector = Float32Array.from({ length: 8 }, () => random.next())
        const exact = await again.query({ vector, limit: 10, effort: { exact: true } })
        const ids = new Set(exact.map(({ id }) => id))
        for (const { id } of await again.query({ vector, limit: 10, effort: { ef: 100 } }))
          if (ids.has(id)) found += 1
      }
      expect(found, 'seed 91').toBeGreaterThan(290)
    }
  })

  test('another distance makes another graph', async () => {
    const collection = await db.createCollection('c', config)
    await addSegment(collection, 0, 400)
    await db.optimize()
    await collection.setDistance('', 'Dot')
    expect(indexed(collection)).toEqual([0, true])
    await db.optimize()
    expect(indexed(collection)).toEqual([400, false])
    await db.collectGarbage()
    expect(await linksFiles()).toHaveLength(1)
    expect(indexed(await reopen())).toEqual([400, false])
  })

  test('clones and rollbacks share them, archives carry them', async () => {
    const collection = await db.createCollection('c', config)
    await addSegment(collection, 0, 400)
    await db.optimize()
    const snapshot = await collection.createSnapshot({ name: 's' })
    const clone = await db.restore(snapshot, { as: 'd' })
    expect(indexed(clone)).toEqual([400, false])
    await collection.upsert([{ id: 1, vectors: { '': new Float32Array(8) } }])
    await collection.rollback(snapshot)
    expect(indexed(collection)).toEqual([400, false])
    await db.flush()
    const last = await db.getCollection('d').createSnapshot()
    await expect(last.verify()).resolves.toMatchObject({ ok: true })
    const archived: Uint8Array[] = []
    for await (const part of (await last.archive()).stream()) archived.push(part)
    await reopen()
    expect(indexed(db.getCollection('d'))).toEqual([400, false])
    await db.dropCollection('d')
    await db.dropCollection('c')
    expect(indexed(await db.restoreArchive(Readable.from(archived), { into: 'e' }))).toEqual([400, false])
  })

  test('of a segment that collections share, one wins: the other one is searched exactly, and nobody builds in turns', async () => {
    const collection = await db.createCollection('c', config)
    await addSegment(collection, 0, 400)
    await db.optimize()
    const clone = await db.clone('c', 'd')
    await clone.setDistance('', 'Dot')
    expect([indexed(collection), indexed(clone)]).toEqual([
      [400, false],
      [0, false],
    ])
    const files = await linksFiles()
    await db.optimize()
    expect(await linksFiles()).toEqual(files)
    const vector = Float32Array.from({ length: 8 }, () => 1)
    const exact = await clone.query({ vector, effort: { exact: true } })
    expect(await clone.query({ vector })).toEqual(exact)
    await db.dropCollection('c')
    expect(indexed(clone)).toEqual([0, true])
    await db.optimize()
    expect(indexed(clone)).toEqual([400, false])
  })

  test('several are built at once, of as many threads as there are', async () => {
    await db.close()
    db = await openIt({ graphThreads: 3 })
    const collection = await db.createCollection('c', {
      vectors: { a: config.vectors['']!, b: config.vectors['']!, c: config.vectors['']! },
    })
    const random = seededRandom(5)
    const vector = (): Float32Array => Float32Array.from({ length: 8 }, () => random.next())
    await collection.upsert(
      Array.from({ length: 900 }, (_, id) => ({ id, vectors: { a: vector(), b: vector(), c: vector() } })),
    )
    await db.flush()
    const work = db.optimize()
    let most = 0
    for (let turn = 0; turn < 20; turn++) {
      await new Promise((resolve) => setImmediate(resolve))
      most = Math.max(most, db.stats().graphs.graphs)
    }
    await work
    expect(most).toBe(3)
    expect(db.stats().graphs).toEqual({ graphs: 0, rowsDone: 0, rows: 0 })
    expect(collection.info().indexedVectorCounts).toEqual({ a: 900, b: 900, c: 900 })
  })

  test.each(['Cosine', 'Euclid', 'Manhattan'] as const)(
    'of many dimensions are built over codes, and searched by %s over the vectors',
    async (distance) => {
      const collection = await db.createCollection('c', {
        vectors: { '': { size: 96, distance, graph: small } },
      })
      const random = seededRandom(77)
      const vectors = Array.from({ length: 800 }, () =>
        Float32Array.from({ length: 96 }, () => random.next() - 0.5),
      )
      await collection.upsert(vectors.map((vector, id) => ({ id, vectors: { '': vector } })))
      await db.flush()
      await db.optimize()
      for (const openAgain of [() => Promise.resolve(collection), () => reopen()]) {
        const again = await openAgain()
        expect(indexed(again)).toEqual([800, false])
        let found = 0
        for (const vector of vectors.slice(0, 20)) {
          const exact = await again.query({ vector, limit: 10, effort: { exact: true } })
          const hits = await again.query({ vector, limit: 10, effort: { ef: 200 } })
          const scores = new Map(exact.map(({ id, score }) => [id, score]))
          for (const { id, score } of hits) if (scores.get(id) === score) found += 1
        }
        expect(found, 'seed 77').toBeGreaterThan(190)
      }
    },
  )

  test.each(['int8', 'bfloat16'] as const)(
    'codes of %s stay where they are asked for, and scores are exact',
    async (codes) => {
      const graph = { ...small, codes }
      const collection = await db.createCollection('c', {
        vectors: { '': { size: 70, distance: 'Euclid', graph } },
      })
      const random = seededRandom(78)
      const vectors = Array.from({ length: 1_500 }, () =>
        Float32Array.from({ length: 70 }, () => random.next()),
      )
      await collection.upsert(vectors.map((vector, id) => ({ id, vectors: { '': vector } })))
      await db.flush()
      await db.optimize()
      for (const openAgain of [() => Promise.resolve(collection), () => reopen()]) {
        const again = await openAgain()
        expect(indexed(again)).toEqual([1_500, false])
        let found = 0
        for (const vector of vectors.slice(0, 20)) {
          const exact = await again.query({ vector, limit: 10, effort: { exact: true } })
          const hits = await again.query({ vector, limit: 10, effort: { ef: 400 } })
          const scores = new Map(exact.map(({ id, score }) => [id, score]))
          for (const { id, score } of hits) if (scores.get(id) === score) found += 1
        }
        expect(found, 'seed 78').toBeGreaterThan(190)
      }
    },
  )

  test('with 256 dimensions codes stay unless they are not wanted, and rank what passes a filter', async () => {
    const random = seededRandom(79)
    const vectors = Array.from({ length: 600 }, () =>
      Float32Array.from({ length: 256 }, () => random.next() - 0.5),
    )
    const bytes: number[] = []
    for (const codes of ['none', undefined, 'auto', 'int8'] as const) {
      const name = `codes ${String(codes)}`
      const graph = { ...small, ...(codes && { codes }) }
      const collection = await db.createCollection(name, {
        vectors: { '': { size: 256, distance: 'Euclid', graph } },
      })
      const before = vectorMemory.stats().bytesInUse
      await collection.upsert(vectors.map((vector, id) => ({ id, vectors: { '': vector } })))
      await db.flush()
      await db.optimize()
      expect(indexed(collection)).toEqual([600, false])
      bytes.push(vectorMemory.stats().bytesInUse - before)
      const even = {
        must: [{ kind: 'has-id' as const, ids: vectors.flatMap((_, id) => (id % 2 ? [] : [id])) }],
      }
      for (const vector of vectors.slice(0, 10)) {
        const exact = await collection.query({ vector, limit: 5, filter: even, effort: { exact: true } })
        expect(await collection.query({ vector, limit: 5, filter: even, effort: { ef: 200 } })).toEqual(exact)
      }
    }
    // Codes, and sketches of them.
    const codeBytes = 600 * (256 + 16 + 32 + 16)
    expect(bytes[1]! - bytes[0]!).toBeGreaterThanOrEqual(codeBytes)
    for (const other of bytes.slice(2)) expect(Math.abs(other - bytes[1]!)).toBeLessThan(codeBytes / 10)
  })

  test('a build that is cut short goes on where its file ends', async () => {
    const collection = await db.createCollection('c', config)
    await addSegment(collection, 0, 6_000)
    const stop = new AbortController()
    const work = db.optimize({ signal: stop.signal })
    // The inline builder takes slices of some rows, between which this turn comes.
    for (let turn = 0; turn < 8; turn++) await new Promise((resolve) => setImmediate(resolve))
    stop.abort()
    await work
    expect(indexed(collection)).toEqual([0, true])
    const [first] = await linksFiles()
    await reopen()
    expect(indexed(db.getCollection('c'))).toEqual([0, true])
    await db.optimize()
    expect(indexed(db.getCollection('c'))).toEqual([6_000, false])
    await db.collectGarbage()
    expect(await linksFiles()).toHaveLength(1)
    expect(await linksFiles()).not.toContain(first)
  })
})
