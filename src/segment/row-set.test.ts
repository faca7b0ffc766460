import { describe, expect, test } from 'vitest'
import { HnswGraph } from '../graph/hnsw/hnsw-graph.ts'
import { HnswThread } from '../graph/hnsw/hnsw-thread.ts'
import { type VectorColumn } from '../graph/vector-column.ts'
import { vectorMemory } from '../graph/vector-memory.ts'
import { seqOf } from '../ids/brands.ts'
import { compareWords, wordsOfId, type IdWords, type PointId } from '../ids/point-id.ts'
import { seededRandom } from '../runtime/random.ts'
import { Slices } from '../runtime/slices.ts'
import { yieldToEventLoop } from '../runtime/yield.ts'
import { IdColumn } from './id-column.ts'
import { PayloadColumn } from './payload-column.ts'
import { RowSet } from './row-set.ts'

const noId = (): IdWords => ({ kind: 0, w0: 0, w1: 0, w2: 0, w3: 0 })

function add(rows: RowSet, id: PointId, written: number, payload = '', vector?: readonly number[]): number {
  return rows.append({
    id: wordsOfId(id),
    written: seqOf(written),
    payload: Buffer.from(payload),
    vectors: vector === undefined ? {} : { '': Float32Array.from(vector) },
  })
}

