import protobuf from 'protobufjs'
import { expect, test } from 'vitest'
import { readNotation } from './notation.ts'

function typeOf(name: string, text: string): protobuf.Type {
  const root = protobuf.Root.fromJSON({ nested: { ...readNotation(text) } })
  root.resolveAll()
  return root.lookupType(name)
}

const roundTrip = (type: protobuf.Type, message: object) =>
  type.toObject(type.decode(type.encode(message).finish()), { longs: String })

test('an enum is numbered from 0, or on from the number before', () => {
  expect(readNotation('Kind = None Bool Float:10 Double\nOnly = One')).toEqual({
    Kind: { values: { None: 0, Bool: 1, Float: 10, Double: 11 } },
    Only: { values: { One: 0 } },
  })
})

test('lists of numbers are packed, bytes are bytes', () => {
  const type = typeOf(
    'Lists',
    'Lists:\n  floats [f32] 1, ids [i64] 2,\n  rows [bytes] 3, kinds [Kind] 4\nKind = A B:7',
  )
  const bytes = type.encode({ floats: [1, 2], ids: [5], rows: [Uint8Array.of(9)], kinds: [7, 0] }).finish()
  expect([...bytes]).toEqual([
    ...[10, 8, 0, 0, 128, 63, 0, 0, 0, 64],
    ...[18, 1, 5],
    ...[26, 1, 9],
    ...[34, 2, 7, 0],
  ])
})

test('maps have text keys or others, and messages for values', () => {
  const type = typeOf('Maps', 'Maps: a {i64} 1, b {i64:Row} 2, c {Row} 3\nRow: x u32 1')
  const message = { a: { one: '-1' }, b: { '9007199254740993': { x: 1 } }, c: { z: { x: 2 } } }
  expect(type.fields['b']).toMatchObject({ keyType: 'int64', type: 'Row' })
  const decoded = type.toObject(type.decode(type.encode(type.fromObject(message)).finish()), {
    longs: String,
  })
  expect(decoded['a']).toEqual({ one: '-1' })
  expect(decoded['c']).toEqual({ z: { x: 2 } })
  expect(Object.values(decoded['b'] as object)).toEqual([{ x: 1 }])
})

test('a message may have several choices, and fields that say whether they were set', () => {
  const type = typeOf('Choices', 'Choices: (a u32 1 | b text 2), c bool? 3, (d u32 4 | e u32 5), f u32 6')
  expect(roundTrip(type, { b: '', c: false, e: 0, f: 0 })).toEqual({ b: '', c: false, e: 0 })
  expect(type.oneofsArray.map(({ oneof }) => oneof)).toEqual([['a', 'b'], ['c'], ['d', 'e']])
})

test('what cannot be read is said', () => {
  expect(() => readNotation('Kind - A B')).toThrow('Cannot read the definition: Kind - A B')
  expect(() => readNotation('Row: x u32')).toThrow('Cannot read the field: x u32')
})
