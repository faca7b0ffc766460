import { expect, test } from 'vitest'
import { SimulatedDisk } from '../../../test/support/simulated-disk.ts'
import { intercepted } from '../../../test/support/disk-faults.ts'
import { vectorMemoryStats } from '../../graph/vector-memory.ts'
import type { Disk } from '../../storage/disk.ts'
import type { Database } from '../database.ts'
import { open, type OpenOptions } from '../open.ts'

const quiet = { workers: 0, background: false } as const

/** Three collections in segments: `large`, `middle` and `small`; each with a log that is empty. */
async function filledDisk(): Promise<SimulatedDisk> {
  const disk = new SimulatedDisk()
  const db = await open('/db', { ...quiet, unstable_disk: disk })
  for (const [name, count] of [
    ['small', 5],
    ['large', 300],
    ['middle', 50],
  ] as const) {
    const collection = await db.createCollection(name, { vectors: { '': { size: 4, distance: 'Dot' } } })
    await collection.upsert(
      Array.from({ length: count }, (_, id) => ({ id, vectors: { '': [id, 1, 2, 3] }, payload: { id } })),
    )
    // Each has a segment of its own.
    await db.flush()
  }
  await db.close()
  return disk
}

/** The collection of each segment. Leaves the log as it is. */
async function filesOf(disk: Disk): Promise<Map<string, string>> {
  const db = await open('/db', { ...quiet, unstable_disk: disk, flushOnClose: false })
  const files = new Map<string, string>()
  for (const collection of db.listCollections()) {
    for (const { id } of collection.segmentReports()) files.set(id, collection.name)
  }
  await db.close()
  return files
}

