import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { modelOf, rowSetOf, type ModelRow } from '../../../test/support/row-sets.ts'
import { vectorMemory } from '../../graph/vector-memory.ts'
import { segmentIdOf } from '../../ids/brands.ts'
import { seededRandom } from '../../runtime/random.ts'
import { openLocalObjectStore } from '../../storage/local-object-store.ts'
import { MemoryObjectStore } from '../../storage/memory-object-store.ts'
import { nodeDisk } from '../../storage/node-disk.ts'
import type { ObjectStore } from '../../storage/object-store.ts'
import { segmentKey, type SegmentInfo } from '../format.ts'
import type { DeclaredVectors } from '../row-set.ts'
import { createInlineBuilder } from '../segment-builder.ts'
import { readSegment, verifySegment } from '../segment-reader.ts'
import { SegmentWriter } from '../segment-writer.ts'
import { sumBlockBytes, sumsFileName } from './block-sums.ts'
import { createLoadThreads, inlineLoading, type LoadThreads } from './load-threads.ts'

const id = segmentIdOf('11111111-2222-4333-8444-555555555555')
const seed = 48_811
const dimensions = { '': { dimensions: 254 } }
const entry = new URL('../../../test/support/load-worker.mjs', import.meta.url)

/** Enough for several blocks of each file; one row in ten has no vector, ids come again, one in two is a UUID. */
function largeModel(): ModelRow[] {
  const random = seededRandom(seed)
  return Array.from({ length: 4_400 }, (_, row) => {
    const n = Math.floor(random.next() * 5_000)
    const vector = Array.from({ length: 254 }, () => Math.fround(random.next()))
    return {
      id: row % 2 === 0 ? n : `00000000-0000-4000-8000-${n.toString().padStart(12, '0')}`,
      written: 1 + row,
      payload: row % 5 === 0 ? '{}' : `{"row":${row},"text":"${'x'.repeat(row % 300)}"}`,
      vectors: row % 10 === 0 ? {} : { '': vector },
    }
  })
}

const roots: string[] = []
afterAll(async () => {
  for (const root of roots) await rm(root, { recursive: true })
})

const inMemory = async (): Promise<ObjectStore> => new MemoryObjectStore()
const inFiles = async (): Promise<ObjectStore> => {
  const root = await mkdtemp(join(tmpdir(), 'stillpoint-load-'))
  roots.push(root)
  return openLocalObjectStore({ disk: nodeDisk, root })
}

async function writeLarge(
  model: readonly ModelRow[],
  newStore = inMemory,
): Promise<{ store: ObjectStore; info: SegmentInfo }> {
  const store = await newStore()
  const rows = rowSetOf(dimensions, model)
  const info = await new SegmentWriter(store, createInlineBuilder()).write(id, rows, {})
  rows.release()
  return { store, info }
}

async function flip(store: ObjectStore, key: string, at: number): Promise<void> {
  const bytes = new Uint8Array(await store.get(key))
  bytes[at]! ^= 1 << (at % 8)
  await store.put(key, bytes)
}

/** While the byte is another one, the segment is neither read nor verified, and the file is named. */
async function expectRefused(
  store: ObjectStore,
  info: SegmentInfo,
  [name, at]: readonly [string, number],
  declared: DeclaredVectors,
  loading: LoadThreads,
): Promise<void> {
  const key = segmentKey(id, name)
  const whole = await store.get(key)
  await flip(store, key, at)
  const reading = readSegment(store, info, declared, loading)
  const refusal = { code: 'segment-corrupt', details: { key } }
  await expect(reading, `${name}, byte ${at}`).rejects.toMatchObject(refusal)
  await expect(verifySegment(store, info)).rejects.toMatchObject({ code: 'segment-corrupt' })
  await store.put(key, whole)
}

/** Comparing a million numbers by themselves takes seconds. */
const textOf = (model: readonly ModelRow[]): string =>
  JSON.stringify(model, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value))

/** Which parts of an object are read. */
class WatchedStore extends MemoryObjectStore {
  readonly read = new Map<string, number>()

  override getRange(key: string, offset: number, length: number): Promise<Uint8Array> {
    this.read.set(key, (this.read.get(key) ?? 0) + length)
    return super.getRange(key, offset, length)
  }
}

const placedDimensions = { '': { dimensions: 252 } }

/** All rows have a vector, and no padding: they are written to rows.parquet alone. */
function placedModel(count: number): ModelRow[] {
  return largeModel()
    .slice(0, count)
    .map((row, at) => ({
      ...row,
      vectors: { '': Array.from({ length: 252 }, (_, i) => Math.fround(at + i / 252)) },
    }))
}

async function writeOnce(
  model: readonly ModelRow[],
  newStore = inMemory,
): Promise<{ store: ObjectStore; info: SegmentInfo }> {
  const store = await newStore()
  const rows = rowSetOf(placedDimensions, model)
  const writer = new SegmentWriter(store, createInlineBuilder())
  const info = await writer.write(id, rows, {}, { once: true })
  rows.release()
  return { store, info }
}

