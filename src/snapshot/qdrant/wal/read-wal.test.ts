import { describe, expect, it } from 'vitest'
import {
  encodeCbor,
  Float,
  floats,
  Raw,
  writeLogFile,
} from '../../../../test/support/qdrant-archive/wal-writer.ts'
import { stringifyJson } from '../../../encoding/json.ts'
import { isDatabaseError } from '../../../errors/database-error.ts'
import { entryInMemory } from '../entry-bytes.ts'
import type { WalOperation } from './operations.ts'
import { readWal, type ReadWalOptions } from './read-wal.ts'

const remove = (...ids: unknown[]) => ({ delete_points: { ids }, clock_tag: { peer_id: 1 } })

async function read(files: Readonly<Record<string, Uint8Array>>, options?: ReadWalOptions) {
  const entries = new Map(
    Object.entries(files).map(([name, bytes]) => [name, entryInMemory(`0/wal/${name}`, bytes)]),
  )
  const found: (readonly [number, WalOperation])[] = []
  for await (const { index, operation } of readWal(entries, options)) found.push([index, operation])
  return found
}

async function operation(entry: unknown): Promise<WalOperation> {
  const [found] = await read({ 'open-1': writeLogFile([entry]) })
  return found![1]
}

async function refusal(files: Readonly<Record<string, Uint8Array>>, options?: ReadWalOptions) {
  const error: unknown = await read(files, options).catch((caught: unknown) => caught)
  if (!isDatabaseError(error, 'archive-invalid')) throw new Error(`not refused: ${JSON.stringify(error)}`)
  return error
}

describe('the files of a log', () => {
  it('are read in the order of their numbers, entries counted from the first closed one on', async () => {
    const files = {
      'open-10': writeLogFile([remove(5)]),
      'open-9': writeLogFile([remove(4)], { seed: 0xffffffff }),
      'closed-42': writeLogFile([remove(3)], { spare: 0 }),
      'closed-40': writeLogFile([remove(1), remove(2)], { spare: 8 }),
      'open-11': writeLogFile([]),
    }
    const found = await read(files)
    expect(found.map(([index]) => index)).toEqual([40, 41, 42, 43, 44])
    expect(found.map(([, one]) => ('ids' in one ? one.ids : []))).toEqual([[1], [2], [3], [4], [5]])
  })

  it('are passed over up to the number in first-index', async () => {
    const files = { 'open-1': writeLogFile([remove(0), remove(1), remove(2)]) }
    const indexes = async (text: string) =>
      (await read({ ...files, 'first-index': Buffer.from(text) })).map(([index]) => index)
    expect(await indexes('{"ack_index":2}')).toEqual([2])
    expect(await indexes('{"ack_index":3}')).toEqual([])
    expect((await refusal({ ...files, 'first-index': Buffer.from('{"ack_index":4}') })).message).toContain(
      'ends at entry 3',
    )
    for (const text of ['{"ack_index":-1}', '[]', 'x', '{"ack_index":1.5}', '\xff'])
      expect((await refusal({ ...files, 'first-index': Buffer.from(text, 'latin1') })).message).toContain(
        'ack_index',
      )
  })

  it('may be one empty closed one, which says what number comes next', async () => {
    expect(await read({ 'closed-7': writeLogFile([], { spare: 8 }) })).toEqual([])
    const files = { 'closed-7': writeLogFile([], { spare: 8 }), 'open-1': writeLogFile([remove(1)]) }
    expect((await read(files)).map(([index]) => index)).toEqual([7])
  })

  it('must follow each other without a gap', async () => {
    const files = { 'closed-3': writeLogFile([remove(1)]), 'closed-5': writeLogFile([remove(2)]) }
    const error = await refusal(files)
    expect(error.message).toContain('0/wal/closed-5: the files before it end at entry 4')
  })

  it('are refused if something else lies among them', async () => {
    expect((await refusal({ 'open-1': writeLogFile([]), other: Buffer.of() })).details['entry']).toBe(
      '0/wal/other',
    )
    expect((await refusal({ 'open-1': Buffer.from('wal') })).message).toContain('too short')
    expect((await refusal({ 'open-1': Buffer.alloc(64) })).message).toContain('does not begin')
  })
})

