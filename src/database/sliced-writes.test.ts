import { expect, test } from 'vitest'
import { openQuietly } from '../../test/support/crash-suite.ts'
import { SimulatedDisk } from '../../test/support/simulated-disk.ts'
import { seededRandom } from '../runtime/random.ts'
import { yieldToEventLoop } from '../runtime/yield.ts'
import type { Collection } from './collection-handle.ts'
import type { Database } from './database.ts'
import { open } from './open.ts'

// Goal: a record that is applied in slices is seen whole or not at all, by whoever looks between two slices, and whatever is
//   begun there: snapshots, flushes, merges, clones, rollbacks, drops.
// Method: slices of one point, and a pause that looks at everything and begins something. A map says what there is to see.

const firstSeed = Number(process.env['STILLPOINT_SEED'] ?? 900)
const dimensions = 8
const batchPoints = 12
const idsMax = 40

interface Point {
  readonly vector: readonly number[]
  readonly round: number
}

type Content = ReadonlyMap<number, Point>

/** The collection's points, by each of the ways in which they can be read. */
async function contentOf(collection: Collection): Promise<Content> {
  const { points } = await collection.scroll({ limit: 1_000, vectors: true, payload: true })
  const content = new Map(
    points.map(({ id, vectors, payload }) => {
      const { round } = JSON.parse(payload!.text) as { round: number }
      return [Number(id), { vector: [...(vectors![''] as Float32Array)], round }]
    }),
  )
  expect(await collection.count()).toBe(content.size)
  return content
}

async function expectContent(collection: Collection, expected: Content, where: string): Promise<void> {
  const found = await contentOf(collection)
  const sorted = (content: Content) => [...content].sort(([a], [b]) => a - b)
  expect(sorted(found), where).toEqual(sorted(expected))
  expect(collection.info().pointCount, where).toBe(expected.size)
  const ids = [...expected.keys()]
  const retrieved = await collection.get(ids, { payload: true })
  expect(
    retrieved.map(({ payload }) => (JSON.parse(payload!.text) as { round: number }).round),
    where,
  ).toEqual(ids.map((id) => expected.get(id)!.round))
  const rounds = new Set([...expected.values()].map(({ round }) => round))
  for (const round of rounds) {
    const count = [...expected.values()].filter((point) => point.round === round).length
    const filter = { must: [{ kind: 'field', path: 'round', match: { value: round } }] } as const
    expect(await collection.count(filter), where).toBe(count)
  }
  const query = Array.from({ length: dimensions }, () => 1)
  const hits = await collection.query({ vector: query, limit: 5 })
  const best = [...expected.values()]
    .map(({ vector }) => vector.reduce((sum, value) => sum + value, 0))
    .sort((a, b) => b - a)
  expect(
    hits.map(({ score }) => score),
    where,
  ).toEqual(best.slice(0, 5))
}

/** A database whose pauses are for `onPause`. */
async function openSliced(
  onPause: () => Promise<void>,
  disk = new SimulatedDisk(),
  seed = 1,
): Promise<Database> {
  return openQuietly(open, disk, seed, { searchThreads: 0, unstable_slices: { bytes: 1, pause: onPause } })
}

async function newCollection(db: Database): Promise<Collection> {
  return db.createCollection('c', {
    vectors: { '': { size: dimensions, distance: 'Dot' } },
    payloadIndexes: { round: { type: 'integer' } },
    shardNumber: 2,
  })
}

type Change = { readonly write: () => Promise<unknown>; readonly after: Content }

/** Something that changes many points in one record, and what there is after it. */
function changeOf(
  collection: Collection,
  before: Content,
  round: number,
  random: { next(): number },
): Change {
  const int = (below: number): number => Math.floor(random.next() * below)
  const ids = [...new Set(Array.from({ length: batchPoints }, () => int(idsMax)))]
  const after = new Map(before)
  switch (int(5)) {
    case 0: {
      for (const id of ids) after.delete(id)
      return { write: () => collection.delete({ ids }), after }
    }
    case 1: {
      const old = [...new Set([...before.values()].map((point) => point.round))]
      const limit = old[int(old.length)] ?? 0
      for (const [id, point] of before) if (point.round < limit) after.delete(id)
      const filter = { must: [{ kind: 'field', path: 'round', range: { lt: limit } }] } as const
      return { write: () => collection.delete({ filter }), after }
    }
    case 2: {
      for (const [id, point] of before) if (ids.includes(id)) after.set(id, { ...point, round })
      return { write: () => collection.setPayload({ ids }, { round }), after }
    }
    default: {
      const points = ids.map((id) => ({
        id,
        vectors: { '': Array.from({ length: dimensions }, () => int(1_000)) },
        payload: { round },
      }))
      for (const { id, vectors } of points) after.set(id, { vector: vectors[''], round })
      return { write: () => collection.upsert(points), after }
    }
  }
}

const rounds = 14

