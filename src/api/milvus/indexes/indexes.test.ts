import { beforeEach, expect, test } from 'vitest'
import {
  collectionOf,
  field,
  milvusForEachTest,
  pairs,
  primaryKey,
} from '../../../../test/support/milvus-door.ts'

const milvus = milvusForEachTest()

beforeEach(async () => {
  const fields = [
    primaryKey(),
    field('v', 'FloatVector', { dim: 4 }),
    field('bits', 'BinaryVector', { dim: 16 }),
    field('words', 'SparseFloatVector'),
    field('n', 'Int64'),
    field('s', 'VarChar', { max_length: 20 }),
    field('j', 'JSON'),
  ]
  await milvus.must('CreateCollection', collectionOf('c', fields))
})

const index = (name: string, params: Record<string, string>, indexName = ''): object => ({
  collection_name: 'c',
  field_name: name,
  index_name: indexName,
  extra_params: pairs(params),
})

async function described(name = ''): Promise<{ names: string[]; params: Record<string, string>[] }> {
  const answer = await milvus.call('DescribeIndex', { collection_name: 'c', index_name: name })
  const all = answer.index_descriptions as { index_name: string; params: { key: string; value: string }[] }[]
  return {
    names: all.map((one) => one.index_name),
    params: all.map((one) => Object.fromEntries(one.params.map(({ key, value }) => [key, value]))),
  }
}

const distance = (vector: string): string =>
  milvus.database.getCollection('c').config().vectors[vector]!.distance

test('an index keeps what it was given, and its metric becomes the distance', async () => {
  const params = { index_type: 'HNSW', metric_type: 'L2', params: '{"M": 8, "efConstruction": "64"}' }
  await milvus.must('CreateIndex', index('v', params))
  expect(await described('v')).toEqual({
    names: ['v'],
    params: [{ index_type: 'HNSW', metric_type: 'L2', M: '8', efConstruction: '64' }],
  })
  expect(distance('v')).toBe('Euclid')
  // The same again, its parameters in another order.
  await milvus.must(
    'CreateIndex',
    index('v', { M: '8', efConstruction: '64', metric_type: 'L2', index_type: 'HNSW' }),
  )
  const answer = await milvus.call('DescribeIndex', { collection_name: 'c', index_name: 'v' })
  expect(answer.index_descriptions[0]).toMatchObject({ state: 3, field_name: 'v', total_rows: 0n })
})

test('a metric that is not given is the one of the kind of vector', async () => {
  await milvus.must('CreateIndex', index('v', {}))
  await milvus.must('CreateIndex', index('bits', { index_type: 'BIN_FLAT' }))
  await milvus.must('CreateIndex', index('words', { index_type: 'SPARSE_WAND' }))
  const { params } = await described()
  expect(params.map((one) => one['metric_type'])).toEqual(['COSINE', 'HAMMING', 'IP'])
  expect(params[0]!['index_type']).toBe('AUTOINDEX')
  expect([distance('v'), distance('bits'), distance('words')]).toEqual(['Cosine', 'Manhattan', 'Dot'])
  const { v } = milvus.database.getCollection('c').config().vectors
  expect(v!.keepsLength).toBe(true)
})

test('an index in the place of another one is refused', async () => {
  await milvus.must('CreateIndex', index('v', { index_type: 'FLAT', metric_type: 'L2' }))
  const other = await milvus.call('CreateIndex', index('v', { index_type: 'FLAT', metric_type: 'IP' }))
  expect(other).toMatchObject({
    code: 65_535,
    reason: 'CreateIndex failed: at most one distinct index is allowed per field',
  })
  const named = await milvus.call(
    'CreateIndex',
    index('v', { index_type: 'FLAT', metric_type: 'L2' }, 'mine'),
  )
  expect(named.reason).toBe('CreateIndex failed: creating multiple indexes on same field is not supported')
  expect(distance('v')).toBe('Euclid')
})

test.each([
  ['v', { index_type: 'NOPE', metric_type: 'L2' }, 'invalid index type: NOPE'],
  ['v', { index_type: 'BIN_FLAT', metric_type: 'HAMMING' }, 'binary vector is only supported'],
  [
    'v',
    { index_type: 'FLAT', metric_type: 'l2' },
    'metric type not found or not supported, supported: [L2 IP COSINE]',
  ],
  ['v', { index_type: 'HNSW', metric_type: 'L2', M: 'x' }, 'M out of range: [1, 2048]'],
  [
    'v',
    { index_type: 'IVF_FLAT', metric_type: 'L2', params: '{"nlist":0}' },
    'nlist out of range: [1, 65536]',
  ],
  [
    'v',
    { index_type: 'IVF_PQ', metric_type: 'L2', nlist: '4', m: '3' },
    'dimension must be able to be divided by `m`, dimension: 4, m: 3',
  ],
  [
    'bits',
    { index_type: 'HNSW_SQ', metric_type: 'HAMMING' },
    "data type BinaryVector can't build with this index HNSW_SQ",
  ],
  [
    's',
    { index_type: 'STL_SORT' },
    'index type not match: invalid parameter[expected=Trie][actual=STL_SORT]',
  ],
  ['j', { index_type: 'INVERTED' }, 'json index must specify cast type: missing parameter'],
  [
    'j',
    { index_type: 'INVERTED', json_cast_type: 'INT8' },
    'json_cast_type INT8 is not supported: invalid parameter',
  ],
  [
    'j',
    { index_type: 'INVERTED', json_cast_type: 'DOUBLE', json_path: '1' },
    "cannot parse identifier: 1, error: mismatched input '1'",
  ],
  [
    'j',
    { index_type: 'INVERTED', json_cast_type: 'DOUBLE', json_path: 'j["a"].b' },
    `cannot parse identifier: j["a"].b, error: mismatched input '.b'`,
  ],
  ['none', { index_type: 'FLAT' }, 'cannot create index on non-exist field: none'],
])('an index of %s with %j is refused', async (name, params, reason) => {
  const answer = await milvus.call('CreateIndex', index(name, params))
  expect(answer.reason).toBe(reason)
  expect(answer.code).not.toBe(0)
  const nothing = await milvus.call('DescribeIndex', { collection_name: 'c' })
  expect(nothing.status).toMatchObject({ code: 700, error_code: 25 })
})