describe('a damaged log', () => {
  const three = [remove(1), remove(2), remove(3)]
  const whole = writeLogFile(three)
  const second = writeLogFile(three.slice(0, 1), { spare: 0 }).length

  it('is refused wherever a bit of an entry that others follow has changed', async () => {
    for (let at = 8; at < writeLogFile(three.slice(0, 2), { spare: 0 }).length; at++) {
      const damaged = Buffer.from(whole)
      damaged[at]! ^= 0x10
      const error = await refusal({ 'open-1': damaged })
      expect(error.message).toContain('the checksum of an entry is wrong')
      expect(error.details['offset']).toBe(at < second ? 8 : second)
    }
  })

  it('may have a last write that was not finished, in an open file', async () => {
    const end = writeLogFile(three, { spare: 0 }).length
    const torn: string[] = []
    const damaged = Buffer.from(whole)
    damaged[end - 6]! ^= 1
    const found = await read(
      { 'open-1': damaged },
      { onTorn: (file, offset) => torn.push(`${file} ${offset}`) },
    )
    expect(found).toHaveLength(2)
    expect(torn).toEqual([`0/wal/open-1 ${writeLogFile(three.slice(0, 2), { spare: 0 }).length}`])
    expect((await refusal({ 'closed-0': damaged })).message).toContain('the checksum of an entry is wrong')
    expect(await read({ 'open-1': whole.subarray(0, end - 8) })).toHaveLength(2)
    await refusal({ 'closed-0': whole.subarray(0, end - 8) })
  })

  it('is refused if an entry is larger than accepted', async () => {
    const error = await refusal({ 'open-1': whole }, { limits: { entryBytesMax: 8 } })
    expect(error.message).toContain('more than the 8 that are accepted')
  })

  it('takes no time that grows with the square of its length', async () => {
    // Lengths that all reach to the end, behind an entry whose checksum is wrong.
    const bytes = Buffer.alloc(256 * 1024, 1)
    whole.copy(bytes, 0, 0, 8)
    for (let at = 8; at + 16 < bytes.length; at += 8)
      bytes.writeBigUInt64LE(BigInt(bytes.length - at - 12), at)
    expect((await refusal({ 'open-1': bytes })).message).toContain('the checksum of an entry is wrong')
  })
})

