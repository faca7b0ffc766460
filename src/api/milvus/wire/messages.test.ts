import { expect, test } from 'vitest'
import { decodeMessage, encodeMessage, enumName, enumNumber, hasField, messageType } from './messages.ts'
import { rpcs } from './rpcs.ts'

const again = (name: string, message: object) => decodeMessage(name, encodeMessage(name, message))

/** As the messages inside are of classes of their own. */
const plain = (value: unknown): unknown => {
  if (ArrayBuffer.isView(value)) return [...(value as Uint8Array)]
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, plain(one)]))
}

const edges = [0n, 1n, -1n, 127n, 128n, 2n ** 31n, -(2n ** 31n), 2n ** 32n, 2n ** 53n - 1n, 2n ** 53n + 1n]
const signedEdges = [...edges, ...edges.map((edge) => -edge), 2n ** 63n - 1n, -(2n ** 63n)]

test('64-bit integers are exact, as bigints', () => {
  expect(again('LongArray', { data: signedEdges })['data']).toEqual(signedEdges)
  for (const edge of signedEdges) expect(again('ValueField', { long_data: edge })['long_data']).toBe(edge)
  for (const edge of [...edges.filter((one) => one >= 0n), 2n ** 63n, 2n ** 64n - 1n])
    expect(again('AllocTimestampResponse', { timestamp: edge })['timestamp']).toBe(edge)
})

test('64-bit integers are written from numbers and texts as well', () => {
  expect(again('LongArray', { data: [5, '-9223372036854775808', 7n] })['data']).toEqual([
    5n,
    -(2n ** 63n),
    7n,
  ])
  const message = { status: {}, coll_seal_times: { a: 3n }, coll_flush_ts: { a: 2n ** 63n, b: 0n } }
  expect(plain(again('FlushResponse', message))).toMatchObject({
    coll_seal_times: { a: 3n },
    coll_flush_ts: { a: 2n ** 63n, b: 0n },
  })
})

test('maps have integer keys', () => {
  const message = { index_data: { '9007199254740993': { segmentID: 2n ** 53n + 1n, index_data: 'x' } } }
  expect(plain(again('DescribeSegmentIndexDataResponse', message))).toMatchObject(message)
})

test('what was not set reads as nothing', () => {
  const message = again('InsertRequest', {})
  expect(message).toMatchObject({
    schema_timestamp: 0n,
    num_rows: 0,
    db_name: '',
    base: null,
    namespace: null,
  })
  expect(message['fields_data']).toEqual([])
  expect(again('CollectionSchema', {})).toMatchObject({ enable_dynamic_field: false, version: 0 })
  expect(again('PinSnapshotDataRequest', {})['ttl_seconds']).toBe(0n)
})

test('it is visible which member of a choice was set, and what says that it was', () => {
  const field = again('ScalarField', { long_data: { data: [] } })
  expect(Object.hasOwn(field, 'long_data')).toBe(true)
  expect(Object.hasOwn(field, 'int_data')).toBe(false)
  expect(field['int_data']).toBeNull()
  expect(plain(again('ValueField', { bool_data: false }))).toEqual({ bool_data: false })
  expect(plain(again('ValueField', { long_data: 0n }))).toEqual({ long_data: 0n })
  expect(plain(again('ValueField', {}))).toEqual({})
  expect(again('ValueField', {})['long_data']).toBeNull()
  expect(Object.hasOwn(again('QueryRequest', { namespace: '' }), 'namespace')).toBe(true)
  expect(Object.hasOwn(again('QueryRequest', {}), 'namespace')).toBe(false)
})

test('columns of floats are Float32Arrays, packed or not', () => {
  const data = Float32Array.of(1, -0.5, 3.25)
  for (const message of [{ data }, { data: [1, -0.5, 3.25] }])
    expect(again('FloatArray', message)['data']).toEqual(data)
  const vectors = again('FieldData', { type: 101, vectors: { dim: 3n, float_vector: { data } } })
  expect(vectors['vectors']).toMatchObject({ dim: 3n, float_vector: { data } })
  expect(again('FloatArray', {})['data']).toEqual(new Float32Array())
  expect(
    decodeMessage('FloatArray', Uint8Array.of(13, 0, 0, 128, 63, 10, 4, 0, 0, 0, 64, 16, 1))['data'],
  ).toEqual(Float32Array.of(1, 2))
  expect(() => decodeMessage('FloatArray', Uint8Array.of(10, 3, 0, 0, 0))).toThrow()
  expect(() => decodeMessage('FloatArray', Uint8Array.of(10, 8, 0, 0, 0, 0))).toThrow()
})

test('a column of floats does not reach beyond its message', () => {
  // Two members: a vector whose inner length is longer than the outer one allows.
  expect(() => decodeMessage('VectorField', Uint8Array.of(18, 6, 10, 8, 0, 0, 0, 0, 0, 0, 0, 0))).toThrow()
})

test('bytes are views of what was received', () => {
  const bytes = encodeMessage('JSONArray', { data: [Buffer.from('{"a":1}')] })
  const rows = decodeMessage('JSONArray', bytes)['data'] as Uint8Array[]
  expect(rows[0]?.buffer).toBe(bytes.buffer)
  expect(Buffer.from(rows[0]!).toString()).toBe('{"a":1}')
})

test('fields that are not defined are left out', () => {
  expect(plain(decodeMessage('KeyValuePair', Uint8Array.of(10, 1, 97, 250, 1, 1, 98)))).toEqual({ key: 'a' })
})

test('every procedure has its messages', () => {
  for (const { request, response } of Object.values(rpcs)) {
    expect(messageType(request).name).toBe(request)
    expect(messageType(response).name).toBe(response)
  }
  expect(Object.keys(rpcs)).toHaveLength(144)
})

test('fields and members of enums are known by name', () => {
  expect(hasField('QueryResults', 'status')).toBe(true)
  expect(hasField('DummyResponse', 'status')).toBe(false)
  expect(enumNumber('DataType', 'SparseFloatVector')).toBe(104)
  expect(enumName('ConsistencyLevel', 2)).toBe('Bounded')
  expect(enumName('ConsistencyLevel', 99)).toBeUndefined()
})