const threads: LoadThreads = createLoadThreads(2, { entry })
let letGo: () => void = () => undefined
// Held, so that they start once.
const held = threads.use(() => new Promise<void>((resolve) => (letGo = resolve)))
afterAll(async () => {
  letGo()
  await held
  await threads.close()
})

describe.each([
  ['on the calling thread', inlineLoading, inMemory],
  ['in two threads', threads, inMemory],
  ['in two threads, which read the files', threads, inFiles],
])('a segment that is loaded %s', (_, loading, newStore) => {
  const model = largeModel()
  let store: ObjectStore
  let info: SegmentInfo
  beforeAll(async () => {
    ;({ store, info } = await writeLarge(model, newStore))
  })

  test('has sums of its large files, and is what was written', async () => {
    expect(info.files.map(({ name }) => name)).toEqual(['_.graph', 'rows.parquet', sumsFileName])
    const memory = vectorMemory.stats().bytesInUse
    const rows = await readSegment(store, info, dimensions, loading)
    expect(textOf(modelOf(rows)) === textOf(model), `seed ${seed}`).toBe(true)
    const original = rowSetOf(dimensions, model)
    const word = { kind: 0, w0: 0, w1: 0, w2: 0, w3: 0 } as const
    for (let row = 0; row < rows.rowCount; row++) {
      const point = { ...word }
      original.idAt(row, point)
      expect(rows.findNewest(point)).toBe(original.findNewest(point))
      expect(rows.olderRow(row)).toBe(original.olderRow(row))
    }
    expect([rows.minWritten, rows.maxWritten, rows.rowsUpTo(original.writtenAt(99))]).toEqual([1, 4_400, 100])
    expect(rows.payloadBytes).toBe(original.payloadBytes)
    original.release()
    rows.release()
    expect(vectorMemory.stats().bytesInUse).toBe(memory)
  })

  test('without its sums is checked whole', async () => {
    const old = { ...info, files: info.files.filter(({ name }) => name !== sumsFileName) }
    const rows = await readSegment(store, old, dimensions, loading)
    expect(textOf(modelOf(rows)) === textOf(model)).toBe(true)
    rows.release()
    const key = segmentKey(id, 'rows.parquet')
    const whole = await store.get(key)
    await flip(store, key, whole.length - 300_000)
    await expect(readSegment(store, old, dimensions, loading)).rejects.toMatchObject({
      code: 'segment-corrupt',
      details: { key },
    })
    await store.put(key, whole)
  })

  test('is refused where a byte that is used has changed, and names the file', async () => {
    const memory = vectorMemory.stats().bytesInUse
    const graph = info.files.find(({ name }) => name === '_.graph')!.bytes
    const rows = info.files.find(({ name }) => name === 'rows.parquet')!.bytes
    const places: [string, number][] = [
      ['_.graph', 0],
      ['_.graph', 50],
      ['_.graph', sumBlockBytes],
      ['_.graph', Math.floor(graph / 2)],
      ['_.graph', graph - 1],
      ['rows.parquet', 10],
      ['rows.parquet', rows - 1],
      [sumsFileName, 30],
    ]
    for (const [name, at] of places) {
      await expectRefused(store, info, [name, at], dimensions, loading)
    }
    expect(vectorMemory.stats().bytesInUse).toBe(memory)
  })
})

