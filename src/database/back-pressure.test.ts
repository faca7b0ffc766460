import { expect, test } from 'vitest'
import { openQuietly } from '../../test/support/crash-suite.ts'
import { intercepted } from '../../test/support/disk-faults.ts'
import { SimulatedDisk } from '../../test/support/simulated-disk.ts'
import { vectorMemoryStats } from '../graph/vector-memory.ts'
import type { Disk } from '../storage/disk.ts'
import { open } from './open.ts'

const dimensions = 256
const pointBytes = dimensions * 4
const batchPoints = 10
const batches = 200

/** A disk where what `select` picks waits while the gate is shut. */
class Gated {
  readonly disk: Disk
  /** Bytes of each write to the log. */
  readonly logWrites: number[] = []
  #open: Promise<void> = Promise.resolve()
  #letGo = (): void => undefined

  constructor(disk: Disk, select: (operation: string, path: string) => boolean) {
    const gated = intercepted(disk, async (operation, path, proceed) => {
      if (select(operation, path)) await this.#open
      return proceed()
    })
    this.disk = {
      ...gated,
      append: async (path) => this.#counting(path, await gated.append(path)),
      create: async (path) => this.#counting(path, await gated.create(path)),
    }
  }

  shut(): void {
    this.#open = new Promise((resolve) => (this.#letGo = resolve))
  }

  open(): void {
    this.#letGo()
  }

  #counting(path: string, file: Awaited<ReturnType<Disk['append']>>): typeof file {
    if (!path.includes('/log/')) return file
    return {
      ...file,
      writeAll: (parts) => {
        this.logWrites.push(parts.reduce((sum, part) => sum + part.length, 0))
        return file.writeAll(parts)
      },
    }
  }
}

/** Until nothing has happened for a while: all work is done in microtasks and turns of the event loop. */
async function quiet(progress: () => number): Promise<void> {
  for (let turns = 0, last = progress(); turns < 50; turns++) {
    await new Promise((resolve) => setImmediate(resolve))
    if (progress() === last) continue
    last = progress()
    turns = 0
  }
}

async function ingest(disk: Disk, limits: { memtableBytesMax: number; pendingBytesMax: number }) {
  const db = await openQuietly(open, disk, 1, { background: true, logRotateBytes: 2 ** 26, ...limits })
  const collection = await db.createCollection('c', {
    vectors: { '': { size: dimensions, distance: 'Dot' } },
  })
  const state = { acknowledged: 0 }
  const writing: Promise<void>[] = []
  const start = (): void => {
    for (let batch = 0; batch < batches; batch++) {
      const points = Array.from({ length: batchPoints }, (_, i) => ({
        id: batch * batchPoints + i,
        vectors: { '': Float32Array.from({ length: dimensions }, (_, d) => batch + i + d) },
      }))
      writing.push(collection.upsert(points).then(() => void (state.acknowledged += batchPoints)))
    }
  }
  const end = async (): Promise<void> => {
    await Promise.all(writing)
    expect(await collection.count()).toBe(batches * batchPoints)
    await db.close()
    const again = await openQuietly(open, disk, 2)
    expect(await again.getCollection('c').count()).toBe(batches * batchPoints)
    const [point] = await again.getCollection('c').get([1_234], { vectors: true })
    expect([...(point!.vectors![''] as Float32Array)].slice(0, 3)).toEqual([127, 128, 129])
    await again.close()
  }
  return { state, start, end }
}

test('what waits for a slow log is bounded in bytes, and all of it is written', async () => {
  const pendingBytesMax = 100_000
  const gated = new Gated(
    new SimulatedDisk(),
    (operation, path) => operation === 'sync' && path.includes('/log/'),
  )
  const { state, start, end } = await ingest(gated.disk, { memtableBytesMax: 2 ** 30, pendingBytesMax })
  gated.shut()
  start()
  await quiet(() => gated.logWrites.length + state.acknowledged)
  expect(state.acknowledged).toBe(0)
  gated.open()
  await end()
  expect(Math.max(...gated.logWrites)).toBeLessThan(pendingBytesMax * 1.1)
  // Still in groups.
  expect(Math.max(...gated.logWrites)).toBeGreaterThan(pendingBytesMax * 0.8)
})

test('memtables stay bounded while segments are written slowly, and nothing is lost', async () => {
  const memtableBytesMax = 200_000
  const pendingBytesMax = 50_000
  const gated = new Gated(
    new SimulatedDisk(),
    (operation, path) => operation === 'create' && path.includes('/tmp/'),
  )
  const before = vectorMemoryStats().bytesInUse
  const { state, start, end } = await ingest(gated.disk, { memtableBytesMax, pendingBytesMax })
  gated.shut()
  start()
  await quiet(() => state.acknowledged)
  // One memtable on its way to the disk and one that fills up, each with the writes that were inside already.
  const bound = 2 * (memtableBytesMax + pendingBytesMax)
  expect(state.acknowledged * pointBytes).toBeLessThan(bound)
  expect(state.acknowledged * pointBytes).toBeGreaterThan(memtableBytesMax / 4)
  // A column takes memory by doubling.
  expect(vectorMemoryStats().bytesInUse - before).toBeLessThan(2 * bound)
  gated.open()
  await end()
})
