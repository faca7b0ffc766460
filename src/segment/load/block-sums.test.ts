import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { seededRandom } from '../../runtime/random.ts'
import { BlockHasher, readSums, sumBlockBytes, sumBytes, writeSums } from './block-sums.ts'

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

test('a file has the SHA-256 of each of its blocks, however its bytes come', () => {
  const seed = 71_003
  const random = seededRandom(seed)
  for (const length of [0, 1, sumBlockBytes - 1, sumBlockBytes, sumBlockBytes + 1, 3 * sumBlockBytes + 77]) {
    const bytes = Uint8Array.from({ length }, () => random.next() * 256)
    const hasher = new BlockHasher()
    for (let at = 0; at < length;) {
      const end = at + 1 + Math.floor(random.next() * 2 * sumBlockBytes)
      hasher.update(bytes.subarray(at, end))
      at = end
    }
    const sums = Buffer.from(hasher.digest())
    const expected: string[] = []
    for (let at = 0; at < length; at += sumBlockBytes)
      expected.push(sha256(bytes.subarray(at, at + sumBlockBytes)))
    const found = expected.map((_, index) => sums.toString('hex', index * sumBytes, (index + 1) * sumBytes))
    expect(found, `seed ${seed}, ${length} bytes`).toEqual(expected)
    expect(sums.length).toBe(expected.length * sumBytes)
  }
})

const names = [
  { name: 'a.graph', bytes: sumBlockBytes + 5, sha256: '' },
  { name: 'rows.parquet', bytes: 7, sha256: '' },
  { name: 'sums.bin', bytes: 1, sha256: '' },
]
const sums = [
  { name: 'rows.parquet', bytes: 7, sums: new Uint8Array(sumBytes).fill(3) },
  { name: 'a.graph', bytes: sumBlockBytes + 5, sums: new Uint8Array(2 * sumBytes).fill(9) },
]

test('sums come back as they were written', () => {
  const found = readSums(writeSums(sums), names)
  expect([...found.keys()]).toEqual(['a.graph', 'rows.parquet'])
  for (const { name, sums: expected } of sums) {
    expect(found.get(name)!.blockBytes).toBe(sumBlockBytes)
    expect(Buffer.from(found.get(name)!.sums)).toEqual(Buffer.from(expected))
  }
  expect(writeSums(sums.toReversed())).toEqual(writeSums(sums))
})

test('sums that are cut, longer, or of other files are refused', () => {
  const whole = writeSums(sums)
  for (let length = 0; length < whole.length; length++)
    expect(() => readSums(whole.subarray(0, length), names), `${length} bytes`).toThrow()
  expect(() => readSums(Buffer.concat([whole, Buffer.of(0)]), names)).toThrow('longer')
  expect(() => readSums(whole, names.slice(1))).toThrow('a.graph')
  expect(() => readSums(whole, [{ ...names[0]!, bytes: sumBlockBytes + 6 }, names[1]!])).toThrow('a.graph')
  const zero = Buffer.from(whole)
  zero.writeUInt32LE(0, 12)
  expect(() => readSums(zero, names)).toThrow('blocks')
})

test('sums of a later version are left alone', () => {
  const later = Buffer.from(writeSums(sums))
  later.writeUInt32LE(2, 8)
  expect(readSums(later, names).size).toBe(0)
})
