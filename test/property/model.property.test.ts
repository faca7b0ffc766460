import { expect, test } from 'vitest'
import { open, type Database, type Filter } from '../../src/index.ts'
import { seededRandom, type Random } from '../../src/runtime/random.ts'
import { openQuietly, unreachable } from '../support/crash-suite.ts'
import { fingerprintOf, History } from '../support/history.ts'
import { ModelDatabase, type ModelCollection, type ModelVector } from '../support/model.ts'
import { SimulatedDisk } from '../support/simulated-disk.ts'
import { verifyAllSnapshots } from '../support/verify-snapshots.ts'

// Goal: whatever is done in whatever order, a user sees what a plain map would show. Method: random operations on the
// database and on the model, restarts among them; all that can be read is compared as it goes, and the invariants at the end.

const firstSeed = Number(process.env['STILLPOINT_SEED'] ?? 400)
const histories = Number(process.env['STILLPOINT_HISTORIES'] ?? 12)
const steps = 120

test.each(Array.from({ length: histories }, (_, i) => firstSeed + i))(
  'the database shows what the model holds, seed %i',
  { timeout: 300_000 },
  async (seed) => {
    const disk = new SimulatedDisk()
    const random = seededRandom(seed)
    const model = new ModelDatabase()
    let db = await openQuietly(open, disk, seed)
    let history = new History(db, model, random)
    const done: string[] = []
    for (let i = 0; i < steps; i++) {
      done.push(await history.step())
      if (i % 10 === 9) {
        expect(await fingerprintOf(db), `seed ${seed} after ${done.slice(-10).join('; ')}`).toBe(
          model.fingerprint(),
        )
        for (const [name, collection] of model.collections) await compareQueries(db, name, collection, random)
      }
      if (random.next() < 0.05) {
        await db.close()
        db = await openQuietly(open, disk, seed + i)
        history = new History(db, model, random)
        done.push('restart')
      }
    }
    await checkInvariants(db, disk, model)
    await db.close()
  },
)

/** Exact k-NN and counts with a filter against brute force. */
async function compareQueries(
  db: Database,
  name: string,
  model: ModelCollection,
  random: Random,
): Promise<void> {
  const n = Math.floor(random.next() * 6)
  const filter: Filter = { must: [{ kind: 'field', path: 'n', range: { gte: n } }] }
  const passing = [...model.points.values()].filter(
    (point) => typeof point.payload['n'] === 'number' && point.payload['n'] >= n,
  )
  const collection = db.getCollection(name)
  expect(await collection.count(filter)).toBe(passing.length)
  const query = [1, -2, 0.5]
  const expected = passing
    .flatMap(({ vectors }) => (vectors[''] === undefined ? [] : [dot(vectors[''] as number[], query)]))
    .sort((a, b) => b - a)
    .slice(0, 5)
  const found = await collection.query({ vector: query, filter, limit: 5 })
  expect(found.map(({ score }) => score)).toEqual(expected)
  const points = [...model.points.values()]
  const words = await collection.query({ vector: wordsQuery, using: 'words', limit: 4 })
  const matches = points.flatMap(({ vectors }) =>
    vectors['words'] === undefined ? [] : matchOf(vectors['words']),
  )
  expect(words.map(({ score }) => score)).toEqual(matches.sort((a, b) => b - a).slice(0, 4))
  const tokens = await collection.query({ vector: [query.slice(0, 2), [0, 1]], using: 'tokens', limit: 4 })
  const best = points.flatMap(({ vectors }) => {
    const rows = vectors['tokens'] as number[][] | undefined
    if (rows === undefined) return []
    return [[query, [0, 1]].reduce((sum, one) => sum + Math.max(...rows.map((row) => dot(row, one))), 0)]
  })
  expect(tokens.map(({ score }) => score)).toEqual(best.sort((a, b) => b - a).slice(0, 4))
  if (model.side === undefined) {
    const refused = collection.query({ vector: [0.5, 1], using: 'side' })
    await expect(refused).rejects.toMatchObject({ code: 'vector-unknown' })
    return
  }
  const nearest = await collection.query({ vector: [0.5, 1], using: 'side', limit: 4 })
  const distances = points
    .flatMap(({ vectors }) => {
      const side = vectors['side'] as number[] | undefined
      return side === undefined ? [] : [Math.fround(Math.hypot(side[0]! - 0.5, side[1]! - 1))]
    })
    .sort((a, b) => a - b)
    .slice(0, 4)
  nearest.forEach(({ score }, i) => expect(score).toBeCloseTo(distances[i]!, 5))
  expect(nearest).toHaveLength(distances.length)
}

const wordsQuery = { indices: [4_000_000_000, 5, 7], values: [2, -1, 3] }

function matchOf(vector: ModelVector): number[] {
  const { indices, values } = vector as Extract<ModelVector, { readonly indices: unknown }>
  const places = wordsQuery.indices.map((index) => indices.indexOf(index))
  if (places.every((place) => place < 0)) return []
  const score = places.reduce(
    (sum, place, i) => sum + (place < 0 ? 0 : wordsQuery.values[i]! * values[place]!),
    0,
  )
  return score === 0 ? [] : [score]
}

// The model's vectors are multiples of an eighth: their products are exact in float32.
function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, i) => sum + value * b[i]!, 0)
}

