import { describe, expect, test } from 'vitest'
import { writeU64 } from '../encoding/binary.ts'
import { crc32c } from '../encoding/crc32c.ts'
import { isDatabaseError, type DatabaseError } from '../errors/database-error.ts'
import { seededRandom, type Random } from '../runtime/random.ts'
import { alignSection, headerBytes, headerCrc, headerOffsets, tableEntryBytes } from './format.ts'
import { readGraph } from './graph-reader.ts'
import { writeGraph } from './graph-writer.ts'
import { VectorColumn } from './vector-column.ts'
import { vectorMemoryStats } from './vector-memory.ts'

const seed = 20_481

function fileOf(dimensions: number, rows: readonly (Float32Array | undefined)[]): Buffer {
  const column = new VectorColumn(dimensions)
  for (const row of rows) column.append(row)
  const file = Buffer.concat(writeGraph(column))
  column.dispose()
  return file
}

/** Three rows of three dimensions, the second absent: padding, unused bits and an absent row. */
function smallFile(): Buffer {
  return fileOf(3, [Float32Array.of(1, 2, 3), undefined, Float32Array.of(4, 5, 6)])
}

const small = { dimensions: 3, rowCount: 3 }

/** The error of reading, and none of the memory is kept. */
function refusal(file: Uint8Array, expected = small): DatabaseError {
  const { bytesInUse } = vectorMemoryStats()
  try {
    readGraph(file, expected).dispose()
  } catch (error) {
    expect(vectorMemoryStats().bytesInUse).toBe(bytesInUse)
    if (isDatabaseError(error)) return error
    throw error
  }
  throw new Error('the file was read')
}

/** Makes the checksums right again, so that the checks behind them are reached. */
function sealed(file: Buffer): Buffer {
  const count = Math.min(file.readUInt32LE(headerOffsets.sectionCount), 16)
  for (let entry = headerBytes; entry < headerBytes + count * tableEntryBytes; entry += tableEntryBytes) {
    if (entry + tableEntryBytes > file.byteLength) break
    const offset = Number(file.readBigUInt64LE(entry + 8))
    const length = Number(file.readBigUInt64LE(entry + 16))
    file.writeUInt32LE(crc32c(file.subarray(offset, offset + length)), entry + 4)
  }
  file.writeUInt32LE(headerCrc(file, count), headerOffsets.crc)
  return file
}

function changed(change: (file: Buffer) => void): Buffer {
  const file = smallFile()
  change(file)
  return sealed(file)
}

describe('what was written is read', () => {
  test.each([
    [1, 0],
    [1, 1],
    [3, 31],
    [4, 32],
    [5, 33],
    [128, 5_000],
    [1_536, 1_500],
    [7, 100_000],
  ])('%i dimensions, %i rows', (dimensions, rowCount) => {
    const random = seededRandom(seed)
    const column = new VectorColumn(dimensions)
    for (let row = 0; row < rowCount; row++) {
      const bits = Uint32Array.from({ length: dimensions }, () => random.next() * 2 ** 32)
      column.append(random.next() < 0.1 ? undefined : new Float32Array(bits.buffer))
    }
    const file = Buffer.concat(writeGraph(column))
    const read = readGraph(file, { dimensions, rowCount })
    expect([read.rowCount, read.presentCount]).toEqual([column.rowCount, column.presentCount])
    const wrong = Array.from({ length: rowCount }, (_, row) => row).filter((row) => {
      const [a, b] = [column.get(row), read.get(row)]
      return a === undefined ? b !== undefined : !Buffer.from(a.buffer).equals(Buffer.from(b!.buffer))
    })
    expect(wrong, `seed ${seed}`).toEqual([])
    // The same file again, though the rows lie in other chunks.
    expect(Buffer.concat(writeGraph(read)).equals(file)).toBe(true)
    read.dispose()
    column.dispose()
  })

  test('wherever the bytes lie in their buffer', () => {
    const file = smallFile()
    for (let shift = 0; shift < 16; shift++) {
      const shifted = new Uint8Array(file.byteLength + 16).subarray(shift, shift + file.byteLength)
      shifted.set(file)
      const read = readGraph(shifted, small)
      expect([0, 1, 2].map((row) => read.get(row)?.join())).toEqual(['1,2,3', undefined, '4,5,6'])
      read.dispose()
    }
  })

  test('a column that was read grows and is searched', () => {
    const read = readGraph(smallFile(), small)
    for (let row = 3; row < 100; row++) read.append(Float32Array.of(row, 0, 0))
    const { rows } = read.search({ query: Float32Array.of(1, 0, 0), metric: 'dot', limit: 3 })
    expect([...rows]).toEqual([99, 98, 97])
    expect([read.rowCount, read.presentCount, read.get(1)]).toEqual([100, 99, undefined])
    read.dispose()
  })

  test('sections of kinds to come are left alone, if they are whole', () => {
    const file = withSection(smallFile(), 3, Buffer.from('links of a later release'))
    readGraph(file, small).dispose()
    file[file.byteLength - 1]! ^= 1
    expect(refusal(file).message).toBe('Cannot read graph file: section 2 does not have its checksum')
  })
})

