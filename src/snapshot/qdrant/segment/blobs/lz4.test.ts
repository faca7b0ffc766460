import fc from 'fast-check'
import { expect, test } from 'vitest'
import { literalBlock } from '../../../../../test/support/qdrant-archive/blobstore.ts'
import { decodeLz4Block, decodeLz4Into } from './lz4.ts'

const decoded = (block: readonly number[] | Buffer, size: number): string => {
  const result = decodeLz4Block(Uint8Array.from(block), size)
  return typeof result === 'string' ? `refused: ${result}` : Buffer.from(result).toString('latin1')
}
const a = 97

test('literals and matches, also those that reach into what they write', () => {
  expect(decoded([0x30, a, a + 1, a + 2], 3)).toBe('abc')
  // "abc", then 7 bytes from 3 back.
  expect(decoded([0x33, a, a + 1, a + 2, 3, 0], 10)).toBe('abcabcabca')
  // "a", then 19 + 255 + 1 bytes from 1 back, then "b".
  expect(decoded([0x1f, a, 1, 0, 255, 1, 0x10, a + 1], 277)).toBe(`${'a'.repeat(276)}b`)
  // 40 letters, then 36 of them again: the way of long ones.
  const text = Buffer.from('0123456789abcdefghijklmnopqrstuvwxyzABCD')
  expect(decoded([0xff, 25, ...text, 40, 0, 17], 76)).toBe(text.toString() + text.toString().slice(0, 36))
  expect(decoded([0], 0)).toBe('')
})

test('any literals come back, whatever their length', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 700 }), (bytes) => {
      expect(decodeLz4Block(literalBlock(Buffer.from(bytes)), bytes.length)).toEqual(bytes)
    }),
  )
})

test.each<[string, readonly number[], number, string]>([
  ['fewer bytes than stated', [0x30, a, a, a], 4, 'it holds 3 bytes in the place of 4'],
  ['more literals than stated', [0x30, a, a, a], 2, 'it holds more than 2 bytes'],
  ['more matched than stated', [0x13, a, 1, 0], 7, 'it holds more than 7 bytes'],
  ['cut literals', [0x40, a, a, a], 4, 'it ends inside literals'],
  ['a cut length', [0xf0], 20, 'it ends inside a length'],
  ['a cut offset', [0x10, a, 1], 20, 'it ends inside an offset'],
  ['an offset of 0', [0x10, a, 0, 0], 20, 'it goes back 0 of 1 bytes, at byte 2'],
  ['an offset before the beginning', [0x10, a, 2, 0], 20, 'it goes back 2 of 1 bytes'],
  ['a size that so few bytes cannot give', [0x10, a], 1_000_000_000, '2 bytes cannot hold 1000000000'],
])('%s is refused', (_, block, size, why) => {
  expect(decoded(block, size)).toContain(`refused: ${why}`)
})

test('any bytes give a result of the stated size or a refusal', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat(300), (block, size) => {
      const result = decodeLz4Block(block, size)
      if (typeof result !== 'string') expect(result.length).toBe(size)
    }),
    { numRuns: 2_000 },
  )
})

test('a block among others is decoded as it is alone, and nothing beside it is read or written', () => {
  const bytes = fc.uint8Array({ maxLength: 60 })
  fc.assert(
    fc.property(bytes, bytes, bytes, fc.nat(300), (before, block, behind, size) => {
      const alone = decodeLz4Block(block, size)
      const together = Uint8Array.from([...before, ...block, ...behind])
      const target = new Uint8Array(size + 8).fill(7)
      const range = { bytes: together, from: before.length, to: before.length + block.length }
      const problem = decodeLz4Into(range, target, 4, size)
      expect(problem ?? target.subarray(4, 4 + size)).toEqual(alone)
      expect([...target.subarray(0, 4), ...target.subarray(4 + size)]).toEqual(new Array(8).fill(7))
    }),
    { numRuns: 2_000 },
  )
})
