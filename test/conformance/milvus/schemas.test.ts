import { DataType } from '@zilliz/milvus2-sdk-node'
import { describe, expect, test } from 'vitest'
import { good, refusal, useDoor } from './client.ts'

const door = useDoor()

const key = { name: 'id', data_type: DataType.Int64, is_primary_key: true }
const vector = { name: 'v', data_type: DataType.FloatVector, dim: 2 }
const text = { name: 's', data_type: DataType.VarChar, max_length: 8 }
const flat = { field_name: 'v', index_type: 'FLAT', metric_type: 'L2' }

async function make(collection_name: string, fields: readonly object[], more: object = {}): Promise<void> {
  await good(door.client.createCollection({ collection_name, fields: [...fields] as never, ...more }))
}

async function described(collection_name: string) {
  const { schema } = await good(door.client.describeCollection({ collection_name }))
  return new Map(schema.fields.map((field) => [field.name, field]))
}

describe('a schema', () => {
  test('has vectors of every kind, and more than ten of them', async () => {
    const kinds = {
      half: { data_type: DataType.Float16Vector, dim: 4 },
      brain: { data_type: DataType.BFloat16Vector, dim: 4 },
      bytes: { data_type: DataType.Int8Vector, dim: 4 },
      bits: { data_type: DataType.BinaryVector, dim: 8 },
      words: { data_type: DataType.SparseFloatVector },
    }
    const others = Array.from({ length: 8 }, (_, n) => ({ ...vector, name: `v${n}` }))
    const named = Object.entries(kinds).map(([name, kind]) => ({ name, ...kind }))
    await make('kinds', [key, ...named, ...others])
    const fields = await described('kinds')
    expect([...fields.keys()]).toHaveLength(14)
    for (const [name, { data_type }] of Object.entries(kinds))
      expect(fields.get(name)!.data_type).toBe(DataType[data_type])
  })

  test('passes over the dimensions of a sparse vector', async () => {
    await make('sparse', [key, { name: 'words', data_type: DataType.SparseFloatVector, dim: 4 }])
    expect((await described('sparse')).get('words')!.type_params).toEqual([])
  })

  test.each([
    ['of a key', { ...key, default_value: 1 }, 'primary field not support default_value'],
    ['that is too long', { ...text, default_value: 'much too long' }, 'exceeds max length (8)'],
    ['out of range', { name: 'n', data_type: DataType.Int8, default_value: 300 }, 'out of range for Int8'],
  ])('has no default value %s', async (_what, field, why) => {
    const fields = field.name === 'id' ? [field, vector] : [key, vector, field]
    const answer = await refusal(
      door.client.createCollection({ collection_name: 'odd', fields: fields as never }),
    )
    expect(answer.reason).toContain(why)
    expect(await door.client.hasCollection({ collection_name: 'odd' })).toMatchObject({ value: false })
  })

  test('gets fields and other lengths while it is used', async () => {
    const { client } = door
    await make('growing', [key, vector, text], { index_params: [flat] })
    const collection_name = 'growing'
    await good(client.insert({ collection_name, data: [{ id: 1, v: [1, 1], s: 'short' }] }))
    const long = { id: 2, v: [2, 1], s: 'longer than 8' }
    expect((await refusal(client.insert({ collection_name, data: [long] }))).code).toBe(1100)
    await good(
      client.alterCollectionFieldProperties({
        collection_name,
        field_name: 's',
        properties: { max_length: 16 },
      }),
    )
    await good(client.insert({ collection_name, data: [long] }))
    const extra = { name: 'extra', data_type: DataType.Int64, nullable: true }
    await good(client.addCollectionField({ collection_name, field: extra }))
    const hard = { name: 'hard', data_type: DataType.Int64, nullable: false }
    expect((await refusal(client.addCollectionField({ collection_name, field: hard }))).reason).toContain(
      'added field must be nullable',
    )
    const { data } = await good(
      client.query({ collection_name, filter: 'extra is null', output_fields: ['id', 's', 'extra'] }),
    )
    expect(data.map(({ id, s, extra: value }) => [Number(id), s, value])).toEqual([
      [1, 'short', null],
      [2, 'longer than 8', null],
    ])
  })

  test('may name any time to live; a change has to be a number of seconds', async () => {
    const { client } = door
    const own = { key: 'collection.ttl.seconds', value: 'soon' }
    await make('mortal', [key, vector], { properties: { [own.key]: own.value } })
    const change = (seconds: number | string) =>
      client.alterCollectionProperties({ collection_name: 'mortal', properties: { [own.key]: seconds } })
    for (const seconds of ['later', -5, 3_155_760_001])
      expect(await refusal(change(seconds))).toMatchObject({ code: 1100 })
    expect((await client.describeCollection({ collection_name: 'mortal' })).properties).toEqual([own])
    await good(change(60))
  })
})

