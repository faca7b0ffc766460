import { afterEach, expect, test } from 'vitest'
import { DatabaseError, isDatabaseError } from '../errors/database-error.ts'
import { InvariantViolation } from '../runtime/assert.ts'
import { countBits } from '../runtime/bits.ts'
import { VectorColumn } from './vector-column.ts'
import { HnswGraph } from './hnsw/hnsw-graph.ts'
import { VectorMemory, type Region } from './vector-memory.ts'

const mebibyte = 2 ** 20
const columns: VectorColumn[] = []

function columnOf(dimensions: number, capacityRows?: number, memory?: VectorMemory): VectorColumn {
  const column = new VectorColumn(dimensions, capacityRows, memory)
  columns.push(column)
  return column
}

afterEach(() => {
  for (const column of columns.splice(0)) column.dispose()
})

test('rows come back as they were appended, bit for bit', () => {
  const column = columnOf(3)
  const odd = new Float32Array(new Uint32Array([0x7fc12345, 0x80000000, 0x00000001]).buffer)
  expect(column.append(Float32Array.of(1, 2, 3))).toBe(0)
  expect(column.append(undefined)).toBe(1)
  expect(column.append(odd)).toBe(2)
  expect([column.rowCount, column.presentCount]).toEqual([3, 2])
  expect([0, 1, 2, 3, -1].map((row) => column.has(row))).toEqual([true, false, true, false, false])
  expect(column.get(0)).toEqual(Float32Array.of(1, 2, 3))
  expect(column.get(1)).toBeUndefined()
  expect(column.get(3)).toBeUndefined()
  expect([...new Uint32Array(column.get(2)!.buffer)]).toEqual([0x7fc12345, 0x80000000, 0x00000001])
})

test('rows that are appended at once are there as those that are appended alone', () => {
  const column = columnOf(4)
  const present: boolean[] = []
  for (const count of [1, 30, 1, 32, 0, 31, 64, 3, 200, 5, 96, 1_000, 7]) {
    const first = column.rowCount
    const floats = Float32Array.from({ length: count * 4 }, (_, index) => first * 4 + index)
    column.appendAll({ dimensions: 4, floats, present: undefined })
    present.push(...new Array<boolean>(count).fill(true))
    column.append(undefined)
    present.push(false)
    expect(column.rowCount).toBe(present.length)
    expect(column.presentCount).toBe(present.filter(Boolean).length)
  }
  for (let row = 0; row < present.length + 40; row++) {
    expect(column.has(row), `row ${row}`).toBe(present[row] ?? false)
    if (present[row]) expect(column.get(row)![0]).toBe(row * 4)
  }
  expect(countBits(column.presence)).toBe(column.presentCount)
})

test('what is got is a copy, and so is what is appended', () => {
  const column = columnOf(2)
  const vector = Float32Array.of(1, 2)
  column.append(vector)
  vector[0] = 9
  column.get(0)![1] = 9
  expect(column.get(0)).toEqual(Float32Array.of(1, 2))
  expect(column.get(0)!.buffer).toBeInstanceOf(ArrayBuffer)
})

test.each([1, 4, 5, 1_536, 40_000])(
  'rows of %i dimensions survive the growth of the column',
  (dimensions) => {
    const column = columnOf(dimensions)
    const rows = Math.min(3_000, Math.ceil((12 * mebibyte) / (dimensions * 4)))
    const vectorOf = (row: number) => new Float32Array(dimensions).fill(row + 0.5)
    for (let row = 0; row < rows; row++) column.append(row % 7 === 3 ? undefined : vectorOf(row))
    const wrong = Array.from({ length: rows }, (_, row) => row).filter((row) => {
      const found = column.get(row)
      if (row % 7 === 3) return found !== undefined
      return found === undefined || !found.every((value) => value === row + 0.5)
    })
    expect(wrong).toEqual([])
  },
)

test('a small column is cheap, and an empty one costs next to nothing', () => {
  const memory = new VectorMemory()
  const empty = columnOf(128, 0, memory)
  expect(empty.bytes).toBeLessThan(100)
  const small = columnOf(128, 0, memory)
  for (let row = 0; row < 10; row++) small.append(new Float32Array(128))
  expect(small.bytes).toBeLessThanOrEqual(2 * 10 * 512)
  expect(memory.stats().bytesInUse).toBeLessThanOrEqual(2 * 10 * 512)
})

