import { beforeEach, expect, test } from 'vitest'
import {
  collectionOf,
  field,
  milvusForEachTest,
  pairs,
  primaryKey,
} from '../../../../../test/support/milvus-door.ts'
import { column, dynamicKeys, query, vectors } from '../../../../../test/support/milvus-rows.ts'
import { encodeMessage } from '../../wire/messages.ts'

const milvus = milvusForEachTest()
const c = { collection_name: 'c' }
const text = field('t', 'VarChar', {
  max_length: 100,
  nullable: true,
})
const analyzed = {
  ...text,
  type_params: pairs({ max_length: '100', enable_analyzer: 'true' }),
}

beforeEach(async () => {
  const fields = [
    primaryKey(),
    field('v', 'FloatVector', { dim: 2 }),
    field('n', 'Int64', { nullable: true }),
    analyzed,
  ]
  const schema = encodeMessage('CollectionSchema', { name: 'c', fields, enable_dynamic_field: true })
  await milvus.must('CreateCollection', { ...collectionOf('c', []), schema })
  await index('v', { index_type: 'FLAT', metric_type: 'L2' })
  await index('n', { index_type: 'STL_SORT' })
  await insert([1, 2, 3], ['red green', null, 'red red'])
  await milvus.must('LoadCollection', c)
})

const index = (name: string, params: Record<string, string>): Promise<unknown> =>
  milvus.must('CreateIndex', { ...c, field_name: name, extra_params: pairs(params) })

async function insert(ids: readonly number[], texts: readonly (string | null)[]): Promise<void> {
  const withNumbers = (await names()).includes('n')
  await milvus.must('Insert', {
    ...c,
    num_rows: ids.length,
    fields_data: [
      column('id', 5, ids.map(BigInt)),
      vectors(
        'v',
        ids.map((id) => [id, 0]),
      ),
      ...(withNumbers
        ? [
            column(
              'n',
              5,
              ids.map((id) => BigInt(id * 10)),
            ),
          ]
        : []),
      column('t', 21, texts),
      dynamicKeys(ids.map((id) => ({ more: id }))),
    ],
  })
}

const described = (): Promise<{
  schema: { fields: { name: string; fieldID: bigint }[]; functions: object[] }
}> => milvus.must('DescribeCollection', c)

const names = async (): Promise<string[]> => (await described()).schema.fields.map(({ name }) => name)

const drop = async (what: object): Promise<{ code: number; reason: string }> =>
  (await milvus.call('AlterCollectionSchema', { ...c, action: { drop_request: what } })).alter_status

const sparse = { name: 'words', data_type: 104 }
const bm25 = { name: 'full', type: 1, input_field_names: ['t'], output_field_names: ['words'] }
const byWords = { index_type: 'SPARSE_INVERTED_INDEX', metric_type: 'BM25' }

const addFunction = async (
  made: object = bm25,
  params: Record<string, string> = byWords,
): Promise<{ code: number; reason: string }> => {
  const info = { field_schema: sparse, index_name: 'by_words', extra_params: pairs(params) }
  const action = { add_request: { field_infos: [info], func_schema: [made] } }
  return (await milvus.call('AlterCollectionSchema', { ...c, action })).alter_status
}

async function found(word: string): Promise<bigint[]> {
  const group = { placeholders: [{ tag: '$0', type: 21, values: [Buffer.from(word)] }] }
  const { results } = await milvus.must('Search', {
    ...c,
    placeholder_group: encodeMessage('PlaceholderGroup', group),
    search_params: pairs({ topk: '9', anns_field: 'words' }),
  })
  return results.ids.int_id?.data ?? []
}

test('a collection is not given a second clustering key', async () => {
  const key = (name: string) => ({ ...field(name, 'Int64'), nullable: true, is_clustering_key: true })
  const add = (name: string) =>
    milvus.refusal('AddCollectionField', {
      collection_name: 'k',
      schema: encodeMessage('FieldSchema', key(name)),
    })
  await milvus.must(
    'CreateCollection',
    collectionOf('k', [primaryKey(), field('v', 'FloatVector', { dim: 2 })]),
  )
  expect(await add('first')).toEqual([0, ''])
  expect(await add('second')).toEqual([
    1100,
    'already has another clustering key field, field name: second: invalid parameter',
  ])
})

test('a field is dropped with its values and its indexes', async () => {
  expect(await drop({ field_name: 'n' })).toMatchObject({ code: 0 })
  expect(await names()).toEqual(['id', 'v', 't'])
  const { index_descriptions: indexes } = await milvus.must('DescribeIndex', c)
  expect(indexes.map(({ field_name: name }: { field_name: string }) => name)).toEqual(['v'])
  expect(milvus.database.getCollection('c').config().payloadIndexes).toEqual({})
  // Nothing is left that would look like a dynamic key.
  expect((await query(milvus, { expr: 'id == 1' }))[0]).toEqual({
    id: 1n,
    v: [1, 0],
    t: 'red green',
    more: 1,
  })
  expect(await query(milvus, { expr: 'exists n' })).toEqual([])
  await insert([4], ['blue'])
  expect(await query(milvus, { expr: 'id == 4', output_fields: ['t'] })).toEqual([{ id: 4n, t: 'blue' }])
})

