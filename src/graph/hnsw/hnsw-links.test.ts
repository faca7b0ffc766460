import { afterAll, describe, expect, test } from 'vitest'
import { graphOf, linksOf, present, threadOn, type BuiltGraph } from '../../../test/support/built-graph.ts'
import { mixtureOf, sampledBits } from '../../../test/support/vector-mixture.ts'
import { isDatabaseError, type DatabaseError } from '../../errors/database-error.ts'
import { seededRandom } from '../../runtime/random.ts'
import { readGraph, readGraphSections } from '../graph-reader.ts'
import { writeGraph } from '../graph-writer.ts'
import { VectorMemory } from '../vector-memory.ts'
import { linksHeaderBytes, linksLayout } from './hnsw-format.ts'
import type { HnswGraph } from './hnsw-graph.ts'
import { readLinks, writeLinks } from './hnsw-links.ts'
import { HnswThread } from './hnsw-thread.ts'

const seed = 7_401
const rowCount = 400
const absent = 5
const rows = mixtureOf({ rows: rowCount, dimensions: 6, clusters: 20, sigma: 0.5, seed })
const sparse = rows.map((row, at) => (at % 11 === absent ? undefined : row))
const offset = 4_096

const built = graphOf(sparse, { parameters: { m: 4 }, memory: new VectorMemory() })
const { graph, column, thread } = built
const bytes = Buffer.concat(writeLinks(graph))
const { m } = graph.parameters
const layout = linksLayout(graph.record())
const linkWords = 2 * m
afterAll(() => built[Symbol.dispose]())

const linkAt = (row: number, index: number) => layout.links + (row * linkWords + index) * 4
const linkedRows = Array.from({ length: rowCount }, (_, row) => row).filter(
  (row) => sparse[row] !== undefined,
)

/** Where in the bytes the first link of layer 0 is that fits. */
function findLink(fits: (row: number, link: number) => boolean): number {
  for (const row of linkedRows) {
    for (let index = 0; index < linkWords; index++) {
      const at = linkAt(row, index)
      if (fits(row, bytes.readUInt32LE(at))) return at
    }
  }
  throw new Error('there is no such link')
}

/** Reads changed bytes, whose section checksum nobody has looked at. Undefined if they make a graph. */
function refusal(changed: Buffer): DatabaseError | undefined {
  const { bytesInUse } = graph.arena
  try {
    present(readLinks(column, { bytes: changed, offset })).dispose()
    return undefined
  } catch (error) {
    if (isDatabaseError(error)) return error
    throw error
  } finally {
    // Neither way keeps any memory.
    expect(graph.arena.bytesInUse).toBe(bytesInUse)
  }
}

function changed(change: (copy: Buffer) => void): Buffer {
  const copy = Buffer.from(bytes)
  change(copy)
  return copy
}

/** The error names the place in the file. */
function expectFault(at: number, change: (copy: Buffer) => void): void {
  const error = refusal(changed(change))
  expect(error?.code).toBe('segment-corrupt')
  expect(error?.details).toEqual({ offset: offset + at })
  expect(error?.message).toContain(`(at byte ${offset + at})`)
}

describe('a graph in a file', () => {
  test('is read as it was written, and answers the same', () => {
    const file = Buffer.concat(writeGraph(column, writeLinks(graph)))
    const read = readGraphSections(file, { dimensions: 6, rowCount })
    using again = threadOn(read.column, present(readLinks(read.column, present(read.links))))
    expect(again.graph.parameters).toEqual(graph.parameters)
    expect([again.graph.metric, again.graph.isComplete]).toEqual(['euclid', true])
    expect(linksOf(again.graph).equals(linksOf(graph))).toBe(true)
    for (const query of rows.slice(0, 50)) {
      const request = { query, limit: 10, ef: 40 }
      expect(again.thread.search(request)).toEqual(thread.search(request))
    }
    // The same file again.
    expect(Buffer.concat(writeGraph(again.column, writeLinks(again.graph))).equals(file)).toBe(true)
  })

  test('may be left alone, and be missing', () => {
    readGraph(Buffer.concat(writeGraph(column, writeLinks(graph))), { dimensions: 6, rowCount }).dispose()
    const bare = readGraphSections(Buffer.concat(writeGraph(column)), { dimensions: 6, rowCount })
    expect(bare.links).toBeUndefined()
    bare.column.dispose()
  })

  test('is refused with any bit flipped: the file has checksums', () => {
    const file = Buffer.concat(writeGraph(column, writeLinks(graph)))
    const random = seededRandom(seed)
    for (let flip = 0; flip < 300; flip++) {
      const bit = file.byteLength * 8 - 1 - Math.floor(random.next() * bytes.byteLength * 8)
      file[bit >>> 3]! ^= 1 << (bit & 7)
      expect(() => readGraphSections(file, { dimensions: 6, rowCount }), `bit ${bit}`).toThrow('checksum')
      file[bit >>> 3]! ^= 1 << (bit & 7)
    }
  })
})