describe('a small file', () => {
  const file = smallFile()

  test('is refused with any single bit flipped', () => {
    const unexpected: string[] = []
    for (let bit = 0; bit < file.byteLength * 8; bit++) {
      const flipped = Buffer.from(file)
      flipped[bit >>> 3]! ^= 1 << (bit & 7)
      const { code } = refusal(flipped)
      const isVersion = bit >>> 3 >= 8 && bit >>> 3 < 12 && bit !== 64
      if (code !== (isVersion ? 'version-unsupported' : 'segment-corrupt')) unexpected.push(`${bit}: ${code}`)
    }
    expect(unexpected).toEqual([])
  })

  test('is refused when it is cut at any byte, or longer', () => {
    const codes = new Set<string>()
    for (let length = 0; length < file.byteLength; length++) codes.add(refusal(file.subarray(0, length)).code)
    for (const more of [1, 16, 4_096]) codes.add(refusal(Buffer.concat([file, Buffer.alloc(more)])).code)
    expect([...codes]).toEqual(['segment-corrupt'])
  })

  test('is refused where other dimensions or rows are expected', () => {
    for (const expected of [
      { dimensions: 4, rowCount: 3 },
      { dimensions: 3, rowCount: 2 },
      { dimensions: 3, rowCount: 4 },
      { dimensions: 0, rowCount: 3 },
      { dimensions: 3, rowCount: Number.NaN },
      { dimensions: 2 ** 31, rowCount: 2 ** 31 },
    ]) {
      expect(refusal(file, expected).code).toBe('segment-corrupt')
    }
  })
})

