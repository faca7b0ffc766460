import { expect, test } from 'vitest'
import { decodeFileHeader, encodeFileHeader, fileNameOf, firstSeqOfName, markOf } from './format.ts'
import { GroupEncoder } from './group-encoder.ts'

const header = { firstSeq: 0x1_0000_0002, logId: '00112233-4455-4677-8899-aabbccddeeff' }

test('a file header has these bytes', () => {
  expect(encodeFileHeader(header).toString('hex')).toBe(
    [
      '5354494c4c4f470a',
      '01000000',
      '40000000',
      '0200000001000000',
      '00112233445546778899aabbccddeeff',
      '00'.repeat(20),
      '6cfdeeb9',
    ].join(''),
  )
  expect(decodeFileHeader(encodeFileHeader(header))).toEqual(header)
})

test('a record has these bytes', () => {
  const body = [Buffer.from('ab'), Buffer.from('c')]
  const record = { type: 0x0203, body, bodyBytes: 3, seq: 0x1_0000_0002 }
  const parts = new GroupEncoder().encode([record], 0x7ed826ee, 0x1_0000_0001)
  expect(Buffer.concat(parts).toString('hex')).toBe(
    [
      'ee26d87e',
      '1020daf5',
      '03000000',
      '0302',
      '0100',
      '0200000001000000',
      '0100000001000000',
      '616263',
    ].join(''),
  )
})

test('no bit of a file header can flip unnoticed', () => {
  const bytes = encodeFileHeader(header)
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const damaged = Buffer.from(bytes)
    damaged[bit >> 3]! ^= 1 << (bit & 7)
    expect(decodeFileHeader(damaged)).toHaveProperty('problem')
  }
  expect(decodeFileHeader(bytes.subarray(0, 63))).toHaveProperty('problem')
})

test('two files never share their mark by their numbers alone', () => {
  const marks = new Set([1, 2, 3].map((firstSeq) => markOf(encodeFileHeader({ ...header, firstSeq }))))
  expect(marks.size).toBe(3)
})

test('names sort as their numbers do, and other names are not taken for log files', () => {
  expect(fileNameOf(42)).toBe('00000000000000000042.log')
  expect(firstSeqOfName(fileNameOf(42))).toBe(42)
  for (const name of [
    '42.log',
    '00000000000000000042.log.new',
    'a0000000000000000042.log',
    '00000000000000000042',
  ]) {
    expect(firstSeqOfName(name)).toBeUndefined()
  }
})

test('small and large bodies are laid out alike', () => {
  const encoder = new GroupEncoder()
  const sizes = [0, 10, 16 * 1024, 16 * 1024 + 1, 5, 100_000, 70_000, 1]
  const records = sizes.map((size, at) => {
    const whole = Buffer.alloc(size, at + 1)
    const body = [whole.subarray(0, size >> 1), whole.subarray(size >> 1)]
    return { type: 1, body, bodyBytes: size, seq: at + 1 }
  })
  const together = Buffer.concat(encoder.encode(records, 1, 0))
  const apart = records.map((record) => Buffer.concat(encoder.encode([record], 1, 0)))
  expect(together.equals(Buffer.concat(apart))).toBe(true)
})