async function checkInvariants(db: Database, disk: SimulatedDisk, model: ModelDatabase): Promise<void> {
  await db.flush()
  // I1, I2: every snapshot is whole, and what it was.
  expect(await fingerprintOf(db)).toBe(model.fingerprint())
  // I3: nothing that is reached is gone, and nothing else is left.
  await db.collectGarbage()
  await db.collectGarbage()
  await verifyAllSnapshots(db)
  expect(await unreachable(disk)).toEqual([])
  expect(await fingerprintOf(db)).toBe(model.fingerprint())
}

test('creating a snapshot, a cut, a clone, a rollback and its undo is one write and one sync, whatever the amount of data (I5, I7)', async () => {
  const costs = []
  for (const rows of [10, 10_000]) {
    const disk = new SimulatedDisk()
    // A log file that is full would be turned over, and hide what is counted.
    const db = await openQuietly(open, disk, 1, { logRotateBytes: 2 ** 30 })
    const collection = await db.createCollection('c', { vectors: { '': { size: 2, distance: 'Dot' } } })
    for (let at = 0; at < rows; at += 1_000) {
      const count = Math.min(1_000, rows - at)
      await collection.upsert(
        Array.from({ length: count }, (_, i) => ({ id: at + i, vectors: { '': [at, i] } })),
      )
    }
    const cost = async <T>(work: () => Promise<T>): Promise<[T, string[]]> => {
      const before = disk.journal.length
      const result = await work()
      return [result, disk.journal.slice(before).map(({ kind }) => kind)]
    }
    const [snapshot, created] = await cost(() => collection.createSnapshot())
    const [, cloned] = await cost(() => db.restore(snapshot, { as: 'clone' }))
    const [undo, rolled] = await cost(() => collection.rollback(snapshot))
    const [, undone] = await cost(() => collection.rollback(undo))
    const [, copied] = await cost(() => db.clone('c', 'copy'))
    await db.setRetention({ windowMs: 60_000 })
    const seq = db.stats().appliedSeq
    await collection.delete({ ids: [1] })
    const [, wentBack] = await cost(() => collection.rollback({ seq }))
    const [, cut] = await cost(() => db.createSnapshot({ collections: ['c', 'clone', 'copy'] }))
    costs.push({ created, cloned, rolled, undone, copied, wentBack, cut })
    await db.close()
  }
  const once = ['write', 'sync-file']
  expect(costs[0]).toEqual(costs[1])
  for (const kinds of Object.values(costs[1]!))
    expect(kinds.filter((kind) => once.includes(kind))).toEqual(once)
})

test('a damaged segment file is named and refused, and nothing of it is served (I6)', async () => {
  const disk = new SimulatedDisk()
  let db = await openQuietly(open, disk, 2)
  const collection = await db.createCollection('c', { vectors: { '': { size: 2, distance: 'Dot' } } })
  await collection.upsert([{ id: 1, vectors: { '': [1, 2] }, payload: { a: 1 } }])
  await db.flush()
  await db.close()
  for (const name of ['rows.parquet', '_.graph']) {
    const damaged = disk.stateAt(disk.journal.length, 'all')
    const path = damaged.paths().find((candidate) => candidate.endsWith(`/${name}`))!
    const bytes = new Uint8Array(await damaged.readFile(path))
    bytes[Math.floor(bytes.length / 2)]! ^= 1
    await damaged.remove(path)
    const file = await damaged.create(path)
    await file.write(bytes)
    await file.close()
    await expect(openQuietly(open, damaged, 3)).rejects.toMatchObject({
      code: 'segment-corrupt',
      message: expect.stringContaining(name) as string,
    })
  }
  db = await openQuietly(open, disk, 4)
  expect(await db.getCollection('c').count()).toBe(1)
  await db.close()
})

test('a failed import leaves everything as it was, and no file behind (I4)', async () => {
  const disk = new SimulatedDisk()
  const db = await openQuietly(open, disk, 5)
  const collection = await db.createCollection('c', { vectors: { '': { size: 2, distance: 'Dot' } } })
  await collection.upsert([{ id: 1, vectors: { '': [1, 2] } }])
  const snapshot = await collection.createSnapshot()
  await using archive = await snapshot.archive()
  const chunks: Uint8Array[] = []
  for await (const chunk of archive.stream()) chunks.push(chunk)
  const bytes = Buffer.concat(chunks)
  await collection.upsert([{ id: 2, vectors: { '': [3, 4] } }])
  await db.flush()
  const before = await collection.contentHash()
  const files = disk.paths().filter((path) => path.includes('/segments/'))
  for (let at = 0; at < bytes.length; at += 97) {
    const damaged = Buffer.from(bytes)
    damaged[at]! ^= 8
    for (const options of [{ into: 'new' }, { into: 'c', replace: true }]) {
      await expect(db.restoreArchive(once(damaged), options), `byte ${at}`).rejects.toMatchObject({
        name: 'DatabaseError',
      })
    }
  }
  expect(db.findCollection('new')).toBeUndefined()
  expect(await collection.contentHash()).toBe(before)
  expect(disk.paths().filter((path) => path.includes('/segments/'))).toEqual(files)
  await db.close()
})

async function* once(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes
}
