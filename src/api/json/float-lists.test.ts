import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { FloatLists } from './float-lists.ts'

const seed = 20_481

function read(text: string, before = ''): number[] | undefined {
  const bytes = Buffer.from(before + text)
  const lists = new FloatLists(bytes)
  const floats = lists.read(before.length)
  if (floats !== undefined) expect(lists.end).toBe(bytes.length)
  return floats === undefined ? undefined : [...floats]
}

/** A float from the bits of one: all sizes, and those that are next to each other. */
const floats = fc
  .integer({ min: 0, max: 0xffff_ffff })
  .map((bits) => new Float32Array(Uint32Array.of(bits).buffer)[0]!)
  .filter(Number.isFinite)

/** Decimals in the middle between two floats, and just beside it. */
const middles = fc.tuple(floats, fc.integer({ min: -2, max: 2 })).map(([float, step]) => {
  const bits = new Uint32Array(Float32Array.of(Math.abs(float)).buffer)[0]!
  const next = new Float32Array(Uint32Array.of(bits + 1).buffer)[0]!
  const middle = (Math.abs(float) + next) / 2
  return middle * (1 + step * Number.EPSILON)
})

const spellings = (value: number): string[] => [
  String(value),
  value.toExponential(),
  value.toPrecision(9),
  value.toPrecision(17),
  value.toPrecision(21),
  ...(Math.abs(value) < 1e15 && Math.abs(value) > 1e-15 ? [value.toFixed(20), value.toFixed(5)] : []),
]

describe('a list of numbers', () => {
  test('has the floats of the nearest doubles, however they are written', () => {
    const values = fc.oneof(
      floats,
      middles,
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.double({ min: -1, max: 1, noNaN: true }),
      fc.integer(),
    )
    const tokens = values.chain((value) => fc.constantFrom(...spellings(value)))
    const space = fc.constantFrom('', ' ', '\n\t ', '\r')
    fc.assert(
      fc.property(fc.array(tokens, { minLength: 1, maxLength: 20 }), space, (list, gap) => {
        const text = `[${gap}${list.join(`${gap},${gap}`)}${gap}]`
        const expected = list.map((token) => Math.fround(Number(token)))
        expect(read(text, '{"vector":')).toEqual(expected)
      }),
      { seed, numRuns: 2_000 },
    )
  })

  test.each([
    ['[0]', [0]],
    ['[-0]', [-0]],
    ['[-0.0,0e5]', [-0, 0]],
    ['[1E+2,1e-2,1.5e2]', [100, Math.fround(0.01), 150]],
    ['[123456789012345678901234567890]', [Math.fround(123456789012345678901234567890)]],
    ['[0.000000000000000000000000000000000000000000001]', [Math.fround(1e-45)]],
    ['[1e-30,1e30,1e39,5e-324]', [Math.fround(1e-30), Math.fround(1e30), Infinity, 0]],
    ['[3.4028235677973366e38]', [Math.fround(3.4028235677973366e38)]],
  ])('%s', (text, expected) => {
    expect(read(text)).toEqual(expected)
  })

  test.each([
    ...['', '[', '[]', '[ ]', '[1', '[1,', '[1,]', '[,1]', '[1 2]', '[1,,2]', '{}', '1]', '[1}'],
    ...['["1"]', '[null]', '[[1]]', '[true]', '[1e999]', '[NaN]', '[Infinity]'],
    ...[
      '[01]',
      '[-]',
      '[1.]',
      '[.5]',
      '[1e]',
      '[1e+]',
      '[+1]',
      '[--1]',
      '[1.5.5]',
      '[0x1]',
      '[00.5]',
      '[1_0]',
    ],
  ])('%s is none', (text) => {
    expect(read(text)).toBeUndefined()
  })

  test('may be longer than is read at once', () => {
    const values = Array.from({ length: 200_000 }, (_, i) => i / 8)
    expect(read(JSON.stringify(values))).toEqual(values)
  })

  test('stays as it is when others are read', () => {
    const texts = Array.from({ length: 5_000 }, (_, i) => `[${i},${i + 0.5}]`)
    const bytes = Buffer.from(texts.join(''))
    const lists = new FloatLists(bytes)
    let at = 0
    const read = texts.map(() => {
      const values = lists.read(at)!
      at = lists.end
      return values
    })
    expect(read.map((values) => [...values])).toEqual(texts.map((_, i) => [i, i + 0.5]))
  })
})
