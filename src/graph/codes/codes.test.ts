import { describe, expect, test } from 'vitest'
import { seededRandom } from '../../runtime/random.ts'
import { VectorColumn } from '../vector-column.ts'
import { VectorMemory } from '../vector-memory.ts'
import { CodeColumn } from './code-column.ts'
import { hasFineCodes } from './fine-codes.ts'

const seed = 4_410
const random = seededRandom(seed)
const kinds = ['int8', 'bfloat16'] as const

function columnOf(rows: readonly (Float32Array | undefined)[], dimensions: number): VectorColumn {
  const column = new VectorColumn(dimensions, 0, new VectorMemory())
  for (const row of rows) column.append(row)
  return column
}

function bytesOf(codes: CodeColumn, row: number): DataView {
  const { region, firstRow } = codes.chunks().findLast((chunk) => chunk.firstRow <= row)!
  const offset = region.offset + (row - firstRow) * codes.rowBytes
  return new DataView(region.arena.memory.buffer, offset, codes.rowBytes)
}

function encoded(vector: Float32Array, elements: (typeof kinds)[number]): DataView {
  const column = columnOf([vector], vector.length)
  const copy = bytesOf(CodeColumn.create(column, elements, 'dot')!, 0)
  column.dispose()
  return copy
}

const randomVector = (dimensions: number, scale: number) =>
  Float32Array.from({ length: dimensions }, () => (random.next() - 0.5) * scale)

const bits = new DataView(new ArrayBuffer(4))
function halfOf(value: number): number {
  bits.setFloat32(0, value)
  const word = bits.getUint32(0)
  const [upper, lower] = [word >>> 16, word & 0xffff]
  const isUp = lower > 0x8000 || (lower === 0x8000 && (upper & 1) === 1)
  return upper + (isUp ? 1 : 0)
}

describe('8 bits', () => {
  test.each([1, 2, 3, 4, 5, 15, 16, 17, 31, 100, 129])('%i dimensions', (dimensions) => {
    for (const scale of [1, 1e-30, 1e30, 3e38]) {
      const vector = randomVector(dimensions, scale)
      const view = encoded(vector, 'int8')
      const tail = Math.ceil(dimensions / 16) * 16
      expect(view.byteLength).toBe(tail + 16)
      const most = Math.max(...vector.map(Math.abs))
      const unit = view.getFloat32(tail, true)
      expect(unit).toBe(Math.fround(most / 127))
      const codes = Array.from({ length: tail }, (_, at) => view.getInt8(at))
      codes.forEach((code, at) => {
        expect(Math.abs(code * unit - (vector[at] ?? 0)), `seed ${seed}`).toBeLessThanOrEqual(unit * 0.5001)
      })
      expect(Math.max(...codes.map(Math.abs))).toBe(127)
      expect(codes.slice(dimensions).every((code) => code === 0)).toBe(true)
      expect(view.getFloat32(tail + 4, true)).toBe(codes.reduce((sum, code) => sum + code * code, 0))
      expect(view.getBigUint64(tail + 8, true)).toBe(0n)
    }
  })

  test.each([
    ['zeros', [0, 0, 0], 0],
    ['next to nothing', [1e-40, -1e-42, 0], 0],
    ['a NaN', [1, Number.NaN, 3], Number.NaN],
    ['an infinity', [1, -Infinity, 3], Number.NaN],
    ['both', [Infinity, Number.NaN, 3], Number.NaN],
  ])('%s', (_, components, tail) => {
    const view = encoded(Float32Array.from(components), 'int8')
    expect([0, 1, 2].map((at) => view.getInt8(at))).toEqual([0, 0, 0])
    expect([view.getFloat32(16, true), view.getFloat32(20, true)]).toEqual([tail, tail])
  })
})

test('bfloat16 is the nearest of the upper halves', () => {
  for (const dimensions of [1, 7, 8, 9, 30]) {
    for (const scale of [1, 1e-40, 1e30]) {
      const vector = randomVector(dimensions, scale)
      const view = encoded(vector, 'bfloat16')
      expect(view.byteLength).toBe(Math.ceil(dimensions / 8) * 16)
      const halves = Array.from({ length: view.byteLength / 2 }, (_, at) => view.getUint16(2 * at, true))
      const expected = halves.map((_, at) => (at < dimensions ? halfOf(vector[at]!) : 0))
      expect(halves, `seed ${seed}`).toEqual(expected)
    }
  }
  // Halfway between two: the even one.
  const odd = encoded(Float32Array.of(1.00390625, 1.01171875, -Infinity, Number.NaN), 'bfloat16')
  expect([0, 2, 4, 6].map((at) => odd.getUint16(at, true))).toEqual([0x3f80, 0x3f82, 0xff80, 0x7fc0])
})

