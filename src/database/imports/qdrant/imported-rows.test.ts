import { expect, test } from 'vitest'
import { fullConfig } from '../../../collection/collection-state.ts'
import { SegmentRegistry } from '../../../collection/segment-handle.ts'
import type { Location } from '../../../collection/shard.ts'
import { collectionIdOf, segmentIdOf } from '../../../ids/brands.ts'
import { wordsOfId } from '../../../ids/point-id.ts'
import { seededRandom } from '../../../runtime/random.ts'
import { createInlineBuilder } from '../../../segment/segment-builder.ts'
import { readSegment } from '../../../segment/segment-reader.ts'
import { SegmentWriter } from '../../../segment/segment-writer.ts'
import { MemoryObjectStore } from '../../../storage/memory-object-store.ts'
import { VerifiedObjects } from '../../../storage/verified-objects.ts'
import type { Engine } from '../../engine.ts'
import type { Staging } from '../../staged.ts'
import { ImportedRows, type WrittenRows } from './imported-rows.ts'

const noCheck = (): Promise<void> => Promise.resolve()

function rowsOf(bytesMax: number, shards = 1) {
  const random = seededRandom(7)
  const store = new MemoryObjectStore()
  const registry = new SegmentRegistry()
  const verified = new VerifiedObjects(store)
  const segments = new SegmentWriter(store, createInlineBuilder(), verified)
  const parts = { store, registry, verified, segments, bulkSegments: segments, random }
  const staging = { newSegment: () => segmentIdOf(random.uuid()) }
  const owner = collectionIdOf(random.uuid())
  const config = fullConfig({ vectors: { '': { size: 2, distance: 'Dot' } }, shardNumber: shards })
  const options = { owner, config, signal: undefined, bytesMax }
  const engine = { parts } as unknown as Engine
  return { rows: new ImportedRows(engine, staging as unknown as Staging, options), registry, store, config }
}

/** Memory of the rows, those that were replaced among them. */
const bytesOf = (registry: SegmentRegistry): number =>
  [...registry.all()].reduce((sum, handle) => sum + handle.rows.bytes, 0)

test('one point that is written for ever takes bounded memory, and what is left is what was written last', async () => {
  const { rows, registry, store, config } = rowsOf(512 * 1024)
  const id = (number: number) => wordsOfId(number)
  let most = 0
  for (let round = 0; round < 3_000; round++) {
    for (const number of [round % 7, 100 + round]) {
      if (number >= 100 && round >= 50) continue
      const payload = Buffer.from(JSON.stringify({ round, text: 'x'.repeat(8_000) }))
      const row = { payload, vectors: { '': Float32Array.of(round, number) } }
      rows.put(id(number), round, row, rows.find(id(number)))
    }
    if (round % 10 === 0) await rows.pause()
    most = Math.max(most, bytesOf(registry))
  }
  // 24 MB were written; 57 points of 8 KB are left.
  expect(most).toBeLessThan(6 * 2 ** 20)
  expect(rows.pointCount).toBe(57)
  const written = await rows.write(config, noCheck)
  expect(written.view.pointCount()).toBe(57)
  const kept = new Set(
    written.segments.flatMap((info) => info.files.map(({ name }) => `segments/${info.id}/${name}`)),
  )
  const present = (await store.list('segments/'))
    .map(({ key }) => key)
    .filter((key) => !key.includes('deltas-'))
  expect(present.sort()).toEqual([...kept].sort())
  for (let number = 0; number < 7; number++) {
    const { entry, row } = rows.find(id(number))!
    const last = 2_999 - ((2_999 - number) % 7)
    expect(entry.rows.writtenAt(row)).toBe(last)
    expect([...(entry.rows.vectors.get('')!.get(row) as Float32Array)]).toEqual([last, number])
  }
  written.view.release()
  await rows.release()
  expect(registry.size).toBe(0)
})

test.each([20, 2])(
  'points of many segments are all written, also when one in %d is replaced',
  async (every) => {
    const { rows, registry, store, config } = rowsOf(64 * 1024)
    const count = 2_000
    const put = (number: number, version: number) => {
      const payload = Buffer.from(JSON.stringify({ number, version, text: 'x'.repeat(300) }))
      const row = { payload, vectors: { '': Float32Array.of(number, version) } }
      rows.put(wordsOfId(number), version, row, rows.find(wordsOfId(number)))
    }
    for (let number = 0; number < count; number++) {
      put(number, 1)
      if (number % every === 0) put(Math.floor(number / 2), 2)
      if (number % 50 === 0) await rows.pause()
    }
    const { view, segments, shards } = await rows.write(config, noCheck)
    expect(segments.length).toBeGreaterThan(5)
    expect([view.pointCount(), rows.pointCount]).toEqual([count, count])
    expect(shards.flat().map(({ segment }) => segment)).toEqual(segments.map(({ id }) => id))
    const found = new Map<number, number>()
    for (const { handle, deletions } of view.entries()) {
      const stored = await readSegment(store, handle.info!, { '': { dimensions: 2 } })
      for (let row = 0; row < stored.rowCount; row++) {
        if (deletions.isDead(row)) continue
        const [number, version] = stored.vectors.get('')!.get(row) as Float32Array
        expect(found.has(number!)).toBe(false)
        found.set(number!, version!)
      }
      stored.release()
    }
    expect(found.size).toBe(count)
    for (const [number, version] of found)
      expect(version, `point ${number}`).toBe(number * 2 < count && isReplaced(number, every) ? 2 : 1)
    view.release()
    await rows.release()
    expect(registry.size).toBe(0)
  },
)