describe('the values of a row', () => {
  const list = {
    name: 'list',
    data_type: DataType.Array,
    element_type: DataType.VarChar,
    max_capacity: 2,
    max_length: 4,
  }
  const collection_name = 'strict'

  test('keep to lengths and capacities, also within lists', async () => {
    const { client } = door
    await make(collection_name, [key, vector, list, { name: 'j', data_type: DataType.JSON }], {
      index_params: [flat],
    })
    const row = { id: 1, v: [1, 1], list: ['abcd'], j: {} }
    for (const wrong of [['abcde'], ['a', 'b', 'c']])
      expect((await refusal(client.insert({ collection_name, data: [{ ...row, list: wrong }] }))).code).toBe(
        1100,
      )
    const { data } = await good(client.query({ collection_name, filter: '', limit: 1 }))
    expect(data).toEqual([])
  })

  test('JSON is an object, a list, a number, a text, or neither true nor false', async () => {
    const { client } = door
    const given = [{ k: 1 }, [1, 'x'], 5, 'text', true]
    const rows = given.map((j, at) => ({ id: at + 1, v: [1, 1], list: [], j }))
    await good(client.insert({ collection_name, data: rows }))
    const { data } = await good(client.query({ collection_name, filter: 'id > 0', output_fields: ['j'] }))
    expect(data.map(({ j }) => j as unknown)).toEqual(given)
  })

  test('a sparse vector may be empty', async () => {
    const { client } = door
    const fields = [key, { name: 'words', data_type: DataType.SparseFloatVector }]
    const index_params = [{ field_name: 'words', index_type: 'SPARSE_WAND', metric_type: 'IP' }]
    await make('hollow', fields, { index_params })
    const rows = [
      { id: 1, words: { 3: 0.25 } },
      { id: 2, words: {} },
    ]
    await good(client.insert({ collection_name: 'hollow', data: rows }))
    const { data } = await good(
      client.query({ collection_name: 'hollow', filter: 'id > 0', output_fields: ['words'] }),
    )
    expect(data.map(({ words }) => words as unknown)).toEqual([{ 3: 0.25 }, {}])
    // The field need not be named, as there is one.
    const search = { collection_name: 'hollow', data: { 3: 1 }, limit: 2, output_fields: ['id'] }
    const { results } = await good(client.search({ ...search, params: { drop_ratio_search: 0.5 } }))
    expect(results.map(({ id, score }) => [id, score])).toEqual([['1', 0.25]])
  })
})

test('indexes of scalars are of the type that was asked for, and none has a metric', async () => {
  const { client } = door
  const fields = [
    { name: 'n', data_type: DataType.Int64 },
    { name: 'b', data_type: DataType.Bool },
    { name: 'f', data_type: DataType.Float },
    { ...text, name: 's' },
    { name: 'list', data_type: DataType.Array, element_type: DataType.Int64, max_capacity: 4 },
  ]
  await make('indexed', [key, vector, ...fields], { index_params: [flat] })
  const types = { n: 'INVERTED', b: 'BITMAP', f: 'STL_SORT', s: 'Trie', list: 'INVERTED' }
  for (const [field_name, index_type] of Object.entries(types))
    await good(client.createIndex({ collection_name: 'indexed', field_name, index_type }))
  for (const [field_name, index_type] of Object.entries(types)) {
    const named = { collection_name: 'indexed', field_name }
    const { index_descriptions } = await good(client.describeIndex(named))
    const [index] = index_descriptions.filter((one) => one.field_name === field_name)
    const params = new Map(index!.params.map((one) => [one.key, one.value]))
    expect([params.get('index_type'), params.has('metric_type')]).toEqual([index_type, false])
  }
  await good(
    client.alterIndexProperties({
      collection_name: 'indexed',
      index_name: 'n',
      params: { 'mmap.enabled': true },
    }),
  )
  const { index_descriptions } = await good(
    client.describeIndex({ collection_name: 'indexed', index_name: 'n' }),
  )
  expect(index_descriptions[0]!.params).toContainEqual({ key: 'mmap.enabled', value: 'true' })
})
