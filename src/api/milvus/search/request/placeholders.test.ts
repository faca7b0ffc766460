import { describe, expect, test } from 'vitest'
import { dataTypes } from '../../schema/data-types.ts'
import type { FieldDocument } from '../../schema/document.ts'
import { encodeMessage } from '../../wire/messages.ts'
import { soughtOf } from './placeholders.ts'

const field = (type: number, dim?: number): FieldDocument => ({
  id: 101,
  name: 'v',
  type,
  params: dim === undefined ? {} : { dim: String(dim) },
})

function group(type: number, ...values: readonly Uint8Array[]): Uint8Array {
  return encodeMessage('PlaceholderGroup', { placeholders: [{ tag: '$0', type, values }] })
}

const floats = (...values: readonly number[]): Buffer => Buffer.from(new Float32Array(values).buffer)

function pairs(...values: readonly (readonly [number, number])[]): Buffer {
  const bytes = Buffer.alloc(values.length * 8)
  values.forEach(([index, value], at) => {
    bytes.writeUInt32LE(index, at * 8)
    bytes.writeFloatLE(value, at * 8 + 4)
  })
  return bytes
}

function vectors(type: number, to: FieldDocument, ...values: readonly Uint8Array[]): unknown[] {
  return soughtOf(group(type, ...values), to).map((one) => {
    if (one.kind === 'text') return one.text
    if (one.kind === 'list') return one.vectors.map((vector) => [...vector])
    return one.vector instanceof Float32Array ? [...one.vector] : one.vector
  })
}

describe('what is searched for', () => {
  test('is a vector of each kind', () => {
    const { FloatVector, BinaryVector, Float16Vector, BFloat16Vector, Int8Vector } = dataTypes
    expect(vectors(FloatVector, field(FloatVector, 2), floats(1.5, -2), floats(0, 3))).toEqual([
      [1.5, -2],
      [0, 3],
    ])
    expect(vectors(BinaryVector, field(BinaryVector, 8), Buffer.from([0b1010_0001]))).toEqual([
      [1, 0, 1, 0, 0, 0, 0, 1],
    ])
    const half = Buffer.from([0x00, 0x3c, 0x00, 0xc0])
    expect(vectors(Float16Vector, field(Float16Vector, 2), half)).toEqual([[1, -2]])
    const brain = Buffer.from([0x80, 0x3f, 0x00, 0xc0])
    expect(vectors(BFloat16Vector, field(BFloat16Vector, 2), brain)).toEqual([[1, -2]])
    expect(vectors(Int8Vector, field(Int8Vector, 3), Buffer.from([1, 255, 128]))).toEqual([[1, -1, -128]])
  })

  test('is a sparse vector, without what counts nothing', () => {
    const sparse = field(dataTypes.SparseFloatVector)
    const given = pairs([1, 0.5], [7, 0], [4_000_000_000, 2])
    expect(vectors(dataTypes.SparseFloatVector, sparse, given, Buffer.alloc(0))).toEqual([
      { indices: [1, 4_000_000_000], values: [0.5, 2] },
      { indices: [], values: [] },
    ])
  })

  test('is a list of floats for vectors that are rounded', () => {
    const { FloatVector, Float16Vector, Int8Vector } = dataTypes
    expect(vectors(FloatVector, field(Float16Vector, 2), floats(1, 2))).toEqual([[1, 2]])
    expect(vectors(FloatVector, field(Int8Vector, 2), floats(1, 2))).toEqual([[1, 2]])
  })

  test('is a text', () => {
    const sparse = field(dataTypes.SparseFloatVector)
    expect(vectors(dataTypes.VarChar, sparse, Buffer.from('grüne Äpfel'))).toEqual(['grüne Äpfel'])
    expect(() => vectors(dataTypes.VarChar, sparse, Buffer.from([0xff]))).toThrow('no UTF-8')
  })

  test('starts at any byte of what was received', () => {
    const bytes = encodeMessage('PlaceholderGroup', {
      placeholders: [{ tag: '$', type: dataTypes.FloatVector, values: [floats(1.5, 2)] }],
    })
    for (let shift = 0; shift < 4; shift++) {
      const buffer = Buffer.concat([Buffer.alloc(shift), bytes]).subarray(shift)
      const [sought] = soughtOf(buffer, field(dataTypes.FloatVector, 2))
      expect(sought).toEqual({ kind: 'vector', vector: Float32Array.of(1.5, 2) })
    }
  })

  const dense = field(dataTypes.FloatVector, 2)
  const sparse = field(dataTypes.SparseFloatVector)
  test.each([
    ['too few components', dense, group(101, floats(1)), 'expected vector size(byte) 8, actual 4'],
    ['another type', dense, group(104, pairs([1, 1])), 'vector type must be the same'],
    ['another rounded type', field(102, 2), group(103, Buffer.alloc(4)), 'vector type must be the same'],
    ['no query', dense, group(101), 'nq [0] is invalid'],
    ['no group', dense, Buffer.alloc(0), 'empty placeholder group'],
    ['half a pair', sparse, group(104, Buffer.alloc(7)), 'invalid data length'],
    ['unsorted pairs', sparse, group(104, pairs([2, 1], [1, 1])), 'unsorted or same indices'],
    ['a negative weight', sparse, group(104, pairs([2, -1])), 'negative value'],
    ['no number', sparse, group(104, pairs([2, NaN])), 'not finite'],
    ['an index that is none', sparse, group(104, pairs([2 ** 32 - 1, 1])), 'must be less than'],
  ])('is refused with %s', (_what, to, bytes, text) => {
    expect(() => soughtOf(bytes, to)).toThrow(text)
  })
})
