import { expect, test } from 'vitest'
import { open } from '../../src/database/open.ts'
import type { CollectionConfig } from '../../src/collection/types.ts'
import { seededRandom } from '../../src/runtime/random.ts'
import { openQuietly } from '../support/crash-suite.ts'
import { SimulatedDisk, type CrashVariant } from '../support/simulated-disk.ts'

// Goal: graphs are derived from what the store holds. Wherever a crash comes while one is built, written, made known or
//   replaced, every acknowledged point is there and is found, and no file is left that nothing names.
// Method: crash before every mutation of an optimizer's work, in one of three ways, start again, search, collect garbage, search.

const config: CollectionConfig = {
  vectors: { '': { size: 4, distance: 'Euclid', graph: { m: 4, efConstruct: 16, minBytes: 0 } } },
}
const seed = 8_841
const random = seededRandom(seed)
const vectors = Array.from({ length: 160 }, () =>
  Float32Array.from({ length: 4 }, () => Math.fround(random.next())),
)

test('a crash while graphs are built loses no point and leaves no file', async () => {
  const disk = new SimulatedDisk()
  const db = await openQuietly(open, disk, seed)
  const collection = await db.createCollection('c', config)
  const addSegment = async (first: number): Promise<void> => {
    const ids = Array.from({ length: 32 }, (_, i) => first + i)
    await collection.upsert(ids.map((id) => ({ id, vectors: { '': vectors[id]! } })))
    await db.flush()
  }
  for (const first of [0, 32, 64]) await addSegment(first)
  const begin = disk.journal.length
  await db.optimize()
  await collection.createSnapshot({ name: 'with graphs' })
  await addSegment(96)
  // Of four segments, three of which have graphs.
  await db.optimize()
  await addSegment(128)
  await collection.delete({ ids: [5, 140] })
  await db.optimize()
  await db.collectGarbage()
  await db.close()

  const present = new Set<number>()
  let withGraphs = 0
  for (let at = begin; at <= disk.journal.length; at++) {
    const variants: readonly CrashVariant[] = ['all', 'synced', { torn: at }]
    const variant = variants[at % variants.length]!
    const where = `seed ${seed}, mutation ${at} of ${begin} to ${disk.journal.length}, ${JSON.stringify(variant)}`
    const after = await openQuietly(open, disk.stateAt(at, variant), at)
    const found = after.getCollection('c')
    const count = await found.count()
    present.add(count)
    if (found.info().indexedVectorCounts['']! > 0) withGraphs += 1
    const check = async (): Promise<void> => {
      for (let id = 0; id < 96; id += 19) {
        const [nearest] = await found.query({ vector: vectors[id]!, limit: 1 })
        expect([nearest?.id, nearest?.score], where).toEqual([id, 0])
      }
      for (const snapshot of after.listAllSnapshots()) {
        await using reader = await snapshot.collection()
        expect(await reader.count(), where).toBe(96)
      }
    }
    await check()
    await after.flush()
    await after.optimize()
    expect(found.info().isOptimizing, where).toBe(false)
    expect(found.info().indexedVectorCounts[''], where).toBe(count)
    await check()
    await after.collectGarbage()
    expect((await after.collectGarbage()).deletedObjects, where).toBe(0)
    await after.close()
  }
  // Those acknowledged by then: 96, 128, 160, and two less.
  expect([...present].sort((a, b) => a - b)).toEqual([96, 128, 158, 160])
  expect(withGraphs).toBeGreaterThan(0)
}, 300_000)
