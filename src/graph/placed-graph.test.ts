import { describe, expect, test } from 'vitest'
import { writeU64 } from '../encoding/binary.ts'
import { crc32c } from '../encoding/crc32c.ts'
import { headerBytes, headerCrc, headerOffsets, tableEntryBytes } from './format.ts'
import { isPlaced, planGraph, readGraph, readPlaces } from './graph-reader.ts'
import { mayBePlaced, writeGraph, writePlacedGraph } from './graph-writer.ts'
import type { RowRun } from './row-runs.ts'
import { VectorColumn } from './vector-column.ts'

const expected = { dimensions: 4, rowCount: 40 }
/** Rows of 16 bytes. */
const runs: readonly RowRun[] = [
  { offset: 100, rowCount: 30 },
  { offset: 580, rowCount: 9 },
  { offset: 1_000, rowCount: 1 },
]
const rowsBytes = 1_016
const placesAt = 112

function columnOf(dimensions: number, rowCount: number, absent: readonly number[] = []): VectorColumn {
  const column = new VectorColumn(dimensions)
  for (let row = 0; row < rowCount; row++)
    column.append(absent.includes(row) ? undefined : new Float32Array(dimensions).fill(row))
  return column
}

function placedFile(): Buffer {
  const column = columnOf(4, 40)
  const file = Buffer.from(writePlacedGraph(column.image(), runs))
  column.dispose()
  return file
}

/** Makes the checksums right again, so that the checks behind them are reached. */
function changed(change: (file: Buffer) => Buffer | undefined): Buffer {
  const before = placedFile()
  const file = change(before) ?? before
  const count = file.readUInt32LE(headerOffsets.sectionCount)
  for (let index = 0; index < count; index++) {
    const entry = headerBytes + index * tableEntryBytes
    const offset = Number(file.readBigUInt64LE(entry + 8))
    const length = Number(file.readBigUInt64LE(entry + 16))
    file.writeUInt32LE(crc32c(file.subarray(offset, offset + length)), entry + 4)
  }
  file.writeUInt32LE(headerCrc(file, count), headerOffsets.crc)
  return file
}

test('the bytes are what docs/format/segment-graph.md says, and say where the rows are', () => {
  const file = placedFile()
  const numbers = Array.from({ length: 7 }, (_, at) => file.readUInt32LE(8 + 4 * at))
  expect(numbers).toEqual([2, 4, 4, 1, 40, 40, 2])
  const sections = [headerBytes, headerBytes + tableEntryBytes].map((entry) => [
    file.readUInt32LE(entry),
    Number(file.readBigUInt64LE(entry + 8)),
    Number(file.readBigUInt64LE(entry + 16)),
  ])
  expect(sections).toEqual([
    [1, 96, 8],
    [4, placesAt, 48],
  ])
  expect([file.readUInt32LE(96), file.readUInt32LE(100)]).toEqual([0xffff_ffff, 0xff])
  const words = Array.from({ length: 6 }, (_, at) => Number(file.readBigUInt64LE(placesAt + 8 * at)))
  expect(words).toEqual([100, 30, 580, 9, 1_000, 1])
  expect(isPlaced(file.subarray(0, headerBytes))).toBe(true)
  const { presence, ...plan } = readPlaces(file, rowsBytes, expected)
  expect(plan).toEqual({ ...expected, presentCount: 40, runs })
  expect([...presence]).toEqual([255, 255, 255, 255, 255, 0, 0, 0])
  expect(readPlaces(file, rowsBytes, { rowCount: 40 }).dimensions).toBe(4)
})

test('a file with vectors is none of them, and neither is taken for the other', () => {
  const column = columnOf(4, 40)
  const whole = Buffer.concat(writeGraph(column))
  column.dispose()
  expect([isPlaced(whole), isPlaced(Buffer.from('SPGRAPH')), isPlaced(Buffer.alloc(64))]).toEqual([
    false,
    false,
    false,
  ])
  const file = placedFile()
  const isOther = expect.objectContaining({ code: 'segment-corrupt' })
  expect(() => readPlaces(whole, rowsBytes, expected)).toThrow(isOther)
  expect(() => readGraph(file, expected)).toThrow(isOther)
  expect(() => planGraph(file, file.length, expected)).toThrow(isOther)
})

