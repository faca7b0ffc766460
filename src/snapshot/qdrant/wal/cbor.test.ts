import { describe, expect, it } from 'vitest'
import { encodeCbor, Float, floats, Raw } from '../../../../test/support/qdrant-archive/wal-writer.ts'
import { JsonNumber, stringifyJson, type JsonValue } from '../../../encoding/json.ts'
import { CborError, decodeCbor, type FloatList } from './cbor.ts'

const decode = (value: unknown) => decodeCbor(encodeCbor(value))
const ofHex = (text: string) => decodeCbor(Buffer.from(text.replaceAll(' ', ''), 'hex'))

describe('decodeCbor', () => {
  it('keeps 64 bits of an integer', () => {
    const integers = [
      0,
      23,
      24,
      255,
      256,
      65_536,
      2 ** 32,
      2 ** 53 - 1,
      2n ** 53n,
      2n ** 64n - 1n,
      -1,
      -25,
      -(2n ** 63n),
    ]
    for (const integer of integers) expect(BigInt(decode(integer) as number)).toBe(BigInt(integer))
    expect(decode(2n ** 64n - 1n)).toBe(18446744073709551615n)
    expect(decode(-(2n ** 53n))).toBe(-9007199254740992n)
  })

  it('gives a float that is a whole number back as a float', () => {
    const texts = ([1, -3, 1e15, 1e16, -1e21, 1.5, 0.1] as const).map((value) =>
      stringifyJson(decode(new Float(value, 8)) as JsonValue),
    )
    expect(texts).toEqual(['1.0', '-3.0', '1000000000000000.0', '1e16', '-1e21', '1.5', '0.1'])
    expect(stringifyJson(decode(new Float(-0, 2)) as JsonValue)).toBe('-0.0')
    expect(decode(new Float(0, 2))).toEqual(new JsonNumber('0.0'))
  })

  it('reads halves: normal, subnormal and infinite ones', () => {
    for (const value of [1.5, -0.0999755859375, 65504, 2 ** -14, 2 ** -24, 3 * 2 ** -24, Infinity, -Infinity])
      expect((decode(floats([value], 2)) as FloatList).values[0]).toBe(value)
    expect((ofHex('81 f97e00') as FloatList).values[0]).toBeNaN()
  })

  it('keeps a list of floats together, of whatever widths, and no other list', () => {
    const mixed = decode([new Float(1, 2), new Float(0.5, 4), new Float(0.1, 8)]) as FloatList
    expect([...mixed.values]).toEqual([1, 0.5, 0.1])
    expect(decode([new Float(0.5), 1])).toEqual([0.5, 1])
    expect(decode([])).toEqual([])
  })

  it('reads lists and maps of unknown length', () => {
    expect(ofHex('bf 6161 9f 01 02 ff 6162 f6 ff')).toEqual({ a: [1, 2], b: null })
  })

  it('keeps a key named __proto__ a key', () => {
    const map = decode({ ['__proto__']: 1 }) as object
    expect(Object.keys(map)).toEqual(['__proto__'])
    expect(Object.getPrototypeOf(map)).toBe(Object.prototype)
  })

  it.each([
    ['nothing', '', 'ends early', 0],
    ['a cut text', '63 6161', 'ends early', 1],
    ['a list longer than the rest', '9b ffffffffffffffff 00', 'ends early', 1],
    ['a map longer than the rest', 'ba ffffffff', 'ends early', 1],
    ['a list without its end', '9f 01', 'ends early', 2],
    ['a cut float', 'fb 0000', 'ends early', 1],
    ['bytes behind the value', '01 02', 'bytes follow', 1],
    ['a tag', 'c1 01', 'a tag', 0],
    ['a key that is no text', 'a1 01 02', 'no text', 1],
    ['a key twice', 'a2 6161 01 6161 02', 'twice', 4],
    ['a text that is no UTF-8', '62 c328', 'UTF-8', 1],
    ['undefined', 'f7', 'unknown kind', 0],
    ['a text in pieces', '7f 6161 ff', 'unknown form', 0],
    ['a break alone', 'ff', 'unknown kind', 0],
  ])('refuses %s and says where', (_, hex, why, offset) => {
    const error = thrown(() => ofHex(hex))
    expect(error.message).toContain(why)
    expect(error.offset).toBe(offset)
  })

  it('bounds depth and number of values', () => {
    const deep = Buffer.alloc(100_000, 0x81)
    expect(thrown(() => decodeCbor(deep)).message).toContain('deeper than 128')
    const many = encodeCbor(Array.from({ length: 1000 }, () => null))
    expect(thrown(() => decodeCbor(many, { valuesMax: 999 })).message).toContain('too many values')
    expect(decodeCbor(many, { valuesMax: 1001 })).toHaveLength(1000)
  })

  it('throws nothing but CborErrors for any bytes', () => {
    let seed = 0x2545f491
    const random = (): number => {
      seed = Math.imul(seed ^ (seed >>> 15), 0x2c1b3c6d)
      seed ^= seed >>> 13
      return seed >>> 0
    }
    const start = encodeCbor({ a: [1, floats([1, 2, 3]), 'text', { b: new Raw(Buffer.of(0xf6)) }], c: -5 })
    for (let round = 0; round < 20_000; round++) {
      const bytes = Buffer.from(start)
      for (let flips = 1 + (random() % 4); flips > 0; flips--) bytes[random() % bytes.length] = random() & 255
      try {
        decodeCbor(bytes)
      } catch (error) {
        expect(error).toBeInstanceOf(CborError)
      }
    }
  })
})

function thrown(action: () => unknown): CborError {
  try {
    action()
  } catch (error) {
    expect(error).toBeInstanceOf(CborError)
    return error as CborError
  }
  throw new Error('nothing was thrown')
}