describe('RowSet', () => {
  test('gives back every row as it was appended, while it grows', () => {
    const seed = 7_301
    const random = seededRandom(seed)
    const rows = new RowSet({ '': { dimensions: 3 }, b: { dimensions: 1 } })
    const model: { id: PointId; written: number; payload: string; a?: number[]; b?: number[] }[] = []
    for (let row = 0; row < 3_000; row++) {
      const id = random.next() < 0.3 ? random.uuid() : Math.floor(random.next() * 800)
      const payload = random.next() < 0.1 ? '' : `{"n":${row},"pad":"${'é'.repeat(random.next() * 60)}"}`
      const a = random.next() < 0.8 ? [Math.fround(random.next()), 2, 3] : undefined
      const b = random.next() < 0.5 ? [row] : undefined
      model.push({ id, written: row + 10, payload, ...(a && { a }), ...(b && { b }) })
      rows.append({
        id: wordsOfId(id),
        written: seqOf(row + 10),
        payload: Buffer.from(payload),
        vectors: { '': a && Float32Array.from(a), b: b && Float32Array.from(b) },
      })
    }
    expect(rows.rowCount).toBe(model.length)
    model.forEach(({ id, written, payload, a, b }, row) => {
      const text = Buffer.from(rows.payloadAt(row)).toString()
      const vector = rows.vectors.get('')!.get(row)
      const other = rows.vectors.get('b')!.get(row)
      expect([rows.pointIdAt(row), rows.writtenAt(row), text], `seed ${seed}`).toEqual([id, written, payload])
      expect(
        [vector && [...(vector as Float32Array)], other && [...(other as Float32Array)]],
        `seed ${seed}`,
      ).toEqual([a, b])
    })
    rows.release()
  })

  test('finds all rows of an id, the newest first', () => {
    const rows = new RowSet({})
    const history = [5, 6, 5, 5, 6, 7].map((id, index) => add(rows, id, index + 1))
    expect(history).toEqual([0, 1, 2, 3, 4, 5])
    const rowsOf = (id: PointId): number[] => {
      const found = []
      for (let row = rows.findNewest(wordsOfId(id)); row !== undefined; row = rows.olderRow(row))
        found.push(row)
      return found
    }
    expect([rowsOf(5), rowsOf(6), rowsOf(7), rowsOf(8)]).toEqual([[3, 2, 0], [4, 1], [5], []])
  })

  test('a payload that was handed out stays where it is', () => {
    const rows = new RowSet({})
    add(rows, 1, 1, '{"first":true}')
    const view = rows.payloadAt(0)
    for (let row = 1; row < 2_000; row++) add(rows, row, row, `{"row":${row},"pad":"${'x'.repeat(500)}"}`)
    expect(Buffer.from(view).toString()).toBe('{"first":true}')
    expect(rows.payloadAt(0).buffer).toBe(view.buffer)
  })

  test('takes payloads larger than a chunk', () => {
    const rows = new RowSet({})
    const large = `{"a":"${'z'.repeat(9 * 2 ** 20)}"}`
    add(rows, 1, 1, '{}')
    add(rows, 2, 2, large)
    add(rows, 3, 3, '{"b":1}')
    expect(Buffer.from(rows.payloadAt(1)).toString()).toBe(large)
    expect(Buffer.from(rows.payloadAt(2)).toString()).toBe('{"b":1}')
  })

  test.each([200, 9_000])('lists %i rows in id order, as far as they were added', (count) => {
    const seed = 11_000 + count
    const random = seededRandom(seed)
    const rows = new RowSet({})
    const expected = (): number[] => {
      const [a, b] = [noId(), noId()]
      return Array.from({ length: rows.rowCount }, (_, row) => row).sort((x, y) => {
        rows.idAt(x, a)
        rows.idAt(y, b)
        return compareWords(a, b) || x - y
      })
    }
    for (let i = 0; i < count; i++) {
      const wide = BigInt(Math.floor(random.next() * 2 ** 50)) * 16_381n
      // The last ones share their first words, as UUIDs with a time in front do.
      const timed = `00000000-0000-7000-8000-0000${random.uuid().slice(28)}`
      const ids = [Math.floor(random.next() * 500), wide, random.uuid(), timed]
      const id = ids[Math.floor(random.next() * ids.length)]!
      add(rows, id, i + 1)
      if (i % 1_499 === 77) expect([...rows.rowsInIdOrder()], `seed ${seed}`).toEqual(expected())
    }
    expect([...rows.rowsInIdOrder()], `seed ${seed}`).toEqual(expected())
    expect(rows.rowsInIdOrder()).toBe(rows.rowsInIdOrder())
  })

  test('the order of many ids is found in slices, while rows are added', async () => {
    const random = seededRandom(5)
    const [rows, same] = [new RowSet({}), new RowSet({})]
    const addToBoth = (count: number): void => {
      for (let i = 0; i < count; i++) {
        const id = random.next() < 0.3 ? random.uuid() : Math.floor(random.next() * 2 ** 40)
        for (const one of [rows, same]) add(one, id, one.rowCount + 1)
      }
    }
    addToBoth(60_000)
    let ms = 0
    // A slice is over at every look.
    const slices = new Slices({ monotonic: () => (ms += 5) })
    let turns = 0
    const prepare = async (): Promise<void> => {
      const preparing = rows.prepareIdOrder(60_000, slices)
      expect(preparing).toBeDefined()
      await preparing
    }
    const done = Promise.all([prepare(), prepare()]).then(() => true)
    while (!(await Promise.race([done, yieldToEventLoop().then(() => false)]))) {
      turns += 1
      if (turns % 10 === 3) addToBoth(1)
    }
    expect(turns).toBeGreaterThan(30)
    expect(rows.prepareIdOrder(60_000, slices)).toBeUndefined()
    expect(rows.rowsInIdOrder(60_000).length).toBe(60_000)
    expect(rows.rowCount).toBeGreaterThan(60_000)
    // Added to what is known, in slices as well.
    await rows.prepareIdOrder(rows.rowCount, slices)
    expect(rows.rowsInIdOrder(1)).toEqual(same.rowsInIdOrder())
  })

  test('the order of ids is found once for all who ask', async () => {
    const looksFor = async (callers: number): Promise<number> => {
      const rows = new RowSet({})
      for (let id = 0; id < 20_000; id++) add(rows, (id * 7_919) % 20_011, id + 1)
      let looks = 0
      const slices = new Slices({ monotonic: () => 5 * looks++ })
      await Promise.all(Array.from({ length: callers }, async () => rows.prepareIdOrder(20_000, slices)))
      expect(rows.prepareIdOrder(20_000, slices)).toBeUndefined()
      return looks
    }
    expect(await looksFor(5)).toBe(await looksFor(1))
  })

  test('counts the rows up to a number, several of which may share one', () => {
    const rows = new RowSet({})
    for (const written of [3, 3, 5, 9, 9, 9]) add(rows, written, written)
    const counts = [2, 3, 4, 5, 8, 9, 10].map((seq) => rows.rowsUpTo(seqOf(seq)))
    expect(counts).toEqual([0, 2, 2, 3, 3, 6, 6])
    expect([rows.minWritten, rows.maxWritten]).toEqual([3, 9])
  })

  test('refuses to cut rows that are out of order', () => {
    const rows = new RowSet({})
    for (const written of [5, 4, 9]) add(rows, written, written)
    expect(rows.rowsUpTo(seqOf(9))).toBe(3)
    expect(() => rows.rowsUpTo(seqOf(5))).toThrow(expect.objectContaining({ code: 'segment-corrupt' }))
  })

  test('the last release frees the vector memory, and only that one', () => {
    const before = vectorMemory.stats().bytesInUse
    const rows = new RowSet({ '': { dimensions: 64 } })
    for (let row = 0; row < 1_000; row++) add(rows, row, row + 1, '', new Array<number>(64).fill(row))
    rows.retain()
    rows.release()
    expect((rows.vectors.get('')!.get(999) as Float32Array)[5]).toBe(999)
    expect(vectorMemory.stats().bytesInUse).toBeGreaterThan(before)
    rows.release()
    expect(vectorMemory.stats().bytesInUse).toBe(before)
    expect(() => rows.release()).toThrow('released once')
  })

  test('becomes what columns hold', async () => {
    const ids = new IdColumn()
    const payloads = new PayloadColumn()
    for (const id of [4, 5, 4]) {
      ids.append(wordsOfId(id))
      payloads.append(Buffer.from(`{"id":${id}}`))
    }
    const written = Float64Array.of(1, 2, 3)
    const rows = await RowSet.fromColumns({ ids, written, payloads, vectors: new Map() })
    expect([rows.rowCount, rows.findNewest(wordsOfId(4)), rows.olderRow(2)]).toEqual([3, 2, 0])
    expect(rows.vectors.has('x')).toBe(false)
    expect(add(rows, 6, 4)).toBe(3)
    rows.release()
  })

  test('knows how much memory it holds', () => {
    const rows = new RowSet({ '': { dimensions: 16 } })
    for (let row = 0; row < 10_000; row++) {
      add(rows, row, row + 1, `{"n":"${'p'.repeat(90)}"}`, new Array<number>(16).fill(1))
    }
    const least = 10_000 * (64 + 98 + 17 + 8 + 12)
    expect(rows.bytes).toBeGreaterThan(least)
    expect(rows.bytes).toBeLessThan(least * 2.5)
    rows.release()
  })

  test('keeps its graphs, and those they replaced, until it is released', () => {
    const before = vectorMemory.stats().bytesInUse
    const rows = new RowSet({ '': { dimensions: 4 } })
    for (let row = 0; row < 100; row++) add(rows, row, row + 1, '', [row, 1, 2, 3])
    const column = rows.vectors.get('') as VectorColumn
    const bytes = rows.bytes
    const build = (metric: 'dot' | 'euclid'): HnswGraph => {
      const graph = HnswGraph.create(column, metric, { m: 4, efConstruct: 16, seed: 1 })!
      rows.keepUnfinished('', graph)
      const scratch = graph.allocateScratch(16)!
      new HnswThread(graph.image(), scratch.image()).insert(100)
      scratch.dispose()
      return graph
    }
    expect([rows.graphOf(''), rows.graphBytes]).toEqual([undefined, 0])
    const first = build('dot')
    expect([rows.unfinishedGraphOf(''), rows.graphOf('')]).toEqual([first, undefined])
    rows.attachGraph('', first)
    expect([rows.unfinishedGraphOf(''), rows.graphOf('')]).toEqual([undefined, first])
    expect(rows.bytes).toBe(bytes + first.bytes)
    const second = build('euclid')
    rows.attachGraph('', second)
    expect(rows.graphOf('')).toBe(second)
    // A search may be on its way through the first one.
    expect(first.record().m).toBe(4)
    rows.release()
    expect(vectorMemory.stats().bytesInUse).toBe(before)
  })
})