test('a field that is added again is another one', async () => {
  const last = (await described()).schema.fields.at(-1)!
  expect(await drop({ field_id: last.fieldID })).toMatchObject({ code: 0 })
  const schema = encodeMessage('FieldSchema', text)
  await milvus.must('AddCollectionField', { ...c, schema })
  expect((await described()).schema.fields.at(-1)).toMatchObject({ name: 't', fieldID: 104n })
  expect((await query(milvus, { expr: 'id > 0' })).map(({ t }) => t)).toEqual([null, null, null])
})

test('a vector is dropped as one, unless it is the last', async () => {
  expect((await drop({ field_name: 'v' })).reason).toBe(
    'cannot drop the last vector field: v: invalid parameter',
  )
  const more = encodeMessage('FieldSchema', field('w', 'FloatVector', { dim: 2, nullable: true }))
  await milvus.must('AddCollectionField', { ...c, schema: more })
  expect(await drop({ field_name: 'v' })).toMatchObject({ code: 0 })
  expect(Object.keys(milvus.database.getCollection('c').config().vectors)).toEqual(['w'])
})

test.each([
  ['cannot drop primary key field: id', { field_name: 'id' }],
  ['field not found: none', { field_name: 'none' }],
  ['field not found with id: 77', { field_id: 77n }],
  ['function not found: none', { function_name: 'none' }],
])('%s', async (reason, what) => {
  expect(await drop(what)).toMatchObject({ code: 1100, reason: `${reason}: invalid parameter` })
  expect(await names()).toEqual(['id', 'v', 'n', 't'])
})

test('a function makes the field of the rows that are there, and of those to come', async () => {
  expect(await addFunction()).toMatchObject({ code: 0 })
  expect(await names()).toEqual(['id', 'v', 'n', 't', 'words'])
  expect(await found('red')).toEqual([3n, 1n])
  await insert([4], ['green'])
  expect(await found('green')).toEqual([4n, 1n])
  expect((await drop({ field_name: 't' })).reason).toContain('referenced by function full as input')
  expect((await drop({ field_name: 'words' })).reason).toContain('referenced by function full as output')
  await milvus.restart()
  expect(await found('red')).toEqual([3n, 1n])
})

test('a function is dropped with its field', async () => {
  await addFunction()
  expect((await drop({ function_name: 'full' })).reason).toContain('must be dropped with its output field')
  expect(await drop({ function_name: 'full', drop_function_output_fields: true })).toMatchObject({ code: 0 })
  const { schema } = await described()
  expect(schema.functions).toEqual([])
  expect(await names()).toEqual(['id', 'v', 'n', 't'])
  expect((await milvus.must('DescribeIndex', c)).index_descriptions).toHaveLength(2)
})

test('a function that cannot be is not added', async () => {
  expect((await addFunction(bm25, {})).reason).toContain('has to be added with its index params')
  expect((await addFunction({ ...bm25, output_field_names: ['x'] })).reason).toContain('does not make')
  expect((await addFunction({ ...bm25, input_field_names: ['n'] })).reason).toContain('must be a VARCHAR')
  expect((await addFunction({ ...bm25, type: 2 })).reason).toContain('functions are supported')
  expect(await names()).toEqual(['id', 'v', 'n', 't'])
})

test('the older calls refuse BM25, as in Milvus', async () => {
  await addFunction()
  const functionSchema = { ...bm25, name: 'other' }
  const named = { ...c, function_name: 'full' }
  const reason = (words: string): object => ({ code: 1100, reason: `${words}: invalid parameter` })
  expect(await milvus.call('AddCollectionFunction', { ...c, functionSchema })).toMatchObject(
    reason('currently does not support adding BM25 function'),
  )
  expect(await milvus.call('AlterCollectionFunction', { ...named, functionSchema })).toMatchObject(
    reason('currently does not support alter BM25 function'),
  )
  expect(await milvus.call('DropCollectionFunction', named)).toMatchObject(
    reason('currently does not support droping BM25 function'),
  )
  expect(await milvus.call('DropCollectionFunction', { ...named, function_name: 'x' })).toMatchObject({
    code: 0,
  })
})

test('an analyzer is run', async () => {
  const run = async (request: object): Promise<unknown[]> =>
    (await milvus.must('RunAnalyzer', { placeholder: [Buffer.from('Ünder the Bridges')], ...request }))
      .results[0].tokens
  const english = { analyzer_params: '{"type": "english"}' }
  expect(await run({ ...english, with_detail: true })).toEqual([
    expect.objectContaining({ token: 'ünder', start_offset: 0n, end_offset: 6n, position: 0n }),
    expect.objectContaining({ token: 'bridg', start_offset: 11n, end_offset: 18n, position: 2n }),
  ])
  const [first] = (await run({ ...c, field_name: 't', with_hash: true })) as { token: string; hash: number }[]
  expect(first!.token).toBe('ünder')
  expect(first!.hash).toBeGreaterThan(0)
  const wrong = await milvus.call('RunAnalyzer', {
    analyzer_params: '{"tokenizer": "none"}',
    placeholder: [],
  })
  expect(wrong.status.code).toBe(1100)
})

test('there is one resource group', async () => {
  const name = '__default_resource_group'
  expect((await milvus.must('ListResourceGroups')).resource_groups).toEqual([name])
  const { resource_group: group } = await milvus.must('DescribeResourceGroup', { resource_group: name })
  expect(group).toMatchObject({ name, num_available_node: 1 })
  expect((await milvus.call('DescribeResourceGroup', { resource_group: 'x' })).status.code).toBe(300)
})