describe('damage behind a right checksum', () => {
  const firstList = layout.links
  const withRecord = linkedRows.find((row) => bytes.readUInt32LE(layout.upperAt + row * 4) !== 0)!
  const record = bytes.readUInt32LE(layout.upperAt + withRecord * 4)
  const recordAt = layout.upper + record * 4

  test.each([
    ['a link beyond the rows', rowCount],
    ['far beyond', 0x7ffffffe],
    ['to a row without a vector', absent],
    ['to itself', 0],
  ])('%s', (_, link) => expectFault(firstList, (copy) => copy.writeUInt32LE(link, firstList)))

  test('a link behind the end of a list', () => {
    const row = linkedRows.find(
      (candidate) => bytes.readUInt32LE(linkAt(candidate, linkWords - 2)) === 0xffffffff,
    )!
    const last = linkAt(row, linkWords - 1)
    expectFault(last, (copy) => copy.writeUInt32LE(row === 1 ? 2 : 1, last))
  })

  test('links of a row without a vector', () => {
    const at = firstList + absent * linkWords * 4
    expectFault(at, (copy) => copy.writeUInt32LE(1, at))
  })

  test('a row that no lower one leads to', () => {
    const at = findLink((_, link) => link === 9 + 0x80000000)
    expectFault(linkAt(9, 0), (copy) => copy.writeUInt32LE(9, at))
  })

  test('a row with two parents, and one that is below itself', () => {
    const up = findLink((row, link) => link > row && link < 0x80000000)
    const second = refusal(changed((copy) => copy.writeUInt32LE(bytes.readUInt32LE(up) + 0x80000000, up)))
    expect(second?.message).toContain('a link of row')
    const down = findLink((row, link) => link < row)
    expectFault(down, (copy) => copy.writeUInt32LE(bytes.readUInt32LE(down) + 0x80000000, down))
  })

  test('upper lists elsewhere', () => {
    const at = layout.upperAt + withRecord * 4
    for (const value of [0xffffffff, record + 1, graph.record().upperWords]) {
      expectFault(at, (copy) => copy.writeUInt32LE(value, at))
    }
    expect(refusal(changed((copy) => copy.writeUInt32LE(0, at)))?.code).toBe('segment-corrupt')
    const none = layout.upperAt + absent * 4
    expect(refusal(changed((copy) => copy.writeUInt32LE(1, none)))?.code).toBe('segment-corrupt')
  })

  test('a level that is none, or reaches beyond the end', () => {
    for (const level of [0, 16, 0xffffffff])
      expectFault(recordAt, (copy) => copy.writeUInt32LE(level, recordAt))
  })

  test('an upper link to a row that is not so high', () => {
    const low = linkedRows.find((row) => bytes.readUInt32LE(layout.upperAt + row * 4) === 0)!
    expectFault(recordAt + 4, (copy) => copy.writeUInt32LE(low, recordAt + 4))
    expectFault(recordAt + 4, (copy) => copy.writeUInt32LE(rowCount, recordAt + 4))
    expectFault(layout.upper, (copy) => copy.writeUInt32LE(1, layout.upper))
  })

  test.each([
    ['metric', 4, 99],
    ['m', 8, 1],
    ['m', 8, 513],
    ['efConstruct', 12, 0],
    ['efConstruct', 12, 5_000],
    ['upperWords', 20, 0],
    ['upperWords', 20, 0xffffffff],
    ['nextRow', 24, rowCount + 1],
    ['linkedCount', 28, 0],
    ['entry', 32, rowCount],
    ['entry', 32, absent],
    ['entry', 32, 0xffffffff],
    ['top', 36, 15],
    ['root', 40, 1],
    ['elements', 44, 3],
    ['zeros', 48, 1],
  ])('%s at %i is %i', (_, at, value) => expectFault(at, (copy) => copy.writeUInt32LE(value, at)))

  test('another length', () => {
    for (let length = 0; length < bytes.byteLength; length += length < linksHeaderBytes ? 1 : 97) {
      expect(refusal(bytes.subarray(0, length))?.code).toBe('segment-corrupt')
    }
    expect(refusal(Buffer.concat([bytes, Buffer.alloc(4)]))?.code).toBe('segment-corrupt')
    expect(refusal(changed((copy) => copy.writeUInt32LE(rowCount - 1, 24)))?.code).toBe('segment-corrupt')
  })

  test('versions to come, and none', () => {
    expect(refusal(changed((copy) => copy.writeUInt32LE(2, 0)))?.code).toBe('version-unsupported')
    expectFault(0, (copy) => copy.writeUInt32LE(0, 0))
  })
})