test('a column takes the capacity that it is told, and little more', () => {
  const memory = new VectorMemory()
  const column = columnOf(128, 10_000, memory)
  for (let row = 0; row < 10_000; row++) column.append(new Float32Array(128))
  expect(memory.stats().bytesInUse).toBeLessThanOrEqual(10_000 * 512 + 8_192)
})

test('a disposed column gives its memory back', () => {
  const memory = new VectorMemory()
  const column = new VectorColumn(64, 1_000, memory)
  expect(memory.stats().bytesInUse).toBeGreaterThanOrEqual(64 * 4 * 1_000)
  column.dispose()
  expect(memory.stats().bytesInUse).toBe(0)
})

test('use of a disposed column is a mistake', () => {
  const column = new VectorColumn(2)
  column.append(Float32Array.of(1, 2))
  column.dispose()
  const query = Float32Array.of(1, 1)
  expect(() => column.dispose()).toThrow(InvariantViolation)
  expect(() => column.append(undefined)).toThrow(InvariantViolation)
  expect(() => column.get(0)).toThrow(InvariantViolation)
  expect(() => column.image()).toThrow(InvariantViolation)
  expect(() => column.search({ query, metric: 'dot', limit: 1 })).toThrow(InvariantViolation)
  expect(() => column.score(query, 'dot', Uint32Array.of(0))).toThrow(InvariantViolation)
})

test('vectors and queries of another size are mistakes', () => {
  const column = columnOf(3)
  expect(() => column.append(new Float32Array(2))).toThrow(InvariantViolation)
  expect(() => column.search({ query: new Float32Array(4), metric: 'dot', limit: 1 })).toThrow(
    InvariantViolation,
  )
  expect(() => column.score(new Float32Array(2), 'dot', new Uint32Array(0))).toThrow(InvariantViolation)
  expect(column.rowCount).toBe(0)
})

test('a column that the memory cannot hold leaves nothing behind', () => {
  const memory = new FailingMemory(3)
  expect(() => new VectorColumn(2 ** 20, 5, memory)).toThrow(
    expect.toSatisfy((error) => isDatabaseError(error, 'overloaded')),
  )
  expect(memory.requests).toBe(3)
  expect(memory.stats().bytesInUse).toBe(0)
})

test('a row that the memory cannot hold leaves the column as it was', () => {
  const column = columnOf(2 ** 18, 0, new FailingMemory(2))
  const first = new Float32Array(2 ** 18).fill(1)
  let rows = 0
  const fill = () => {
    for (;;) rows = column.append(first) + 1
  }
  expect(fill).toThrow(expect.toSatisfy((error) => isDatabaseError(error, 'overloaded')))
  expect(rows).toBeGreaterThan(0)
  expect([column.rowCount, column.presentCount]).toEqual([rows, rows])
  const hits = column.search({ query: first, metric: 'dot', limit: 100 })
  expect([...hits.rows]).toEqual(Array.from({ length: rows }, (_, row) => row))
})

/** Refuses one request. */
class FailingMemory extends VectorMemory {
  requests = 0
  readonly #refused: number

  constructor(refused: number) {
    super()
    this.#refused = refused
  }

  override allocate(bytes: number): Region {
    this.requests += 1
    if (this.requests === this.#refused)
      throw new DatabaseError('overloaded', 'Cannot allocate: a test says so')
    return super.allocate(bytes)
  }
}

test('the rows of a column lie in one arena, with room for a graph, though others are filled meanwhile', () => {
  const memory = new VectorMemory({ arenaBytesMax: 32 * 2 ** 20 })
  const rows = 12_000
  const filler = memory.allocate(11 * 2 ** 20)
  const column = new VectorColumn(64, rows, memory)
  for (let row = 0; row < rows; row++) column.append(Float32Array.from({ length: 64 }, () => row))
  const arenas = new Set(column.chunks().map(({ region }) => region.arena))
  expect([...arenas]).toHaveLength(1)
  expect(arenas.has(filler.arena)).toBe(false)
  const graph = HnswGraph.create(column, 'euclid', { m: 16, efConstruct: 32, seed: 1, elements: 'int8' })
  expect(graph).toBeDefined()
  graph!.dispose()
  column.dispose()
})
