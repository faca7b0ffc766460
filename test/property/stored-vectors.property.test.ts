import { readdirSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { open, type Collection, type Database, type OpenOptions } from '../../src/index.ts'
import { seededRandom, type Random } from '../../src/runtime/random.ts'
import { fixedClock } from '../support/crash-suite.ts'
import { fingerprintOf, History } from '../support/history.ts'
import { ModelDatabase } from '../support/model.ts'
import { verifyAllSnapshots } from '../support/verify-snapshots.ts'

// Goal: where vectors lie is nothing that a user sees, but by what memory they take. Method: the histories of the other
// property tests, and some of rows that are worth a graph, with all vectors in files of a real disk; at the end no file is open.

const firstSeed = Number(process.env['STILLPOINT_SEED'] ?? 900)
const roots: string[] = []

afterAll(async () => {
  for (const root of roots) await rm(root, { recursive: true })
})

async function newRoot(): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'stored-'))
  roots.push(root)
  return root
}

const inline = { workers: 0, searchThreads: 0, graphThreads: 1, background: false } as const

/** Undefined where the system does not tell. */
function openFiles(): number | undefined {
  try {
    return readdirSync('/proc/self/fd').length
  } catch {
    return undefined
  }
}

test.each([firstSeed, firstSeed + 1])(
  'a database whose vectors are in files shows what the model holds, seed %i',
  { timeout: 300_000 },
  async (seed) => {
    const root = await newRoot()
    const options = (at: number): OpenOptions => ({
      ...inline,
      clock: fixedClock,
      random: seededRandom(at),
      logRotateBytes: 4_096,
      graphParams: () => ({ onDisk: true, minBytes: 0 }),
    })
    const model = new ModelDatabase()
    const random = seededRandom(seed)
    const before = openFiles()
    let db = await open(root, options(seed))
    let history = new History(db, model, random)
    const done: string[] = []
    for (let i = 0; i < 60; i++) {
      done.push(await history.step())
      if (i % 10 === 9) {
        const found = await fingerprintOf(db)
        expect(found, `seed ${seed} after ${done.slice(-10).join('; ')}`).toBe(model.fingerprint())
      }
      if (random.next() < 0.1) {
        await db.close()
        expect(openFiles()).toBe(before)
        db = await open(root, options(seed + i))
        history = new History(db, model, random)
        done.push('restart')
      }
    }
    await db.flush()
    await db.collectGarbage()
    await db.collectGarbage()
    await verifyAllSnapshots(db)
    expect(await fingerprintOf(db), `seed ${seed}`).toBe(model.fingerprint())
    await db.close()
    expect(openFiles()).toBe(before)
  },
)

test('a switch counts for what is written, merged or loaded from then on', async () => {
  const root = await newRoot()
  let onDisk = true
  const options: OpenOptions = { ...inline, graphParams: () => ({ onDisk, minBytes: 2 ** 30 }) }
  let db = await open(root, options)
  let collection = await db.createCollection('c', { vectors: { '': { size: 64, distance: 'Dot' } } })
  const write = async (first: number): Promise<void> => {
    const vector = new Array<number>(64).fill(first)
    await collection.upsert(
      Array.from({ length: 1_000 }, (_, at) => ({ id: first + at, vectors: { '': vector } })),
    )
    await db.flush()
  }
  // Of the vectors of each segment; a code and its sum are less than half of 256 bytes.
  const bytes = (): boolean[] =>
    collection.segmentReports().map(({ vectors, pointCount }) => vectors['']!.bytes < pointCount * 128)
  await write(0)
  expect(bytes()).toEqual([true])
  onDisk = false
  await write(1_000)
  expect(bytes()).toEqual([true, false])
  await write(2_000)
  await write(3_000)
  await db.optimize()
  expect(bytes()).toEqual([false])
  onDisk = true
  await db.close()
  db = await open(root, options)
  collection = db.getCollection('c')
  expect(bytes()).toEqual([true])
  expect((await collection.get([1_500], { vectors: true }))[0]?.vectors).toEqual({
    '': new Float32Array(64).fill(1_000),
  })
  await db.close()
})

const dimensions = 32

/** A plain map, with its moments. */
type Points = Map<number, Float32Array>

class Rows {
  readonly #random: Random
  readonly #centres: readonly Float32Array[]

  constructor(random: Random) {
    this.#random = random
    this.#centres = Array.from({ length: 40 }, () => this.#around(new Float32Array(dimensions), 10))
  }

  next(): Float32Array {
    return this.#around(this.#centres[Math.floor(this.#random.next() * this.#centres.length)]!, 1)
  }