describe('an operation', () => {
  const uuid = '0f0e0d0c-0b0a-4908-8706-050403020100'
  const uuidBytes = Buffer.from(uuid.replaceAll('-', ''), 'hex')

  it('upserts points with vectors of every kind', async () => {
    const found = await operation({
      upsert_points: {
        points: [
          { id: 2n ** 64n - 1n, vector: floats([1, -0.5]), payload: { a: new Float(1), b: [2n ** 63n] } },
          {
            id: uuidBytes,
            vector: { s: { indices: [9, 4294967295], values: floats([1, 2]) }, d: floats([0.5], 2) },
            payload: null,
          },
          { id: 7, vector: [floats([1, 2]), floats([3, 4])] },
          { id: uuid, vector: {}, payload: {} },
        ],
      },
    })
    if (found.op !== 'upsert') throw new Error(found.op)
    expect(found.points.map(({ id }) => id)).toEqual([2n ** 64n - 1n, uuid, 7, uuid])
    expect(found.points.map(({ payload }) => stringifyJson(payload))).toEqual([
      '{"a":1.0,"b":[9223372036854775808]}',
      '{}',
      '{}',
      '{}',
    ])
    expect(found.points.map(({ vectors }) => vectors)).toEqual([
      { '': Float32Array.of(1, -0.5) },
      { s: { indices: [9, 4294967295], values: Float32Array.of(1, 2) }, d: Float32Array.of(0.5) },
      { '': [Float32Array.of(1, 2), Float32Array.of(3, 4)] },
      {},
    ])
  })

  it('upserts a batch, by columns', async () => {
    const batch = (vectors: unknown, payloads?: unknown) => ({
      upsert_points: { batch: { ids: [1, uuid], vectors, payloads: payloads ?? null } },
    })
    const plain = await operation(batch([floats([1]), floats([2])], [null, { k: 'v' }]))
    expect(plain).toEqual({
      op: 'upsert',
      points: [
        { id: 1, vectors: { '': Float32Array.of(1) }, payload: {} },
        { id: uuid, vectors: { '': Float32Array.of(2) }, payload: { k: 'v' } },
      ],
    })
    const named = await operation(batch({ a: [floats([1]), null], b: [[floats([1])], [floats([2])]] }))
    if (named.op !== 'upsert') throw new Error(named.op)
    expect(named.points.map(({ vectors }) => Object.keys(vectors))).toEqual([['a', 'b'], ['b']])
    for (const wrong of [batch([floats([1])]), batch([floats([1]), floats([2])], [null])])
      expect((await refusal({ 'open-1': writeLogFile([wrong]) })).message).toContain(
        'a batch has 2 ids and 1',
      )
  })

  it('changes payloads, vectors, names and indexes', async () => {
    const change = { payload: { a: 1 }, points: [1], filter: null, key: null }
    expect(await operation({ set_payload: change })).toEqual({
      op: 'set-payload',
      ids: [1],
      payload: { a: 1 },
    })
    expect(await operation({ set_payload: { ...change, key: 'a.b[0]' } })).toEqual({
      op: 'set-payload',
      ids: [1],
      payload: { a: 1 },
      path: 'a.b[0]',
    })
    expect(await operation({ overwrite_payload: change })).toEqual({
      op: 'overwrite-payload',
      ids: [1],
      payload: { a: 1 },
    })
    expect(await operation({ delete_payload: { keys: ['a', 'b.c'], points: [1], filter: null } })).toEqual({
      op: 'delete-payload',
      ids: [1],
      paths: ['a', 'b.c'],
    })
    expect(await operation({ clear_payload: { points: [1, 2] } })).toEqual({
      op: 'clear-payload',
      ids: [1, 2],
    })
    expect(await operation({ update_vectors: { points: [{ id: 1, vector: { a: floats([1]) } }] } })).toEqual({
      op: 'update-vectors',
      points: [{ id: 1, vectors: { a: Float32Array.of(1) } }],
    })
    expect(await operation({ delete_vectors: [{ points: [1] }, ['a']] })).toEqual({
      op: 'delete-vectors',
      ids: [1],
      names: ['a'],
    })
    expect(
      await operation({
        create_vector_name: { vector_name: 'n', config: { dense: { size: 4, distance: 'Dot' } } },
      }),
    ).toEqual({ op: 'create-vector', name: 'n', config: { dense: { size: 4, distance: 'Dot' } } })
    expect(await operation({ delete_vector_name: { vector_name: 'n' } })).toEqual({
      op: 'delete-vector',
      name: 'n',
    })
    expect(await operation({ create_index: { field_name: 'f', field_schema: 'keyword' } })).toEqual({
      op: 'create-index',
      field: 'f',
      schema: 'keyword',
    })
    expect(await operation({ delete_index: 'f' })).toEqual({ op: 'delete-index', field: 'f' })
  })

  it('may select by a filter, as servers before 1.19 log it: ids in it become text', async () => {
    const uuid = Buffer.from('0123456789abcdef0123456789abcdef', 'hex')
    const filter = { must: [{ has_id: [7, uuid] }, { key: 'n', range: { gte: new Float(1.5), lt: null } }] }
    const text = JSON.stringify({
      must: [
        { has_id: [7, '01234567-89ab-cdef-0123-456789abcdef'] },
        { key: 'n', range: { gte: 1.5, lt: null } },
      ],
    })
    const change = async (entry: unknown) => {
      const found = await operation(entry)
      if (found.op !== 'by-filter') throw new Error(`it is ${found.op}`)
      expect(stringifyJson(found.filter)).toBe(text)
      return found.change
    }
    const payload = { a: 1 }
    const points = null
    expect(await change({ delete_points_by_filter: filter })).toEqual({ op: 'delete' })
    expect(await change({ clear_payload_by_filter: filter })).toEqual({ op: 'clear-payload' })
    expect(await change({ set_payload: { payload, points, filter, key: null } })).toEqual({
      op: 'set-payload',
      payload,
    })
    expect(await change({ set_payload: { payload, points, filter, key: 'a.b' } })).toEqual({
      op: 'set-payload',
      payload,
      path: 'a.b',
    })
    expect(await change({ overwrite_payload: { payload, filter } })).toEqual({
      op: 'overwrite-payload',
      payload,
    })
    expect(await change({ delete_payload: { keys: ['a'], points, filter } })).toEqual({
      op: 'delete-payload',
      paths: ['a'],
    })
    expect(await change({ delete_vectors_by_filter: [filter, ['v']] })).toEqual({
      op: 'delete-vectors',
      names: ['v'],
    })
  })

  it('has the listed points where there is a filter, too', async () => {
    expect(await operation({ set_payload: { payload: {}, points: [1], filter: { must: [] } } })).toEqual({
      op: 'set-payload',
      ids: [1],
      payload: {},
    })
  })

  it('may depend on a condition', async () => {
    const condition = { must: [{ key: 'n', match: { value: 1 } }] }
    const point = { id: 1, vector: floats([1]), payload: null }
    const entry = (more: object) => ({
      upsert_points_conditional: { points_op: { points: [point] }, condition, ...more },
    })
    const points = [{ id: 1, vectors: { '': Float32Array.of(1) }, payload: {} }]
    expect(await operation(entry({}))).toEqual({ op: 'upsert-if', points, condition, mode: 'upsert' })
    expect(await operation(entry({ update_mode: 'insert_only' }))).toMatchObject({ mode: 'insert_only' })
    expect(await operation(entry({ update_mode: 'update_only' }))).toMatchObject({ mode: 'update_only' })
    expect(
      await operation({
        update_vectors: { points: [{ id: 1, vector: floats([1]) }], update_filter: condition },
      }),
    ).toEqual({ op: 'update-vectors', points: [{ id: 1, vectors: { '': Float32Array.of(1) } }], condition })
  })

  it.each([
    ['an unknown operation', { sync_points: {} }, '"sync_points" is not known'],
    ['a filter that is none', { delete_points_by_filter: [1] }, 'a filter is no map'],
    ['neither points nor a filter', { set_payload: { payload: {}, points: null } }, 'a filter is no map'],
    ['a filter with odd bytes', { delete_points_by_filter: { must: Buffer.of(1) } }, 'a point id is neither'],
    [
      'a mode that is not known',
      { upsert_points_conditional: { points_op: { points: [] }, condition: {}, update_mode: 'sometimes' } },
      'the mode of an upsert is "sometimes"',
    ],
    [
      'another field beside a condition',
      { upsert_points_conditional: { points_op: { points: [] }, condition: {}, other: 1 } },
      '"other"',
    ],
    [
      'names without their filter',
      { delete_vectors_by_filter: [{ must: [] }] },
      'is no pair of a filter and names',
    ],
    ['two in one', { ...remove(1), clear_payload: { points: [1] } }, 'names 2 operations'],
    ['none', {}, 'names 0 operations'],
    ['what is no map', [1], 'is no map'],
    ['a field that is not known', { delete_points: { ids: [], mode: 1 } }, '"mode"'],
    ['a point id that is none', remove(-1), 'a point id is neither'],
    ['a payload that is no map', { set_payload: { payload: [1], points: [1] } }, 'a payload is no map'],
    [
      'a payload with bytes',
      { set_payload: { payload: { a: Buffer.of(1) }, points: [1] } },
      'JSON does not have',
    ],
    [
      'a payload with an infinite number',
      { set_payload: { payload: { a: new Float(Infinity) }, points: [1] } },
      'JSON does not have',
    ],
    ['a vector of texts', { update_vectors: { points: [{ id: 1, vector: ['a'] }] } }, 'no number'],
    ['a malformed key', { delete_index: 'a..b' }, 'is malformed'],
    ['no CBOR', new Raw(Buffer.of(0x82, 0x01)), 'no CBOR'],
    ['what is left of MessagePack', new Raw(Buffer.concat([encodeCbor(remove(1)), Buffer.of(0)])), 'no CBOR'],
  ])('is refused: %s', async (_, entry, why) => {
    const error = await refusal({ 'open-1': writeLogFile([remove(1), entry]) })
    expect(error.message).toContain(why)
    expect(error.message).toContain('0/wal/open-1: log entry 1')
    expect(error.details).toMatchObject({ entry: '0/wal/open-1', index: 1 })
  })
})