test.each(Array.from({ length: 6 }, (_, i) => firstSeed + i))(
  'nobody sees half of a record, and whatever is begun between its slices holds all of it or nothing (seed %i)',
  { timeout: 120_000 },
  async (seed) => {
    const random = seededRandom(seed)
    const disk = new SimulatedDisk()
    let onPause = (): Promise<void> => Promise.resolve()
    let pauses = 0
    const db = await openSliced(() => (pauses++, onPause()), disk, seed)
    const collection = await newCollection(db)
    await db.setRetention({ windowMs: 1_000_000 })
    let now: Content = new Map()
    const snapshots = new Map<string, Content>()
    const moments = new Map<number, Content>()
    for (let round = 1; round <= rounds; round++) {
      const where = `seed ${seed}, round ${round}`
      const before = now
      const { write, after } = changeOf(collection, before, round, random)
      const begun: Promise<unknown>[] = []
      onPause = async () => {
        await yieldToEventLoop()
        if (random.next() < 0.3) await expectContent(collection, before, `${where}, in the middle`)
        const dice = random.next()
        const name = `s${round}-${begun.length}`
        // All of these wait for the record, or hold nothing of it; those that are records come behind it.
        if (dice < 0.05) begun.push(db.flush())
        else if (dice < 0.1) begun.push(db.optimize())
        else if (dice < 0.15) {
          snapshots.set(name, after)
          begun.push(collection.createSnapshot({ name }))
        } else if (dice < 0.2) {
          const seq = db.stats().appliedSeq
          const reader = await db.openReader(`c@seq:${seq}`)
          expect(reader.info().pointCount, where).toBe(before.size)
          reader.close()
        } else if (dice < 0.22) begun.push(db.collectGarbage())
      }
      await write()
      onPause = () => Promise.resolve()
      await Promise.all(begun)
      await expectContent(collection, after, `${where}, after it`)
      now = after
      moments.set(db.stats().appliedSeq, now)
    }
    expect(pauses, `seed ${seed}`).toBeGreaterThan(rounds)
    for (const [name, content] of snapshots) {
      const clone = await db.restore(collection.getSnapshot(name), { as: `clone-${name}` })
      await expectContent(clone, content, `seed ${seed}, snapshot ${name}`)
    }
    for (const [seq, content] of moments) {
      await using reader = await db.openReader(`c@seq:${seq}`)
      expect(reader.info().pointCount, `seed ${seed}, moment ${seq}`).toBe(content.size)
    }
    await db.close()
    const again = await openSliced(yieldToEventLoop, disk, seed)
    await expectContent(again.getCollection('c'), now, `seed ${seed}, after a new start`)
    await again.close()
  },
)

function manyPoints(round: number) {
  return Array.from({ length: batchPoints }, (_, id) => ({
    id,
    vectors: { '': Array.from({ length: dimensions }, () => round) },
    payload: { round },
  }))
}

const wholeOf = (round: number): Content =>
  new Map(manyPoints(round).map(({ id, vectors }) => [id, { vector: vectors[''], round }]))

test.each(['a drop', 'a rollback', 'a clone', 'closing'])(
  '%s that comes in the middle waits for the record',
  async (what) => {
    let onPause = (): Promise<void> => Promise.resolve()
    const disk = new SimulatedDisk()
    const db = await openSliced(() => onPause(), disk)
    const collection = await newCollection(db)
    await collection.upsert(manyPoints(1))
    const first = await collection.createSnapshot({ name: 'first' })
    let begun: Promise<unknown> | undefined
    onPause = async () => {
      if (begun === undefined && what === 'a drop') begun = db.dropCollection('c')
      if (begun === undefined && what === 'a rollback') begun = collection.rollback(first)
      if (begun === undefined && what === 'a clone') begun = db.clone('c', 'copy')
      if (begun === undefined && what === 'closing') begun = db.close()
      await yieldToEventLoop()
    }
    await collection.upsert(manyPoints(2))
    onPause = yieldToEventLoop
    await begun
    expect(begun).toBeDefined()
    if (what === 'a drop') expect(db.findCollection('c')).toBeUndefined()
    if (what === 'a rollback') await expectContent(collection, wholeOf(1), what)
    if (what === 'a clone') await expectContent(db.getCollection('copy'), wholeOf(2), what)
    if (what === 'closing') {
      const again = await openSliced(yieldToEventLoop, disk)
      await expectContent(again.getCollection('c'), wholeOf(2), what)
      await again.close()
      return
    }
    await db.close()
  },
)

test('a failure in the middle stops the database, nothing of it is written, and a new start applies all of it', async () => {
  let left = Infinity
  const disk = new SimulatedDisk()
  const db = await openSliced(() => {
    left -= 1
    return left < 0 ? Promise.reject(new Error('a test says so')) : Promise.resolve()
  }, disk)
  const collection = await newCollection(db)
  await collection.upsert(manyPoints(1))
  await db.flush()
  await collection.upsert(manyPoints(1))
  left = 4
  const begun = [collection.upsert(manyPoints(2)), collection.createSnapshot({ name: 's' }), db.flush()]
  for (const result of await Promise.allSettled(begun))
    expect(result).toMatchObject({ status: 'rejected', reason: { message: 'a test says so' } })
  expect(() => collection.info()).toThrow('a test says so')
  await db.close()
  const again = await openSliced(yieldToEventLoop, disk)
  await expectContent(again.getCollection('c'), wholeOf(2), 'after a new start')
  expect(again.getCollection('c').listSnapshots()).toHaveLength(1)
  await again.close()
})