describe('a column of codes', () => {
  test.each(kinds)('%s: rows that come later are encoded like those that were there', (elements) => {
    const rows = Array.from({ length: 3_000 }, (_, row) => (row % 7 === 3 ? undefined : randomVector(20, 2)))
    const grown = columnOf(rows.slice(0, 5), 20)
    const codes = CodeColumn.create(grown, elements, 'cosine')!
    for (let row = 5; row < rows.length; row++) {
      grown.append(rows[row])
      if (row % 500 === 0) expect([codes.grow(), codes.rowCount]).toEqual([true, row + 1])
    }
    codes.grow()
    const whole = CodeColumn.create(columnOf(rows, 20), elements, 'cosine')!
    for (let row = 0; row < rows.length; row++) {
      expect(Buffer.from(copyOf(bytesOf(codes, row))).equals(copyOf(bytesOf(whole, row)))).toBe(true)
    }
  })

  test('what is common to all vectors takes up none of their codes', () => {
    const rows = Array.from({ length: 600 }, () => randomVector(10, 1).map((value) => value + 1_000))
    rows.push(new Float32Array(10).fill(1e30), new Float32Array(10).fill(Number.NaN))
    const column = columnOf(rows, 10)
    const moved = CodeColumn.create(column, 'int8', 'euclid')!
    expect(bytesOf(moved, 0).getFloat32(16, true)).toBeLessThan(0.6 / 127)
    // A cosine or a product is another one when vectors are moved.
    for (const metric of ['dot', 'cosine', 'jaccard'] as const) {
      const codes = CodeColumn.create(column, 'int8', metric)!
      expect([codes.centreAddress, bytesOf(codes, 0).getFloat32(16, true) > 7]).toEqual([0, true])
    }
  })

  test('what it takes is given back, also where there is no room', () => {
    const memory = new VectorMemory({ arenaBytesMax: 17 * 2 ** 20 })
    const column = new VectorColumn(64, 2_000, memory)
    for (let row = 0; row < 2_000; row++) column.append(randomVector(64, 1))
    const before = memory.stats().bytesInUse
    const codes = CodeColumn.create(column, 'int8', 'euclid')!
    expect(memory.stats().bytesInUse - before).toBe(codes.bytes)
    expect(codes.bytes / 2_000).toBeLessThan(90)
    const both = [
      CodeColumn.create(column, 'bfloat16', 'euclid'),
      CodeColumn.create(column, 'int8', 'euclid'),
    ]
    const more = both.map((one) => one ?? CodeColumn.create(column, 'bfloat16', 'euclid'))
    expect(CodeColumn.create(column, 'bfloat16', 'euclid')).toBeUndefined()
    for (const one of more) one?.dispose()
    codes.dispose()
    expect(memory.stats().bytesInUse).toBe(before)
  })

  test('without rows, or over several memories, there are none', () => {
    expect(CodeColumn.create(new VectorColumn(3), 'int8', 'dot')).toBeUndefined()
    const wide = columnOf([new Float32Array(2 ** 17 + 1)], 2 ** 17 + 1)
    expect(CodeColumn.create(wide, 'int8', 'dot')).toBeUndefined()
    expect(CodeColumn.create(wide, 'bfloat16', 'dot')).toBeDefined()
    const far = new VectorColumn(2_048, 0, new VectorMemory({ arenaBytesMax: 24 * 2 ** 20 }))
    for (let row = 0; row < 1_000; row++) far.append(new Float32Array(2_048))
    expect(CodeColumn.create(far, 'int8', 'dot')).toBeUndefined()
  })
})

function copyOf(view: DataView): Buffer {
  return Buffer.from(new Uint8Array(view.buffer, view.byteOffset, view.byteLength))
}

describe('codes are fine enough', () => {
  const rowsLike = (change: (value: number, at: number, row: number) => number) =>
    Array.from({ length: 300 }, (_, row) => randomVector(96, 2).map((value, at) => change(value, at, row)))

  test.each(['euclid', 'cosine', 'dot', 'manhattan'] as const)(
    '%s: unless few components outweigh all others',
    (metric) => {
      const fine = (rows: Float32Array[]) => hasFineCodes(columnOf(rows, 96), metric)
      expect(fine(rowsLike((value) => value))).toBe(true)
      expect(fine(rowsLike((value, at) => (at === 3 ? 20 * value : value)))).toBe(true)
      // Two groups, far apart; within each of them codes would tell nothing apart.
      expect(fine(rowsLike((value, at, row) => (at === 3 ? 1_000 * (row % 2) + 500 : value)))).toBe(false)
      expect(fine([new Float32Array(96), new Float32Array(96)])).toBe(true)
      expect(fine([new Float32Array(96).fill(Number.NaN), new Float32Array(96).fill(Infinity)])).toBe(true)
    },
  )

  test('what is common to all vectors is no matter where they may be moved', () => {
    const far = columnOf(
      rowsLike((value) => value + 1_000),
      96,
    )
    expect([hasFineCodes(far, 'euclid'), hasFineCodes(far, 'dot')]).toEqual([true, false])
  })
})