/** Whether some n below 2,000 that `every` divides has it as its half. */
const isReplaced = (number: number, every: number): boolean =>
  (2 * number) % every === 0 || (2 * number + 1) % every === 0

test('points of a shard that is done stay where they are, and are known as such', async () => {
  const { rows } = rowsOf(16 * 1024)
  const put = (number: number, version: number) =>
    rows.put(
      wordsOfId(number),
      version,
      { payload: Buffer.alloc(500, 32), vectors: {} },
      rows.find(wordsOfId(number)),
    )
  for (let number = 0; number < 20; number++) put(number, 1)
  rows.seal()
  for (let round = 0; round < 400; round++) {
    put(100 + (round % 3), round)
    await rows.pause()
  }
  for (let number = 0; number < 20; number++) expect(rows.isSealed(rows.find(wordsOfId(number))!)).toBe(true)
  for (let number = 100; number < 103; number++)
    expect(rows.isSealed(rows.find(wordsOfId(number))!)).toBe(false)
  expect(rows.pointCount).toBe(23)
  await rows.release()
})

type Rows = ReturnType<typeof rowsOf>['rows']

function putNumber(rows: Rows, number: number, version: number, bytes = 300): void {
  const payload = Buffer.from(JSON.stringify({ number, version, text: 'x'.repeat(bytes) }))
  const row = { payload, vectors: { '': Float32Array.of(number, version) } }
  rows.put(wordsOfId(number), version, row, rows.find(wordsOfId(number)))
}

/** Version by number of what the segments' files hold and nobody deleted. */
async function storedVersions(
  store: MemoryObjectStore,
  { view }: WrittenRows,
): Promise<Record<number, number>> {
  const found: Record<number, number> = {}
  for (const { handle, deletions } of view.entries()) {
    const stored = await readSegment(store, handle.info!, { '': { dimensions: 2 } })
    for (let row = 0; row < stored.rowCount; row++) {
      if (deletions.isDead(row)) continue
      const [number, version] = stored.vectors.get('')!.get(row) as Float32Array
      expect(found[number!], `point ${number!} is there once`).toBeUndefined()
      found[number!] = version!
    }
    stored.release()
  }
  return found
}

test('what the archive had is written while single changes follow, and they count', async () => {
  const { rows, store, config, registry } = rowsOf(2 ** 20)
  for (let number = 0; number < 1_000; number++) putNumber(rows, number, 1)
  expect(await store.list('segments/')).toEqual([])
  rows.settle()
  const expected: Record<number, number> = {}
  for (let number = 0; number < 1_050; number++) {
    if (number % 10 === 3)
      rows.delete(wordsOfId(number), rows.find(wordsOfId(number)) ?? missing(rows, number))
    else if (number % 10 === 4 || number >= 1_000) putNumber(rows, number, 2)
    if (number % 10 !== 3) expected[number] = number % 10 === 4 || number >= 1_000 ? 2 : 1
    await rows.pause()
  }
  // Nobody has asked for it to be written in the end.
  expect((await store.list('segments/')).some(({ key }) => key.endsWith('rows.parquet'))).toBe(true)
  const written = await rows.write(config, noCheck)
  expect(written.segments).toHaveLength(2)
  expect(await storedVersions(store, written)).toEqual(expected)
  written.view.release()
  await rows.release()
  expect(registry.size).toBe(0)
})

/** One that is put first, so that there is something to delete. */
function missing(rows: Rows, number: number): Location {
  putNumber(rows, number, 1)
  return rows.find(wordsOfId(number))!
}

test('without changes there is no further segment', async () => {
  const { rows, store, config } = rowsOf(2 ** 20)
  for (let number = 0; number < 1_000; number++) putNumber(rows, number, 1)
  rows.settle()
  const written = await rows.write(config, noCheck)
  expect(written.segments).toHaveLength(1)
  expect(Object.keys(await storedVersions(store, written))).toHaveLength(1_000)
  written.view.release()
  await rows.release()
})

test('few points are not worth a segment of their own: they are written with the changes', async () => {
  const { rows, store, config } = rowsOf(2 ** 20, 4)
  for (let number = 0; number < 100; number++) putNumber(rows, number, 1)
  rows.settle()
  for (let number = 50; number < 150; number++) putNumber(rows, number, 2)
  await rows.pause()
  expect(await store.list('segments/')).toEqual([])
  const written = await rows.write(config, noCheck)
  expect(written.segments).toHaveLength(4)
  expect(Object.values(await storedVersions(store, written)).sort()).toEqual([
    ...new Array<number>(50).fill(1),
    ...new Array<number>(100).fill(2),
  ])
  written.view.release()
  await rows.release()
})

test('all that is settled is written, also where there is no room to begin with all of it at once', async () => {
  const { rows, store, config } = rowsOf(2 ** 20, 6)
  for (let number = 0; number < 6_000; number++) putNumber(rows, number, 1)
  rows.settle()
  for (let round = 0; round < 100; round++) await rows.pause()
  const before = (await store.list('segments/')).filter(({ key }) => key.endsWith('rows.parquet'))
  expect(before.length).toBeGreaterThan(2)
  const written = await rows.write(config, noCheck)
  expect(written.segments).toHaveLength(6)
  expect(Object.keys(await storedVersions(store, written))).toHaveLength(6_000)
  written.view.release()
  await rows.release()
})