describe('a file with the right checksums is refused', () => {
  const entry = (index: number) => headerBytes + index * tableEntryBytes
  const refused = (change: (file: Buffer) => void, why: string) => {
    const error = refusal(changed(change))
    expect([error.code, error.message]).toEqual(['segment-corrupt', `Cannot read graph file: ${why}`])
  }

  test('with another layout than its header may name', () => {
    refused((file) => file.writeUInt32LE(8, headerOffsets.stride), 'its rows are 8 floats apart, not 4')
    refused((file) => file.writeUInt32LE(2, headerOffsets.elementType), 'its element type 2 is unknown')
    refused((file) => file.writeUInt32LE(0, headerOffsets.version), 'its format version is 0')
    refused((file) => file.writeUInt32LE(17, headerOffsets.sectionCount), 'its section table is cut')
  })

  test('with a wrong count of present rows', () => {
    refused(
      (file) => file.writeUInt32LE(3, headerOffsets.presentCount),
      'its presence bits are not as many as its header says',
    )
  })

  test('with presence bits beyond its rows', () => {
    const why = 'it has presence bits beyond its rows'
    refused((file) => file.writeUInt32LE(0b1101, 96), why)
    refused((file) => file.writeUInt32LE(0x80000001, 96), why)
  })

  test('with numbers where there are none', () => {
    // The padding of the first row, and the second row, which has no vector.
    refused((file) => file.writeFloatLE(1, 112 + 12), 'row 0 is not zero where it has no vector')
    refused((file) => file.writeUInt32LE(1, 112 + 16), 'row 1 is not zero where it has no vector')
    refused(
      (file) => file.writeUInt32LE(0x80000000, 112 + 32 + 12),
      'row 2 is not zero where it has no vector',
    )
  })

  test('with bytes between the sections', () => {
    refused((file) => file.writeUInt8(1, 95), 'there are stray bytes before section 0')
    refused((file) => file.writeUInt8(1, 100), 'there are stray bytes before section 1')
  })

  test('with sections that overlap, or lie elsewhere', () => {
    refused((file) => writeU64(file, 96, entry(1) + 8), 'section 1 lies outside its place')
    refused((file) => writeU64(file, 128, entry(1) + 8), 'section 1 lies outside its place')
    refused((file) => writeU64(file, 0, entry(0) + 8), 'section 0 lies outside its place')
    refused((file) => writeU64(file, 64, entry(1) + 16), 'section 1 lies outside its place')
    refused(
      (file) => file.writeBigUInt64LE(2n ** 64n - 1n, entry(1) + 16),
      'section 1 lies outside its place',
    )
    refused(
      (file) => file.writeBigUInt64LE(2n ** 64n - 112n, entry(1) + 8),
      'section 1 lies outside its place',
    )
  })

  test('with a section further on than it need be', () => {
    for (const gap of [4, 16, 32]) {
      const file = smallFile()
      const moved = Buffer.concat([file.subarray(0, 112), Buffer.alloc(gap), file.subarray(112)])
      writeU64(moved, 112 + gap, entry(1) + 8)
      const error = refusal(sealed(moved))
      expect(error.message).toBe('Cannot read graph file: section 1 lies outside its place')
    }
  })

  test('without a section, or with two of a kind', () => {
    refused((file) => file.writeUInt32LE(9, entry(0)), 'it has no section of kind 1')
    refused((file) => file.writeUInt32LE(9, entry(1)), 'it has no section of kind 2')
    refused((file) => file.writeUInt32LE(1, entry(1)), 'it has several sections of kind 1')
    expect(refusal(withSection(smallFile(), 2, Buffer.alloc(48))).message).toMatch(
      'several sections of kind 2',
    )
  })

  test('with sections of another length than its rows need', () => {
    const file = smallFile().subarray(0, 144)
    writeU64(file, 32, entry(1) + 16)
    expect(refusal(sealed(file)).message).toBe(
      'Cannot read graph file: section of kind 2 has 32 bytes, not 48',
    )
  })

  test('whatever its header says, without a crash', () => {
    const random = seededRandom(seed)
    for (let round = 0; round < 3_000; round++) {
      const file = smallFile()
      const fields = 1 + Math.floor(random.next() * 3)
      for (let i = 0; i < fields; i++) {
        const at = 8 + 4 * Math.floor(random.next() * 20)
        file.writeUInt32LE(hostileNumber(random), at)
      }
      const read = attempt(sealed(file))
      // It may still be a whole file, when only numbers of vectors or nothing changed.
      if (!isDatabaseError(read, 'segment-corrupt', 'version-unsupported')) {
        expect(read, `seed ${seed}, round ${round}`).toBeInstanceOf(VectorColumn)
      }
      if (read instanceof VectorColumn) read.dispose()
    }
  })
})

test('noise is refused', () => {
  const random = seededRandom(seed)
  for (let round = 0; round < 500; round++) {
    const noise = Buffer.from(Uint8Array.from({ length: random.next() * 300 }, () => random.next() * 256))
    if (round % 2 === 0) smallFile().copy(noise, 0, 0, Math.floor(random.next() * 60))
    expect(['segment-corrupt', 'version-unsupported']).toContain(refusal(noise).code)
  }
})

function attempt(file: Uint8Array): unknown {
  try {
    return readGraph(file, small)
  } catch (error) {
    return error
  }
}

function hostileNumber(random: Random): number {
  const numbers = [0, 1, 2, 3, 4, 16, 48, 96, 112, 160, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 16, 2 ** 32 - 1]
  const pick = numbers[Math.floor(random.next() * numbers.length)]!
  return random.next() < 0.7 ? pick : Math.floor(random.next() * 2 ** 32)
}

/** The file with one section more: it moves the others on by one entry of the table. */
function withSection(file: Buffer, kind: number, bytes: Buffer): Buffer {
  const sectionCount = file.readUInt32LE(headerOffsets.sectionCount)
  const oldTable = headerBytes + sectionCount * tableEntryBytes
  const newTable = oldTable + tableEntryBytes
  const moved = alignSection(newTable) - alignSection(oldTable)
  const offset = alignSection(file.byteLength + moved)
  const whole = Buffer.alloc(offset + bytes.byteLength)
  file.copy(whole, 0, 0, oldTable)
  file.copy(whole, alignSection(newTable), alignSection(oldTable))
  bytes.copy(whole, offset)
  for (let entry = headerBytes; entry < oldTable; entry += tableEntryBytes) {
    writeU64(whole, Number(file.readBigUInt64LE(entry + 8)) + moved, entry + 8)
  }
  whole.writeUInt32LE(kind, oldTable)
  writeU64(whole, offset, oldTable + 8)
  writeU64(whole, bytes.byteLength, oldTable + 16)
  whole.writeUInt32LE(sectionCount + 1, headerOffsets.sectionCount)
  return sealed(whole)
}