/** Reads of segments wait until their collection is let through; `order` has the collections as they were first read. */
async function gated(disk: SimulatedDisk) {
  const owners = await filesOf(disk)
  const order: string[] = []
  const gates = new Map<string, { opened: Promise<void>; open: () => void }>()
  for (const name of owners.values()) {
    let letGo: () => void = () => undefined
    const opened = new Promise<void>((resolve) => (letGo = resolve))
    gates.set(name, { opened, open: letGo })
  }
  const slow = intercepted(disk, async (operation, path, proceed) => {
    const name = owners.get(/\/segments\/([^/]+)\//.exec(path)?.[1] ?? '')
    if (name !== undefined && operation.startsWith('read')) {
      if (!order.includes(name)) order.push(name)
      await gates.get(name)!.opened
    }
    return proceed()
  })
  const openAll = (): void => gates.forEach((gate) => gate.open())
  return { disk: slow, order, open: (name: string) => gates.get(name)!.open(), openAll }
}

async function replace(disk: Disk, path: string, bytes: Uint8Array): Promise<void> {
  await disk.remove(path)
  const file = await disk.create(path)
  await file.write(bytes)
  await file.sync()
  await file.close()
}

/** One bit is another. */
function damaged(whole: Uint8Array): Uint8Array {
  return whole.map((byte, at) => (at === 200 ? byte ^ 1 : byte))
}

const lazily = (disk: Disk, more: OpenOptions = {}): Promise<Database> =>
  open('/db', { ...quiet, lazy: true, unstable_disk: disk, ...more })

test('a lazy opening answers for what is loaded, and whoever needs more waits for it', async () => {
  const { disk, order, open: letThrough, openAll } = await gated(await filledDisk())
  const db = await lazily(disk)
  const [large, small] = [db.getCollection('large'), db.getCollection('small')]
  expect([db.isLoaded, large.isLoaded, db.stats().points]).toEqual([false, false, 355])
  expect(large.config().vectors['']!.size).toBe(4)
  // What answers at once cannot wait, and must not look empty.
  expect(() => large.info()).toThrow(expect.objectContaining({ code: 'collection-loading' }))
  letThrough('small')
  expect(await small.count()).toBe(5)
  await small.upsert([{ id: 5, vectors: { '': [0, 0, 0, 0] } }])
  expect(await small.count()).toBe(6)
  expect(db.loading()).toMatchObject({
    isDone: false,
    segments: { loaded: 1, total: 3 },
    collections: [
      { name: 'large', status: 'loading', segments: { loaded: 0, total: 1 } },
      { name: 'middle', status: 'waiting' },
      { name: 'small', status: 'loaded', segments: { loaded: 1, total: 1 } },
    ],
  })
  expect(order).toEqual(['large', 'small'])
  const waiting = [
    large.query({ vector: [1, 0, 0, 0], limit: 1 }).then(([hit]) => hit!.id),
    large.get([299]).then(([point]) => point!.id),
    large.upsert([{ id: 300, vectors: { '': [1000, 0, 0, 0] } }]).then(({ affected }) => affected),
    db.openReader('large').then(async (reader) => {
      const count = await reader.count()
      reader.close()
      return count
    }),
    db.flush().then(() => 'flushed'),
  ]
  openAll()
  expect(await Promise.all(waiting)).toEqual([299, 299, 1, 300, 'flushed'])
  await db.whenLoaded()
  expect(order).toEqual(['large', 'small', 'middle'])
  const { loaded, total } = db.loading().bytes
  expect([db.isLoaded, loaded, db.stats().points]).toEqual([true, total, 357])
  await db.close()
})

test('the largest collection comes first, and one that somebody waits for before those that nobody needs', async () => {
  const { disk, order, openAll } = await gated(await filledDisk())
  const db = await lazily(disk)
  const wanted = db.whenLoaded('small')
  openAll()
  await wanted
  await db.whenLoaded()
  expect(order).toEqual(['large', 'small', 'middle'])
  await expect(db.whenLoaded('nothing')).rejects.toMatchObject({ code: 'collection-not-found' })
  await db.close()
})

test('records behind the checkpoint are replayed before the opening resolves, onto rows that are there', async () => {
  const simulated = await filledDisk()
  const before = await open('/db', { ...quiet, unstable_disk: simulated, flushOnClose: false })
  await before.getCollection('middle').upsert([{ id: 49, vectors: { '': [7, 7, 7, 7] } }])
  await before.close()
  const { disk, order, open: letThrough, openAll } = await gated(simulated)
  letThrough('middle')
  const db = await lazily(disk)
  expect(order[0]).toBe('middle')
  expect(await db.getCollection('middle').count()).toBe(50)
  const [point] = await db.getCollection('middle').get([49], { vectors: true })
  expect([...(point!.vectors![''] as Float32Array)]).toEqual([7, 7, 7, 7])
  expect(db.isLoaded).toBe(false)
  openAll()
  await db.close()
})

test('a damaged collection is refused by name, the others go on, and dropping it is what is left to do', async () => {
  const disk = await filledDisk()
  const owners = await filesOf(disk)
  const segment = [...owners].find(([, name]) => name === 'large')![0]
  const path = `/db/segments/${segment}/_.graph`
  const whole = new Uint8Array(await disk.readFile(path))
  await replace(disk, path, damaged(whole))
  const memory = vectorMemoryStats().bytesInUse
  const isDamaged = { code: 'segment-corrupt', details: { key: `segments/${segment}/_.graph` } }
  await expect(open('/db', { ...quiet, unstable_disk: disk })).rejects.toMatchObject(isDamaged)
  expect(vectorMemoryStats().bytesInUse).toBe(memory)
  const db = await lazily(disk)
  const large = db.getCollection('large')
  await expect(db.whenLoaded()).rejects.toMatchObject(isDamaged)
  await expect(large.count()).rejects.toMatchObject(isDamaged)
  await expect(large.upsert([{ id: 1, vectors: { '': [0, 0, 0, 0] } }])).rejects.toMatchObject(isDamaged)
  await expect(db.createSnapshot()).rejects.toMatchObject(isDamaged)
  expect(() => large.info()).toThrow(expect.objectContaining(isDamaged))
  const [report] = db.loading().collections
  expect(report).toMatchObject({ name: 'large', status: 'failed', error: expect.stringContaining(segment) })
  await db.getCollection('small').upsert([{ id: 9, vectors: { '': [0, 0, 0, 0] } }])
  await db.flush()
  await db.optimize()
  await db.collectGarbage()
  expect(await disk.stat(path)).toBeDefined()
  // Nothing was lost: with the file as it was, all is there.
  await db.close()
  await replace(disk, path, whole)
  const again = await open('/db', { ...quiet, unstable_disk: disk })
  expect([await again.getCollection('large').count(), await again.getCollection('small').count()]).toEqual([
    300, 6,
  ])
  await again.close()
})

test('a damaged collection can be dropped, and then everything goes on', async () => {
  const disk = await filledDisk()
  const segment = [...(await filesOf(disk))].find(([, name]) => name === 'large')![0]
  await disk.remove(`/db/segments/${segment}/_.graph`)
  const db = await lazily(disk)
  await expect(db.getCollection('large').count()).rejects.toMatchObject({ code: 'object-not-found' })
  expect([db.isLoaded, db.loading().isDone]).toEqual([false, false])
  expect(await db.dropCollection('large')).toBe(true)
  await db.whenLoaded()
  expect([db.isLoaded, db.loading()]).toEqual([
    true,
    expect.objectContaining({ isDone: true, segments: { loaded: 2, total: 2 } }),
  ])
  expect(db.loading().collections.map(({ name }) => name)).toEqual(['middle', 'small'])
  await db.createSnapshot({ name: 's' })
  await db.flush()
  await db.collectGarbage()
  await db.close()
  const again = await open('/db', { ...quiet, unstable_disk: disk })
  expect(again.listCollections().map(({ name }) => name)).toEqual(['middle', 'small'])
  await again.close()
})

test('a start ends if the log has records of a damaged collection, and drops none of them', async () => {
  const disk = await filledDisk()
  const segment = [...(await filesOf(disk))].find(([, name]) => name === 'large')![0]
  const path = `/db/segments/${segment}/_.graph`
  const whole = new Uint8Array(await disk.readFile(path))
  await replace(disk, path, damaged(whole))
  const put = async (name: string): Promise<void> => {
    const db = await lazily(disk, { flushOnClose: false })
    await db.getCollection(name).upsert([{ id: 900, vectors: { '': [9, 9, 9, 9] } }])
    await db.close()
  }
  // Those of others are replayed beside it.
  await put('small')
  const db = await lazily(disk)
  expect(await db.getCollection('small').count()).toBe(6)
  await db.close()
  await replace(disk, path, whole)
  await put('large')
  await replace(disk, path, damaged(whole))
  const isDamaged = { code: 'segment-corrupt', details: { key: `segments/${segment}/_.graph` } }
  await expect(lazily(disk)).rejects.toMatchObject(isDamaged)
  await replace(disk, path, whole)
  const again = await lazily(disk)
  expect([await again.getCollection('large').count(), await again.getCollection('small').count()]).toEqual([
    301, 6,
  ])
  await again.close()
})

test('closing while collections are loaded gives them up, and loses nothing', async () => {
  const simulated = await filledDisk()
  const { disk, open: letThrough, openAll } = await gated(simulated)
  letThrough('small')
  const memory = vectorMemoryStats().bytesInUse
  const db = await lazily(disk)
  await db.getCollection('small').upsert([{ id: 77, vectors: { '': [0, 0, 0, 0] } }])
  const waiting = expect(db.getCollection('middle').count()).rejects.toMatchObject({
    code: 'database-closed',
  })
  const closed = db.close()
  openAll()
  await closed
  await waiting
  expect(vectorMemoryStats().bytesInUse).toBe(memory)
  const again = await open('/db', { ...quiet, unstable_disk: simulated })
  expect(again.stats().points).toBe(356)
  await again.close()
})