describe.each([
  ['on the calling thread', inlineLoading, inMemory],
  ['in two threads', threads, inMemory],
  ['in two threads, which read the files', threads, inFiles],
])('a segment whose vectors were written once, loaded %s', (_, loading, newStore) => {
  test.each([1, 33, 1_000, 4_400])('is what was written, with %i rows', async (count) => {
    const model = placedModel(count)
    const { store, info } = await writeOnce(model, newStore)
    const memory = vectorMemory.stats().bytesInUse
    const [rows, graph] = ['rows.parquet', '_.graph'].map((name) =>
      info.files.find((file) => file.name === name)!,
    )
    expect(rows!.bytes).toBeGreaterThan(count * 252 * 4)
    expect(graph!.bytes).toBeLessThan(2_000)
    for (const declared of [placedDimensions, {}]) {
      const back = await readSegment(store, info, declared, loading)
      expect(textOf(modelOf(back)) === textOf(model), `seed ${seed}`).toBe(true)
      back.release()
    }
    const unsummed = { ...info, files: info.files.filter(({ name }) => name !== sumsFileName) }
    const back = await readSegment(store, unsummed, placedDimensions, loading)
    expect(textOf(modelOf(back)) === textOf(model), `seed ${seed}`).toBe(true)
    back.release()
    expect(vectorMemory.stats().bytesInUse).toBe(memory)
  })

  test('is what was written also where vectors are to stay in files', async () => {
    const model = placedModel(4_400)
    const { store, info } = await writeOnce(model, newStore)
    const declared = { '': { dimensions: 252, stored: { metric: 'euclid' } } } as const
    const back = await readSegment(store, info, declared, loading)
    expect(textOf(modelOf(back)) === textOf(model), `seed ${seed}`).toBe(true)
    back.release()
  })

  test('is refused where a byte has changed, and names the file', async () => {
    const { store, info } = await writeOnce(placedModel(4_400), newStore)
    const memory = vectorMemory.stats().bytesInUse
    const { bytes } = info.files.find(({ name }) => name === 'rows.parquet')!
    // Nothing of the end but the metadata is read.
    const places = [10, 1_000_000, Math.floor(bytes / 2), bytes - 300_000, bytes - 1]
    for (const [name, at] of [
      ...places.map((at) => ['rows.parquet', at] as const),
      ['_.graph', 90] as const,
    ]) {
      await expectRefused(store, info, [name, at], placedDimensions, loading)
    }
    expect(vectorMemory.stats().bytesInUse).toBe(memory)
  })

  test('is refused where the dimensions are others, or the rows', async () => {
    const { store, info } = await writeOnce(placedModel(1_000), newStore)
    const key = segmentKey(id, '_.graph')
    for (const [what, declared] of [
      [info, { '': { dimensions: 256 } }],
      [{ ...info, rowCount: 999 }, placedDimensions],
    ] as const)
      await expect(readSegment(store, what, declared, loading)).rejects.toMatchObject({
        code: 'segment-corrupt',
      })
    await expect(readSegment(store, info, { '': { dimensions: 256 } }, loading)).rejects.toMatchObject({
      details: { key },
    })
  })
})

test('of rows.parquet the vectors are not read, and damage there is found by verifying', async () => {
  const model = largeModel()
  const written = await writeLarge(model)
  const store = new WatchedStore()
  for (const { name } of written.info.files)
    await store.put(segmentKey(id, name), await written.store.get(segmentKey(id, name)))
  const key = segmentKey(id, 'rows.parquet')
  const { bytes } = written.info.files.find(({ name }) => name === 'rows.parquet')!
  await flip(store, key, Math.floor(bytes / 2))
  const rows = await readSegment(store, written.info, dimensions)
  expect(textOf(modelOf(rows)) === textOf(model)).toBe(true)
  rows.release()
  expect(store.read.get(key)!).toBeLessThan(bytes / 2)
  await expect(verifySegment(store, written.info)).rejects.toMatchObject({
    code: 'segment-corrupt',
    details: { key },
  })
})

test('threads that are closed fail what they were asked, and a thread that cannot start fails its job', async () => {
  const closed = createLoadThreads(1, { entry })
  const blocks = { blockBytes: 1, sums: Buffer.of() }
  const job = { kind: 'check', steps: [], blocks } as const
  const pending = expect(closed.use((run) => Promise.all([run(job), run(job)]))).rejects
  const isClosed = pending.toMatchObject({ code: 'database-closed' })
  await closed.close()
  await isClosed
  await expect(closed.use((run) => run(job))).rejects.toMatchObject({ code: 'database-closed' })
  const broken = createLoadThreads(1, { entry: new URL('data:text/javascript,throw new Error("no")') })
  await expect(broken.use((run) => run(job))).rejects.toMatchObject({ code: 'internal' })
  await broken.close()
})

test('who has work that keeps the main thread busy is told once, when threads have much to do', async () => {
  let told = 0
  const own = createLoadThreads(1, { entry, onBusy: () => (told += 1) })
  const job = { kind: 'check', steps: [], blocks: { blockBytes: 1, sums: Buffer.of() } } as const
  const next = new Int32Array(new SharedArrayBuffer(4))
  await own.use((run) => run(job))
  expect(told).toBe(0)
  for (const expected of [1, 1]) {
    await own.use(async (run) => {
      await Promise.all([1, 2, 3, 4, 5].map(() => run({ ...job, next })))
      expect(told).toBe(expected)
    })
  }
  await own.close()
})

test('whoever waits until loading is under way goes on when threads have much to do, or nothing', async () => {
  const own = createLoadThreads(1, { entry })
  await own.whenUnderWay()
  const job = { kind: 'check', steps: [], blocks: { blockBytes: 1, sums: Buffer.of() } } as const
  const next = new Int32Array(new SharedArrayBuffer(4))
  let isUnderWay = false
  await own.use(async (run) => {
    const wait = own.whenUnderWay().then(() => (isUnderWay = true))
    await run(job)
    expect(isUnderWay).toBe(false)
    await Promise.all([1, 2, 3, 4].map(() => run({ ...job, next })))
    await wait
  })
  isUnderWay = false
  let done: Promise<unknown> = Promise.resolve()
  await own.use(async (run) => {
    done = own.whenUnderWay()
    await run(job)
  })
  await done
  await own.close()
})
