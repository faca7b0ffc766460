import { describe, expect, test } from 'vitest'
import { checkBlock, readContainer } from './avro-container.ts'
import { decodeAvroFile, encodeAvroFile } from './avro-file.ts'

const schema = {
  type: 'record',
  name: 'Row',
  fields: [
    { name: 'id', type: 'string' },
    { name: 'sizes', type: { type: 'array', items: 'long' } },
    { name: 'limit', type: ['null', 'long'] },
  ],
} as const
const rows = [
  { id: 'a', sizes: [1, 2 ** 40, -5], limit: null },
  { id: 'b', sizes: [], limit: 7 },
]

/** A zigzag number. */
function long(value: bigint): number[] {
  let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n))
  const bytes: number[] = []
  for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80)
  return [...bytes, Number(rest)]
}

const block = (records: number, bytes: readonly number[]): { records: number; bytes: Buffer } => ({
  records,
  bytes: Buffer.from(bytes),
})

test('what was written is read', async () => {
  const file = await encodeAvroFile(schema as never, rows, {})
  expect(decodeAvroFile(file, schema as never)).toEqual(
    rows.map((row) => expect.objectContaining({ id: row.id })),
  )
})

test('a file with an older schema is read as the newer one', async () => {
  const file = await encodeAvroFile({ ...schema, fields: schema.fields.slice(0, 2) } as never, rows, {})
  const newer = [schema.fields[0], schema.fields[1], { ...schema.fields[2], default: null }]
  const [first] = decodeAvroFile(file, { ...schema, fields: newer } as never)
  expect(first).toEqual({ id: 'a', sizes: [1, 2 ** 40, -5], limit: null })
})

describe('nothing is believed that the bytes cannot hold', () => {
  const list = { type: 'array', items: 'long' }
  test.each([
    [
      'a list of more members than bytes',
      list,
      block(1, [...long(2n ** 60n), 0, 0]),
      /no 1152921504606846976 members/,
    ],
    [
      'a sized run of them',
      list,
      block(1, [...long(-(2n ** 60n)), ...long(1n), 0]),
      /no 1152921504606846976 members/,
    ],
    [
      'members without bytes',
      { type: 'array', items: 'null' },
      block(1, [...long(500n), 0]),
      /no 500 members/,
    ],
    ['a text longer than the file', 'string', block(1, long(2n ** 40n)), /no 1099511627776 more bytes/],
    ['a text of negative length', 'string', block(1, long(-4n)), /no -4 more bytes/],
    ['a branch that a union does not have', ['null', 'long'], block(1, long(2n)), /no branch 2/],
    ['more records than bytes', 'null', block(5, [0]), /more records than bytes/],
    ['a number of eleven bytes', 'long', block(1, Array<number>(11).fill(0x80)), /too long/],
    ['a cut record', 'double', block(1, [1, 2, 3]), /cut/],
    ['bytes behind the records', 'int', block(1, [2, 2]), /longer than its records/],
    ['an unknown type', 'decimal', block(1, [2]), /unknown type decimal/],
  ])('%s', (_what, written, given, why) => {
    expect(() => checkBlock(written, given)).toThrow(why)
  })

  test('a type that holds itself ends with the bytes', () => {
    const own = { type: 'record', name: 'Own', fields: [{ name: 'next', type: ['null', 'Own'] }] }
    expect(() => checkBlock(own, block(1, [2, 2, 0]))).not.toThrow()
    expect(() => checkBlock(own, block(1, Array<number>(1_000).fill(2)))).toThrow('it nests too deep')
  })
})

describe('a container', () => {
  const damaged = async (change: (file: Buffer) => Buffer): Promise<() => unknown> => {
    const file = Buffer.from(await encodeAvroFile(schema as never, rows, {}))
    return () => readContainer(change(file))
  }

  test('that does not begin as one is refused', async () => {
    expect(await damaged((file) => file.subarray(1))).toThrow('does not begin')
  })

  test('that is cut is refused wherever it ends', async () => {
    const { length } = await encodeAvroFile(schema as never, rows, {})
    const whole = Buffer.from(await encodeAvroFile(schema as never, [], {})).length
    // Without its only block it is a file of no records.
    for (let end = 4; end < length; end++)
      if (end !== whole) expect(await damaged((file) => file.subarray(0, end)), `cut at ${end}`).toThrow()
  })

  test('may have blocks without records', async () => {
    const file = Buffer.from(await encodeAvroFile(schema as never, rows, {}))
    const { blocks } = readContainer(file)
    const sync = file.subarray(-16)
    const start = file.length - 16 - blocks[0]!.bytes.length - 2
    const padded = Buffer.concat([file.subarray(0, start), Buffer.of(0, 0), sync, file.subarray(start)])
    expect(decodeAvroFile(padded, schema as never)).toEqual(decodeAvroFile(file, schema as never))
  })

  test('whose sync marker changes is refused', async () => {
    expect(
      await damaged((file) => Buffer.concat([file.subarray(0, -1), Buffer.of(file.at(-1)! ^ 1)])),
    ).toThrow('sync marker')
  })
})