test('rows with padding, or without a vector, and no rows at all are not placed', () => {
  const of = (column: VectorColumn): boolean => {
    const may = mayBePlaced(column.image())
    column.dispose()
    return may
  }
  expect(of(columnOf(4, 40))).toBe(true)
  expect([of(columnOf(3, 40)), of(columnOf(4, 40, [39])), of(columnOf(4, 0))]).toEqual([false, false, false])
})

describe('is refused', () => {
  const setPlace = (index: number, offset: number, rowCount: number) => (file: Buffer) => {
    writeU64(file, offset, placesAt + 16 * index)
    writeU64(file, rowCount, placesAt + 16 * index + 8)
    return undefined
  }
  test.each<[string, (file: Buffer) => Buffer | undefined, string]>([
    ['a run that begins in another', setPlace(1, 579, 9), 'its places overlap, or are not in rows.parquet'],
    [
      'a run behind one that follows it',
      setPlace(1, 1_016, 9),
      'its places overlap, or are not in rows.parquet',
    ],
    ['a run beyond the end', setPlace(2, 1_001, 1), 'its places overlap, or are not in rows.parquet'],
    ['an offset beyond 2^53', setPlace(2, 2 ** 60, 1), 'its places overlap, or are not in rows.parquet'],
    ['a row too few', setPlace(1, 580, 8), 'its places are not as many as its rows'],
    ['a row too many', setPlace(1, 580, 10), 'its places are not as many as its rows'],
    ['a run of no rows', setPlace(1, 580, 0), 'its places are not as many as its rows'],
    ['more rows than there are', setPlace(0, 100, 2 ** 60), 'its places are not as many as its rows'],
    [
      'half a place',
      (file) => {
        writeU64(file, 40, headerBytes + tableEntryBytes + 16)
        return file.subarray(0, placesAt + 40)
      },
      'its places are cut',
    ],
    [
      'a row without a vector',
      (file) => {
        file[96] = 0xfe
        return undefined
      },
      'a row has no vector, and its rows are in rows.parquet',
    ],
    [
      'vectors in the place of places',
      (file) => {
        file.writeUInt32LE(2, headerBytes + tableEntryBytes)
        return undefined
      },
      'it has no section of kind 4',
    ],
  ])('%s', (_, change, why) => {
    const file = changed(change)
    expect(() => readPlaces(file, rowsBytes, expected)).toThrow(`Cannot read graph file: ${why}`)
  })

  test('padding, other rows and other dimensions', () => {
    const column = columnOf(4, 40)
    const image = { ...column.image(), dimensions: 4 }
    const file = writePlacedGraph(image, runs)
    column.dispose()
    expect(() => readPlaces(file, rowsBytes, { ...expected, rowCount: 41 })).toThrow('it has 40 rows')
    expect(() => readPlaces(file, rowsBytes, { ...expected, dimensions: 8 })).toThrow('4 dimensions')
    const padded = changed((bytes) => {
      bytes.writeUInt32LE(3, headerOffsets.dimensions)
      return undefined
    })
    expect(() => readPlaces(padded, rowsBytes, { rowCount: 40 })).toThrow('its rows have padding')
  })

  test('more places than there can be pages', () => {
    const column = columnOf(4, 40)
    const many = Array.from({ length: 40 }, (_, row) => ({ offset: 100 + row * 17, rowCount: 1 }))
    const file = writePlacedGraph(column.image(), many)
    column.dispose()
    expect(() => readPlaces(file, 2_000, expected)).toThrow('more places than there are pages')
    expect(readPlaces(file, 4 * 2 ** 20, expected).runs).toEqual(many)
  })

  test('every byte of it that is another', () => {
    const whole = placedFile()
    for (let at = 0; at < whole.length; at++) {
      const file = Buffer.from(whole)
      file[at]! ^= 1 << (at % 8)
      expect(() => readPlaces(file, rowsBytes, expected), `byte ${at}`).toThrow()
    }
  })
})
