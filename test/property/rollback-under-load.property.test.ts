import { expect, test } from 'vitest'
import { open, type CollectionReader, type Snapshot } from '../../src/index.ts'
import { seededRandom } from '../../src/runtime/random.ts'
import { yieldToEventLoop } from '../../src/runtime/yield.ts'
import { openQuietly } from '../support/crash-suite.ts'
import { SimulatedDisk } from '../support/simulated-disk.ts'

// Goal: readers see what was before a rollback or what is after it, never a mixture, and no acknowledged write is lost: it
// is in the snapshot that undoes the rollback, or in the collection. Method: writers, readers, rollbacks, flushes and merges
// side by side; each write is a batch whose points carry its number, so that half of one would show.

const batchPoints = 7
const writers = 4
const writesEach = 400
const rollbacksWanted = 5

/** The batches that are there. @throws if one is there in part */
async function batchesOf(reader: CollectionReader): Promise<Set<number>> {
  const { points } = await reader.scroll({ limit: 100_000, payload: true })
  const counts = new Map<number, number>()
  for (const { payload } of points) {
    const { batch } = payload!.value() as { batch: number }
    counts.set(batch, (counts.get(batch) ?? 0) + 1)
  }
  for (const [batch, count] of counts) expect(count, `points of batch ${batch}`).toBe(batchPoints)
  return new Set(counts.keys())
}

test.each([1, 2, 3, 4, 5])(
  'readers see one state and no acknowledged write is lost while the collection is rolled back (seed %i)',
  { timeout: 120_000 },
  async (seed) => {
    const random = seededRandom(seed)
    const db = await openQuietly(open, new SimulatedDisk(), seed, { background: false })
    const collection = await db.createCollection('c', {
      vectors: { '': { size: 1, distance: 'Dot' } },
      shardNumber: 3,
    })
    let batches = 0
    const writtenAt = new Map<number, number>()
    const write = async (): Promise<void> => {
      const batch = (batches += 1)
      const points = Array.from({ length: batchPoints }, (_, i) => ({
        id: batch * 100 + i,
        vectors: { '': [i] },
        payload: { batch },
      }))
      const { seq } = await collection.upsert(points)
      writtenAt.set(batch, seq)
    }
    await write()
    const base = await collection.createSnapshot({ name: 'base' })
    const rollbacks: { readonly seq: number; readonly undo: Snapshot }[] = []
    let isDone = false
    const writing = Array.from({ length: writers }, async () => {
      for (let i = 0; i < writesEach && rollbacks.length < rollbacksWanted; i++) {
        await write()
        if (random.next() < 0.3) await yieldToEventLoop()
      }
    })
    const reading = (async () => {
      while (!isDone) {
        const seen = [...(await batchesOf(collection))].filter((batch) => batch !== 1)
        // What is seen besides the base was written after the last rollback: nothing from before stands beside it.
        const seqs = seen.flatMap((batch) => writtenAt.get(batch) ?? []).sort((a, b) => a - b)
        for (const { seq } of rollbacks) {
          expect(seqs[0] === undefined || seqs[0] > seq || seqs.at(-1)! < seq, `around ${seq}`).toBe(true)
        }
        await yieldToEventLoop()
      }
    })()
    const rolling = (async () => {
      while (!isDone) {
        for (let i = 0; i < random.next() * 30; i++) await yieldToEventLoop()
        const undo = await collection.rollback(base)
        rollbacks.push({ seq: undo.info().seq, undo })
        if (random.next() < 0.4) await db.flush()
        if (random.next() < 0.3) await db.optimize()
        if (random.next() < 0.3) await db.collectGarbage()
      }
    })()
    await Promise.all(writing)
    isDone = true
    await Promise.all([reading, rolling])
    expect(rollbacks.length).toBeGreaterThanOrEqual(rollbacksWanted)
    const present = await batchesOf(collection)
    const undone = await Promise.all(
      rollbacks.map(async ({ seq, undo }) => {
        await using reader = await undo.collection()
        return { seq, batches: await batchesOf(reader) }
      }),
    )
    for (const [batch, seq] of writtenAt) {
      if (batch === 1) continue
      const next = undone.find((one) => one.seq > seq)
      const where = next?.batches ?? present
      expect(where.has(batch), `batch ${batch}, written at ${seq}`).toBe(true)
      if (next !== undefined) expect(present.has(batch), `batch ${batch} after the rollback`).toBe(false)
    }
    await db.close()
  },
)
