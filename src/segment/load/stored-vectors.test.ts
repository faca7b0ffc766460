import { closeSync, fstatSync, openSync, readFileSync, truncateSync, writeSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { rowSetOf, type ModelRow } from '../../../test/support/row-sets.ts'
import { runSearch } from '../../../test/support/run-search.ts'
import { HnswGraph } from '../../graph/hnsw/hnsw-graph.ts'
import { HnswThread } from '../../graph/hnsw/hnsw-thread.ts'
import { createSearcher } from '../../graph/search/create-searcher.ts'
import { searchColumn, type SearchEffort } from '../../graph/search/search-column.ts'
import { StoredColumn } from '../../graph/stored/stored-column.ts'
import { VectorColumn } from '../../graph/vector-column.ts'
import type { Metric } from '../../graph/vector-hits.ts'
import { vectorMemory } from '../../graph/vector-memory.ts'
import { segmentIdOf } from '../../ids/brands.ts'
import { systemClock } from '../../runtime/clock.ts'
import { seededRandom } from '../../runtime/random.ts'
import { Slices } from '../../runtime/slices.ts'
import { openLocalObjectStore, type LocalObjectStore } from '../../storage/local-object-store.ts'
import { nodeDisk } from '../../storage/node-disk.ts'
import { segmentKey, type SegmentInfo } from '../format.ts'
import type { DeclaredVectors, RowSet } from '../row-set.ts'
import { createInlineBuilder } from '../segment-builder.ts'
import { readSegment, storeVectors } from '../segment-reader.ts'
import { SegmentWriter } from '../segment-writer.ts'
import { createLoadThreads, inlineLoading } from './load-threads.ts'

const id = segmentIdOf('11111111-2222-4333-8444-555555555555')
const key = segmentKey(id, '_.graph')
const rowsKey = segmentKey(id, 'rows.parquet')
const seed = 77_031
const metrics: readonly Metric[] = ['dot', 'euclid', 'manhattan', 'cosine', 'jaccard']
const path = (file: string): string => new URL(`../../../test/support/${file}`, import.meta.url).href
const threads = createLoadThreads(2, { entry: new URL(path('load-worker.mjs')) })
const slices = new Slices(systemClock)
const searchers = {
  'on the calling thread': createSearcher(0, slices),
  'in two threads': createSearcher(2, slices, { entry: new URL(path('search-worker.mjs')) }),
}
const roots: string[] = []

afterAll(async () => {
  await threads.close()
  for (const searcher of Object.values(searchers)) await searcher.close()
  for (const root of roots) await rm(root, { recursive: true })
})

function stored(dimensions: number, metric: Metric = 'euclid', codes?: 'int8' | 'bfloat16'): DeclaredVectors {
  return { '': { dimensions, stored: { metric, ...(codes && { codes }) } } }
}

/** Rows around some centres; one in ten has no vector unless all have one, some are equal to others. */
function modelOf(count: number, dimensions: number, all = false): ModelRow[] {
  const random = seededRandom(seed)
  const vectorOf = (): number[] => Array.from({ length: dimensions }, () => Math.fround(random.next() - 0.5))
  const known = Array.from({ length: 20 }, vectorOf)
  return Array.from({ length: count }, (_, row) => ({
    id: row,
    written: 1 + row,
    payload: '{}',
    vectors: row % 10 === 3 && !all ? {} : { '': row % 7 === 0 ? known[row % 20]! : vectorOf() },
  }))
}

interface Written {
  readonly store: LocalObjectStore
  readonly info: SegmentInfo
  readonly file: string
  /** The same rows in memory. */
  readonly rows: RowSet
}

/** @param once to rows.parquet alone, which needs all rows to have a vector */
async function written(count: number, dimensions: number, once = false): Promise<Written> {
  const root = await mkdtemp(join(tmpdir(), 'stored-'))
  roots.push(root)
  const store = await openLocalObjectStore({ disk: nodeDisk, root })
  const rows = rowSetOf({ '': { dimensions } }, modelOf(count, dimensions, once))
  const info = await new SegmentWriter(store, createInlineBuilder()).write(id, rows, {}, { once })
  return { store, info, file: join(root, once ? rowsKey : key), rows }
}

function columnsOf(inMemory: RowSet, inFile: RowSet): { exact: VectorColumn; column: StoredColumn } {
  const [exact, column] = [inMemory.vectors.get(''), inFile.vectors.get('')]
  if (!(exact instanceof VectorColumn) || !(column instanceof StoredColumn)) throw new Error('other columns')
  return { exact, column }
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array): Buffer =>
  Buffer.from(buffer, byteOffset, byteLength)
const textOf = (vector: Float32Array | undefined): string =>
  vector === undefined ? 'none' : bytesOf(vector).toString('latin1')

function flip(file: string, at: number): void {
  const descriptor = openSync(file, 'r+')
  writeSync(descriptor, Buffer.of(0x5a), 0, 1, at)
  closeSync(descriptor)
}

describe.each([
  [30, 3, false],
  [700, 17, false],
  [4_200, 260, false],
  [30, 4, true],
  [4_200, 260, true],
  // Several groups of rows, and pages that are not full.
  [20_000, 256, true],
])('%i rows of %i dimensions in a file, written once: %s', (count, dimensions, once) => {
  test('have the bits that they have in memory, whatever asks for them', async () => {
    const { store, info, rows } = await written(count, dimensions, once)
    const loaded = await readSegment(store, info, stored(dimensions), threads)
    const { exact, column } = columnsOf(rows, loaded)
    // A comparison by the test's library takes milliseconds for each row.
    const differing = [...Array(count).keys()].filter(
      (row) => textOf(column.get(row)) !== textOf(exact.get(row)),
    )
    expect(differing).toEqual([])
    const random = seededRandom(seed)
    const query = Float32Array.from({ length: dimensions }, () => random.next() - 0.5)
    const list = Uint32Array.from({ length: 300 }, () => Math.floor(random.next() * count))
    for (const metric of metrics) {
      expect(column.score(query, metric, list)).toEqual(exact.score(query, metric, list))
      const limit = Math.ceil(count / 3)
      const [found, expected] = [column.search(query, metric, limit), exact.search({ query, metric, limit })]
      expect(textOf(found.scores)).toBe(textOf(expected.scores))
      expect(found.rows.join()).toBe(expected.rows.join())
    }
    loaded.release()
    rows.release()
  })

  test.each(Object.entries(searchers))('are searched exactly %s', async (_, searcher) => {
    const { store, info, rows } = await written(count, dimensions, once)
    const loaded = await readSegment(store, info, stored(dimensions), inlineLoading)
    const { exact, column } = columnsOf(rows, loaded)
    const random = seededRandom(seed + 1)
    for (const share of [1, 0.5, 0.02]) {
      const passing = new Uint32Array(Math.ceil(count / 32))
      for (let row = 0; row < count; row++) if (random.next() < share) passing[row >>> 5]! |= 1 << (row & 31)
      const query = Float32Array.from({ length: dimensions }, () => random.next() - 0.5)
      const asked = { query, metric: 'cosine', limit: 25, rowLimit: count - 5, passing } as const
      const whole = { ...asked, passingCount: count, isKept: false, graph: undefined, effort: {} }
      const found = await runSearch(searcher, searchColumn({ ...whole, column }))
      expect(found).toEqual(await runSearch(searcher, searchColumn({ ...whole, column: exact })))
      expect(found.isExact).toBe(true)
    }
    loaded.release()
    rows.release()
  })
})

describe.each(['int8', 'bfloat16'] as const)('a graph over codes of %s, with the rows in a file', (codes) => {
  test.each(Object.entries(searchers))(
    'finds nearly all of the best, with their scores, %s',
    async (_, searcher) => {
      const [count, dimensions] = [6_000, 32]
      const { store, info, rows } = await written(count, dimensions)
      const loaded = await readSegment(store, info, stored(dimensions, 'euclid', codes))
      const { exact, column } = columnsOf(rows, loaded)
      expect(column.elements).toBe(codes)
      const graph = HnswGraph.create(column, 'euclid', { m: 16, efConstruct: 100, seed: 1 })!
      const scratch = graph.allocateScratch(100)!
      new HnswThread(graph.image(), scratch.image()).insert(count)
      scratch.dispose()
      loaded.attachGraph('', graph)
      const random = seededRandom(seed + 2)
      let hits = 0
      const queries = 40
      // More would be as dear as a scan.
      const effort: SearchEffort = { ef: 72 }
      for (let turn = 0; turn < queries; turn++) {
        const near = exact.get(1 + 10 * Math.floor(random.next() * 600))!
        const query = near.map((value) => value + 0.3 * (random.next() - 0.5))
        const best = exact.search({ query, metric: 'euclid', limit: 10 })
        const asked = { query, metric: 'euclid', limit: 10, rowLimit: count, passing: undefined } as const
        const whole = { ...asked, passingCount: count, isKept: false, effort, graph, column }
        const found = await runSearch(searcher, searchColumn(whole))
        expect(found.isExact).toBe(false)
        expect(found.scores).toEqual(exact.score(query, 'euclid', found.rows))
        // Of equal rows any is as good.
        const worst = best.scores.at(-1)!
        hits += found.scores.filter((score) => score <= worst).length
      }
      expect(hits / queries / 10, `seed ${seed}`).toBeGreaterThan(0.95)
      loaded.release()
      rows.release()
    },
  )
})

describe('vectors that leave memory', () => {
  test.each([false, true])('leave it when nobody searches them, and take less (once: %s)', async (once) => {
    const [count, dimensions] = [4_000, 256]
    const { store, info, rows } = await written(count, dimensions, once)
    const before = rows.vectors.get('') as VectorColumn
    const release = before.hold()
    const { bytesInUse } = vectorMemory.stats()
    await storeVectors(store, info, stored(dimensions), rows)
    const column = rows.vectors.get('') as StoredColumn
    expect(column.get(17)).toEqual(before.get(17))
    release()
    expect(column.bytes).toBeLessThan(0.3 * count * dimensions * 4)
    expect(vectorMemory.stats().bytesInUse).toBeLessThan(bytesInUse - 0.7 * count * dimensions * 4)
    expect(rows.storedBytes).toBe(count * dimensions * 4)
    rows.release()
  })

  test('stay in memory where the store has no files, and where nobody asked', async () => {
    const { store, info, rows } = await written(100, 8)
    const objects = { ...asPlainStore(store) }
    const loaded = await readSegment(objects, info, stored(8))
    expect(loaded.vectors.get('')).toBeInstanceOf(VectorColumn)
    await storeVectors(objects, info, stored(8), rows)
    await storeVectors(store, info, { '': { dimensions: 8 } }, rows)
    expect(rows.vectors.get('')).toBeInstanceOf(VectorColumn)
    loaded.release()
    rows.release()
  })

  test('close their file when the last search is over', async () => {
    const { store, info, rows } = await written(100, 8)
    const opened: number[] = []
    const watching = {
      ...asPlainStore(store),
      openFile: async (name: string) => {
        const file = await store.openFile!(name)
        opened.push(file.descriptor)
        return file
      },
    }
    const loaded = await readSegment(watching, info, stored(8))
    const column = loaded.vectors.get('') as StoredColumn
    const release = column.hold()
    loaded.release()
    expect(fstatSync(opened[0]!).isFile()).toBe(true)
    release()
    expect(opened).toHaveLength(1)
    expect(() => fstatSync(opened[0]!)).toThrow(/EBADF/)
    rows.release()
  })
})

describe('a file of vectors that is damaged', () => {
  test.each([
    [60, 8],
    [4_200, 260],
  ])('is refused when it is opened, with nothing left behind (%i x %i)', async (count, dimensions) => {
    const { store, info, file, rows } = await written(count, dimensions)
    const { bytesInUse } = vectorMemory.stats()
    flip(file, Math.floor(info.files.find(({ name }) => name === '_.graph')!.bytes * 0.7))
    const opening = readSegment(store, info, stored(dimensions))
    await expect(opening).rejects.toMatchObject({ code: 'segment-corrupt', details: { key } })
    truncateSync(file, 1_000)
    await expect(readSegment(store, info, stored(dimensions))).rejects.toMatchObject({
      code: 'segment-corrupt',
    })
    expect(vectorMemory.stats().bytesInUse).toBe(bytesInUse)
    rows.release()
  })

  test.each(
    Object.entries(searchers).flatMap(([where, searcher]) => [
      [where, false, searcher] as const,
      [where, true, searcher] as const,
    ]),
  )('after it was opened is not believed %s (once: %s)', async (_, once, searcher) => {
    const { store, info, file, rows } = await written(4_200, 260, once)
    const loaded = await readSegment(store, info, stored(260))
    const { exact, column } = columnsOf(rows, loaded)
    const placeOf = (row: number): number => readFileSync(file).indexOf(bytesOf(exact.get(row)!))
    const places = { damaged: placeOf(1_000), cut: placeOf(500) }
    flip(file, places.damaged + 7)
    const query = new Float32Array(260).fill(0.1)
    const changed = { code: 'segment-corrupt', details: { key: once ? rowsKey : key, row: 1_000 } }
    expect(() => column.get(1_000)).toThrow(expect.objectContaining(changed) as Error)
    expect(column.get(1_001)).toEqual(exact.get(1_001))
    const asked = { column, query, metric: 'dot', limit: 3, passing: undefined, passingCount: 4_200 } as const
    const whole = { ...asked, isKept: false, graph: undefined, effort: {} }
    await expect(runSearch(searcher, searchColumn({ ...whole, rowLimit: 4_200 }))).rejects.toMatchObject(
      changed,
    )
    // What does not need that row goes on.
    const found = await runSearch(searcher, searchColumn({ ...whole, rowLimit: 1_000 }))
    expect(found).toMatchObject(exact.search({ query, metric: 'dot', limit: 3, rowCount: 1_000 }))
    truncateSync(file, places.cut)
    const cut = { code: 'segment-corrupt', message: expect.stringContaining('ends before') as string }
    expect(() => column.get(600)).toThrow(expect.objectContaining(cut) as Error)
    loaded.release()
    rows.release()
  })
})

/** Without what only a store of local files has. */
function asPlainStore(store: LocalObjectStore) {
  return {
    put: store.put.bind(store),
    get: store.get.bind(store),
    getRange: store.getRange.bind(store),
    stream: store.stream.bind(store),
    head: store.head.bind(store),
    list: store.list.bind(store),
    delete: store.delete.bind(store),
  }
}