test('an index of numbers or texts is one of the engine, and goes with it', async () => {
  await milvus.must('CreateIndex', index('n', { index_type: 'STL_SORT' }))
  await milvus.must('CreateIndex', index('s', { index_type: 'Trie' }, 'words'))
  expect((await described()).names).toEqual(['n', 'words'])
  const { payloadIndexes } = milvus.database.getCollection('c').config()
  expect(payloadIndexes).toMatchObject({ n: { type: 'integer' }, s: { type: 'keyword' } })
  await milvus.must('DropIndex', { collection_name: 'c', index_name: 'words' })
  await milvus.must('DropIndex', { collection_name: 'c', index_name: 'words' })
  expect((await described()).names).toEqual(['n'])
  expect(Object.keys(milvus.database.getCollection('c').config().payloadIndexes ?? {})).toEqual(['n'])
})

test('a path of JSON has an index, and so has one of a dynamic key', async () => {
  const path = (json_path: string): Record<string, string> => ({ json_cast_type: 'double', json_path })
  await milvus.must('CreateIndex', index('j', path(`j['a']["b"][0]`)))
  await milvus.must('CreateIndex', index('j', { json_cast_type: 'varchar' }))
  await milvus.must('CreateIndex', index('j', path(`j['a']["b"][0]`)))
  expect((await described()).names).toEqual(['j/a/b/0', 'j'])
  expect((await described()).params[1]).toMatchObject({ json_cast_type: 'VARCHAR', json_path: 'j' })
  const twice = await milvus.call('CreateIndex', index('j', { ...path('j'), json_cast_type: 'bool' }))
  expect(twice.reason).toBe('CreateIndex failed: at most one distinct index is allowed per field')
  const fields = [primaryKey(), field('v', 'FloatVector', { dim: 4 })]
  await milvus.must('DropCollection', { collection_name: 'c' })
  await milvus.must('CreateCollection', collectionOf('c', fields, {}, { enable_dynamic_field: true }))
  await milvus.must('CreateIndex', index('colour', path(`colour['red']`)))
  expect((await described()).names).toEqual(['$meta/colour/red'])
  await milvus.must('DropIndex', { collection_name: 'c', index_name: '$meta/colour/red' })
})

test('properties of an index can be set and removed, others not', async () => {
  await milvus.must('CreateIndex', index('v', { index_type: 'FLAT', metric_type: 'L2' }))
  const named = { collection_name: 'c', index_name: 'v' }
  await milvus.must('AlterIndex', { ...named, extra_params: pairs({ 'mmap.enabled': 'true' }) })
  expect((await described()).params[0]!['mmap.enabled']).toBe('true')
  await milvus.must('AlterIndex', { ...named, delete_keys: ['mmap.enabled'] })
  expect((await described()).params[0]).toEqual({ index_type: 'FLAT', metric_type: 'L2' })
  const value = await milvus.call('AlterIndex', { ...named, extra_params: pairs({ 'mmap.enabled': '1' }) })
  expect(value.reason).toContain('invalid mmap.enabled value: 1')
  const odd = await milvus.call('AlterIndex', { ...named, extra_params: pairs({ metric_type: 'IP' }) })
  expect(odd.reason).toBe('metric_type is not a configable index property: invalid parameter')
})

test('indexes are there when the store is opened again', async () => {
  await milvus.must('CreateIndex', index('v', { index_type: 'FLAT', metric_type: 'IP' }))
  const before = await milvus.call('DescribeIndex', { collection_name: 'c' })
  await milvus.restart()
  expect(await milvus.call('DescribeIndex', { collection_name: 'c' })).toEqual(before)
  expect(distance('v')).toBe('Dot')
})

test('a collection made elsewhere has the indexes of its distances, and keeps them', async () => {
  await milvus.database.createCollection('other', { vectors: { '': { size: 2, distance: 'Euclid' } } })
  const answer = await milvus.must('DescribeIndex', { collection_name: 'other' })
  expect(answer.index_descriptions[0]).toMatchObject({ index_name: 'vector', field_name: 'vector' })
  const request = { collection_name: 'other', field_name: 'vector' }
  await milvus.must('CreateIndex', { ...request, extra_params: pairs({ metric_type: 'L2' }) })
  const refused = await milvus.call('CreateIndex', { ...request, extra_params: pairs({ metric_type: 'IP' }) })
  expect(refused.code).toBe(65_535)
})
