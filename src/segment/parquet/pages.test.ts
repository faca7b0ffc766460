import { describe, expect, test } from 'vitest'
import { pagesOf } from './pages.ts'
import { ThriftReader } from './thrift.ts'

/** Compact protocol: i32 fields of a struct, each one after the last. */
const zigzag = (value: number): number[] => {
  const bytes = []
  let rest = value * 2
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128)
  return [...bytes, rest]
}

interface PageParts {
  readonly values: number
  readonly data: readonly number[]
  readonly kind?: number
  readonly encoding?: number
  readonly bytes?: number
}

function page({ values, data, kind = 0, encoding = 0, bytes = data.length }: PageParts): Buffer {
  const inner = [
    0x15,
    ...zigzag(values),
    0x15,
    ...zigzag(encoding),
    0x15,
    ...zigzag(3),
    0x15,
    ...zigzag(3),
    0,
  ]
  const header = [0x15, ...zigzag(kind), 0x15, ...zigzag(bytes), 0x15, ...zigzag(bytes), 0x2c, ...inner, 0]
  return Buffer.from([...header, ...data])
}

const levels = (...encoded: number[]): number[] => [encoded.length, 0, 0, 0, ...encoded]
const read = (chunk: Buffer, rows: number, isNullable: boolean) => [...pagesOf(chunk, rows, isNullable)]

describe('pages', () => {
  test('of values only', () => {
    const chunk = Buffer.concat([page({ values: 2, data: [1, 2] }), page({ values: 1, data: [3] })])
    const pages = read(chunk, 3, false)
    expect(
      pages.map(({ firstRow, rowCount, start, end }) => [firstRow, rowCount, ...chunk.subarray(start, end)]),
    ).toEqual([
      [0, 2, 1, 2],
      [2, 1, 3],
    ])
  })

  test('with runs and packed groups of presence', () => {
    // Three present, two absent, then eight packed of which four count.
    const data = levels(3 * 2, 1, 2 * 2, 0, 1 * 2 + 1, 0b1010_0101)
    const [only] = read(page({ values: 9, data }), 9, true)
    expect([...only!.present!]).toEqual([1, 1, 1, 0, 0, 1, 0, 1, 0])
    expect(only!.start).toBe(only!.end)
  })

  test('where every row is present have no bits', () => {
    expect(read(page({ values: 5, data: levels(10, 1) }), 5, true)[0]!.present).toBeUndefined()
  })

  test.each<[string, Buffer, number, boolean]>([
    ['a dictionary', page({ values: 1, data: [1], kind: 2 }), 1, false],
    ['another encoding', page({ values: 1, data: [1], encoding: 8 }), 1, false],
    ['no values', page({ values: 0, data: [] }), 1, false],
    ['more values than rows', page({ values: 2, data: [1, 2] }), 1, false],
    ['2^31 values', page({ values: 2 ** 31 - 1, data: [1] }), 1, false],
    ['fewer values than rows', page({ values: 1, data: [1] }), 2, false],
    ['more bytes than there are', page({ values: 1, data: [1], bytes: 2 }), 1, false],
    [
      'bytes behind the last page',
      Buffer.concat([page({ values: 1, data: [1] }), Buffer.alloc(1)]),
      1,
      false,
    ],
    ['levels beyond the page', page({ values: 1, data: [9, 0, 0, 0, 2, 1] }), 1, true],
    ['no levels', page({ values: 1, data: [] }), 1, true],
    ['a run beyond the rows', page({ values: 2, data: levels(3 * 2, 1) }), 2, true],
    ['a run of none', page({ values: 2, data: levels(0, 1) }), 2, true],
    ['packed groups beyond the rows', page({ values: 2, data: levels(2 * 2 + 1, 3, 3) }), 2, true],
    ['packed groups that are cut', page({ values: 9, data: levels(2 * 2 + 1, 3) }), 9, true],
    ['a run without an end', page({ values: 2, data: levels(0xff, 0xff, 0xff, 0xff, 0xff, 0xff) }), 2, true],
    ['levels that stop early', page({ values: 9, data: levels(2, 1) }), 9, true],
    ['nothing', Buffer.alloc(0), 1, false],
  ])('refuses %s', (_, chunk, rows, isNullable) => {
    expect(() => read(chunk, rows, isNullable)).toThrow(/page|cut/)
  })
})

describe('ThriftReader', () => {
  const skipAll = (bytes: readonly number[]) => () => new ThriftReader(Buffer.from(bytes)).struct(() => false)

  test('skips what nobody asks for', () => {
    const list = [0x19, 0x25, 2, 4]
    const text = [0x18, 2, 65, 66]
    const nested = [0x1c, 0x11, 0x12, 0x17, 0, 0, 0, 0, 0, 0, 0, 0, 0]
    const reader = new ThriftReader(Buffer.from([...list, ...text, ...nested, 0x16, 84, 0]))
    let last = 0
    reader.struct((field) => {
      if (field !== 4) return false
      last = reader.int()
      return true
    })
    expect([last, reader.offset]).toEqual([42, 4 + 4 + nested.length + 3])
  })

  test.each<[string, readonly number[]]>([
    ['a struct without an end', [0x15, 2]],
    ['a text that is longer than the bytes', [0x18, 100, 65]],
    ['an integer without an end', [0x16, ...new Array<number>(20).fill(0x80), 0]],
    ['a list that claims 2^31 items', [0x19, 0xf8, 0xff, 0xff, 0xff, 0xff, 0x07]],
    ['structs in structs', new Array<number>(100).fill(0x1c)],
    ['lists in lists', [0x19, ...new Array<number>(100).fill(0x19)]],
    ['an unknown type', [0x1e, 0]],
  ])('refuses %s', (_, bytes) => {
    expect(skipAll(bytes)).toThrow(/cut|long|deep|unknown/)
  })
})