  #around(centre: Float32Array, by: number): Float32Array {
    return centre.map((value) => Math.fround(value + by * (this.#random.next() - 0.5)))
  }
}

function nearest(points: Points, query: Float32Array, limit: number): { id: number; distance: number }[] {
  return [...points]
    .map(([id, vector]) => ({ id, distance: Math.hypot(...vector.map((value, at) => value - query[at]!)) }))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, limit)
}

async function compare(collection: Collection, points: Points, rows: Rows, context: string): Promise<void> {
  expect(await collection.count(), context).toBe(points.size)
  let hits = 0
  const queries = 12
  for (let turn = 0; turn < queries; turn++) {
    const vector = rows.next()
    const best = nearest(points, vector, 10)
    const exact = await collection.query({ vector, limit: 10, effort: { exact: true }, vectors: true })
    exact.forEach(({ score, vectors }, at) => {
      expect(score, context).toBeCloseTo(best[at]!.distance, 4)
      expect(vectors![''], context).toEqual(points.get(Number(exact[at]!.id)))
    })
    const found = await collection.query({ vector, limit: 10, effort: { ef: 48 } })
    const truth = new Set(exact.map(({ id }) => id))
    hits += found.filter(({ id }) => truth.has(id)).length
    const scores = new Map(exact.map(({ id, score }) => [id, score]))
    // To the bit: codes rank, they do not score.
    for (const { id, score } of found) if (scores.has(id)) expect(score, context).toBe(scores.get(id))
  }
  expect(hits / (queries * 10), context).toBeGreaterThan(0.9)
}

describe.each([firstSeed + 10])('rows that are worth a graph, seed %i', (seed) => {
  test(
    'are found through codes and scored by their file, whatever happens to them',
    { timeout: 300_000 },
    async () => {
      const root = await newRoot()
      const random = seededRandom(seed)
      const rows = new Rows(random)
      const before = openFiles()
      let db: Database = await open(root, inline)
      const graph = { minBytes: 50_000 }
      const vectors = { '': { size: dimensions, distance: 'Euclid', onDisk: true, graph } } as const
      let collection = await db.createCollection('c', { vectors })
      let points: Points = new Map()
      const write = async (count: number): Promise<void> => {
        const batch = Array.from({ length: count }, () => Math.floor(random.next() * 4_000))
        const given = new Map(batch.map((id) => [id, rows.next()]))
        await collection.upsert([...given].map(([id, vector]) => ({ id, vectors: { '': vector } })))
        for (const [id, vector] of given) points.set(id, vector)
      }
      const done: string[] = []
      let snapshot: Awaited<ReturnType<Collection['createSnapshot']>> | undefined
      let held: Points = new Map()
      const steps: Record<string, () => Promise<void>> = {
        write: () => write(600),
        remove: async () => {
          const ids = [...points.keys()].filter(() => random.next() < 0.1)
          await collection.delete({ ids })
          for (const id of ids) points.delete(id)
        },
        flush: () => db.flush(),
        optimize: () => db.optimize(),
        reopen: async () => {
          await db.close()
          expect(openFiles()).toBe(before)
          db = await open(root, inline)
          collection = db.getCollection('c')
          snapshot = snapshot && collection.listSnapshots().find(({ name }) => name === snapshot!.name)
        },
        snapshot: async () => {
          snapshot = await collection.createSnapshot()
          held = new Map(points)
        },
        rollback: async () => {
          if (snapshot === undefined) return
          await collection.rollback(snapshot)
          points = new Map(held)
        },
        clone: async () => {
          if (snapshot === undefined) return
          await db.restore(snapshot, { as: 'clone' })
          await compare(db.getCollection('clone'), held, rows, `a clone, seed ${seed}: ${done.join(', ')}`)
          await db.dropCollection('clone')
        },
        archive: async () => {
          if (snapshot === undefined) return
          await using archive = await snapshot.archive()
          await db.restoreArchive(archive.stream(), { into: 'restored' })
          await compare(
            db.getCollection('restored'),
            held,
            rows,
            `an archive, seed ${seed}: ${done.join(', ')}`,
          )
          await db.dropCollection('restored')
        },
      }
      const names = Object.keys(steps)
      const first = ['write', 'write', 'write', 'write', 'flush', 'optimize', 'snapshot']
      const rest = Array.from({ length: 18 }, () => names[Math.floor(random.next() * names.length)]!)
      for (const name of [...first, ...rest, 'archive', 'clone']) {
        done.push(name)
        await steps[name]!()
        if (name !== 'write') await compare(collection, points, rows, `seed ${seed}: ${done.join(', ')}`)
      }
      await verifyAllSnapshots(db)
      await db.close()
      expect(openFiles()).toBe(before)
    },
  )
})