describe('chains of equal rows', () => {
  const kinds = rows.slice(0, 8)
  const equal = graphOf(
    Array.from({ length: 64 }, (_, row) => kinds[row % 8]),
    { parameters: { m: 4 }, memory: new VectorMemory() },
  )
  afterAll(() => equal[Symbol.dispose]())
  const whole = Buffer.concat(writeLinks(equal.graph))
  const listAt = (row: number) => linksHeaderBytes + row * linkWords * 4
  const marked = (row: number) => 0xc0000000 + row

  function expectRefused(at: number, link: number): void {
    const copy = Buffer.from(whole)
    copy.writeUInt32LE(link, at)
    expect(() => readLinks(equal.column, { bytes: copy, offset: 0 })).toThrow('Cannot read graph file')
  }

  test('go from the first of them to the newest, and down from there', () => {
    for (let row = 0; row < 64; row++) {
      const next = row < 8 ? row + 56 : row - 8
      const link = whole.readUInt32LE(listAt(row))
      if (row < 8 || row >= 16) expect(link, `row ${row}`).toBe(marked(next))
      else expect(link, `row ${row}`).toBe(row - 8)
    }
  })

  test('are refused where they do not end', () => {
    // 56, 48 and so on down to 8 follow 0.
    expectRefused(listAt(8), marked(0))
    expectRefused(listAt(8), marked(56))
    expectRefused(listAt(24), marked(40))
    expectRefused(listAt(0), marked(0))
    expectRefused(listAt(0), marked(63))
    expectRefused(listAt(8), 0x80000000 + 60)
    expectRefused(listAt(8), 0x40000000 + 1)
    expectRefused(listAt(3) + 4, marked(20))
  })

  test('whatever the bits are, a search ends', () => expectHarmlessFlips(equal, whole, 3_000))
})

test('whatever the bits are, a search stays within the graph', () => expectHarmlessFlips(built, bytes, 4_000))

/** Every single bit is refused when it is flipped, or makes another graph that is sound. */
function expectHarmlessFlips(of: BuiltGraph, image: Buffer, runs: number): void {
  const random = seededRandom(seed)
  let accepted = 0
  for (let run = 0; run < runs; run++) {
    const copy = Buffer.from(image)
    const bit = Math.floor(random.next() * copy.byteLength * 8)
    copy[bit >>> 3]! ^= 1 << (bit & 7)
    let read: HnswGraph | undefined
    try {
      read = present(readLinks(of.column, { bytes: copy, offset }))
    } catch (error) {
      expect(isDatabaseError(error), `seed ${seed}, run ${run}`).toBe(true)
      continue
    }
    accepted++
    expectHarmless(read)
    read.dispose()
  }
  // Links to other rows than before are as good as any to a check; the checksum is what refuses them.
  expect(accepted).toBeGreaterThan(0)
}

function expectHarmless(read: HnswGraph): void {
  const scratch = present(read.allocateScratch(200))
  const other = new HnswThread(read.image(), scratch.image())
  const passing = sampledBits(read.column.rowCount, 0.5, seed)
  for (const query of rows.slice(0, 3)) {
    for (const request of [
      { query, limit: 10, ef: 100 },
      { query, limit: 100, ef: 100, passing },
    ]) {
      const hits = other.search(request)
      expect(new Set(hits.rows).size).toBe(hits.rows.length)
      expect([...hits.rows].every((row) => read.column.has(row))).toBe(true)
    }
  }
  scratch.dispose()
}
