import { beforeEach, describe, expect, test } from 'vitest'
import {
  collectionOf,
  field,
  milvusForEachTest,
  pairs,
  primaryKey,
} from '../../../../test/support/milvus-door.ts'
import { column, vectors } from '../../../../test/support/milvus-rows.ts'
import { encodeMessage } from '../wire/messages.ts'

const milvus = milvusForEachTest()
const c = { collection_name: 'c' }
const array = 22
const vectorArray = 106
const floatVector = 101

type Clip = readonly [title: string, n: bigint, ...vector: number[]]

const subField = (name: string, type: number, element: number, params: Record<string, string>): object => ({
  name,
  data_type: type,
  element_type: element,
  type_params: pairs({ max_capacity: '3', ...params }),
})

const clips = {
  name: 'clips',
  nullable: true,
  fields: [
    subField('title', array, 21, { max_length: '10' }),
    subField('n', array, 5, {}),
    subField('v', vectorArray, floatVector, { dim: '2' }),
  ],
}

const schemaOf = (...structs: readonly object[]): object =>
  collectionOf(
    'c',
    [primaryKey(), field('w', 'FloatVector', { dim: 2 })],
    {},
    { struct_array_fields: structs },
  )

const index = (name: string, params: Record<string, string>): Promise<unknown> =>
  milvus.must('CreateIndex', { ...c, field_name: name, extra_params: pairs(params) })

async function make(metric: string): Promise<void> {
  await milvus.must('CreateCollection', schemaOf(clips))
  await index('w', { index_type: 'FLAT', metric_type: 'L2' })
  await index('clips[v]', { index_type: 'HNSW', metric_type: metric })
  await milvus.must('LoadCollection', c)
}

/** A column of structs: null rows have no place in the data. */
function structColumn(rows: readonly (readonly Clip[] | null)[]): object {
  const present = rows.filter((row) => row !== null)
  const valid_data = rows.map((row) => row !== null)
  const scalars = (list: string, place: 0 | 1): object => ({
    array_data: { data: present.map((row) => ({ [list]: { data: row.map((clip) => clip[place]) } })) },
  })
  const data = present.map((row) => ({ dim: 2, float_vector: { data: row.flatMap(([, , ...v]) => v) } }))
  return {
    type: 200,
    field_name: 'clips',
    struct_arrays: {
      fields: [
        { type: array, field_name: 'title', scalars: scalars('string_data', 0), valid_data },
        { type: array, field_name: 'n', scalars: scalars('long_data', 1), valid_data },
        {
          type: vectorArray,
          field_name: 'v',
          vectors: { dim: 2, vector_array: { dim: 2, data, element_type: floatVector } },
          valid_data,
        },
      ],
    },
  }
}

const rows: readonly (readonly Clip[] | null)[] = [
  [
    ['a', 1n, 1, 0],
    ['b', 2n, 0, 1],
  ],
  null,
  [],
  [['c', 2n ** 60n, 3, 0]],
]

const request = (data: readonly object[], count = rows.length): object => ({
  ...c,
  num_rows: count,
  fields_data: [
    column(
      'id',
      5,
      Array.from({ length: count }, (_, row) => BigInt(row)),
    ),
    vectors(
      'w',
      Array.from({ length: count }, (_, row) => [row, 0]),
    ),
    ...data,
  ],
})

interface SubColumn {
  readonly field_name: string
  readonly valid_data: readonly boolean[]
  readonly scalars: { readonly array_data: { readonly data: readonly Record<string, unknown>[] } } | null
  readonly vectors: {
    readonly vector_array: { readonly data: readonly { readonly float_vector: { data: Float32Array } }[] }
  } | null
}

/** By the names of the fields what each row has of them; undefined where it is null. */
async function read(filter: string, ...fields: readonly string[]): Promise<Record<string, unknown[]>> {
  const answer = await milvus.must('Query', { ...c, expr: filter, output_fields: fields })
  const found = answer.fields_data.find(({ type }: { type: number }) => type === 200) as {
    struct_arrays: { fields: readonly SubColumn[] }
  }
  return Object.fromEntries(
    found.struct_arrays.fields.map(({ field_name: name, valid_data: valid, scalars, vectors: lists }) => {
      const values =
        scalars === null
          ? lists!.vector_array.data.map((row) => [...row.float_vector.data])
          : scalars.array_data.data.map((row) => (Object.values(row)[0] as { data: unknown[] }).data)
      return [name, values.map((value, row) => (valid[row] === false ? undefined : value))]
    }),
  )
}

const bytesOf = (...values: readonly number[]): Buffer => Buffer.from(new Float32Array(values).buffer)

interface Hits {
  readonly ids: { readonly int_id: { readonly data: readonly bigint[] } }
  readonly scores: Float32Array
  readonly element_indices: { readonly data: readonly bigint[] } | null
}

async function search(
  type: number,
  query: Buffer,
  more: Record<string, string> = {},
  dsl = '',
): Promise<Hits> {
  const placeholders = [{ tag: '$0', type, values: [query] }]
  const answer = await milvus.must('Search', {
    ...c,
    dsl,
    placeholder_group: encodeMessage('PlaceholderGroup', { placeholders }),
    search_params: pairs({ anns_field: 'clips[v]', topk: '10', ...more }),
  })
  return answer.results
}

describe('the schema', () => {
  test('is described as it was given, with numbers of its own', async () => {
    await milvus.must('CreateCollection', schemaOf(clips))
    const { schema } = await milvus.must('DescribeCollection', c)
    const [struct] = schema.struct_array_fields
    expect(struct).toMatchObject({ name: 'clips', fieldID: 102n, nullable: true })
    const described = struct.fields.map(
      ({ name, fieldID, data_type: type, element_type: element, nullable }: Record<string, unknown>) =>
        [name, fieldID, type, element, nullable] as const,
    )
    expect(described).toEqual([
      ['title', 103n, array, 21, true],
      ['n', 104n, array, 5, true],
      ['v', 105n, vectorArray, floatVector, true],
    ])
  })

  const withField = (one: object): object => ({ ...clips, fields: [...clips.fields, one] })

  test.each([
    ['no field', { ...clips, fields: [] }, 'has no sub-fields'],
    [
      'another length',
      withField({ ...subField('x', array, 5, {}), type_params: pairs({ max_capacity: '4' }) }),
      'same max_capacity',
    ],
    ['a name twice', withField(subField('n', array, 5, {})), 'duplicated field name n'],
    ['arrays within', withField(subField('x', array, array, {})), 'nested array is not supported x'],
    ['sparse vectors', withField(subField('x', vectorArray, 104, {})), 'only fixed dimension vector types'],
    ['JSON', withField(subField('x', array, 23, {})), 'element type JSON is not supported'],
    ['a field that is no array', withField(field('x', 'Int64')), 'can only be array or array of struct'],
    [
      'a primary key',
      withField({ ...subField('x', array, 5, {}), is_primary_key: true }),
      'primary key is not supported',
    ],
    [
      'a field that alone may be null',
      { ...clips, nullable: false, fields: [{ ...subField('x', array, 5, {}), nullable: true }] },
      'set nullable on the struct instead',
    ],
    ["a field's name", { ...clips, name: 'w' }, 'duplicated field name w'],
  ])('is refused with %s', async (_what, struct, why) => {
    const [code, reason] = await milvus.refusal('CreateCollection', schemaOf(struct))
    expect(reason).toContain(why)
    expect(code).toBe(1100)
  })
})

describe('rows', () => {
  beforeEach(() => make('MAX_SIM_COSINE'))

  test('come back as they were sent, null and empty ones as well', async () => {
    await milvus.must('Insert', request([structColumn(rows)]))
    expect(await read('id >= 0', 'clips')).toEqual({
      title: [['a', 'b'], undefined, [], ['c']],
      n: [[1n, 2n], undefined, [], [2n ** 60n]],
      v: [[1, 0, 0, 1], undefined, [], [3, 0]],
    })
    expect(await read('id == 0', 'clips[n]')).toEqual({ n: [[1n, 2n]] })
    await milvus.restart()
    expect(await read('id == 3', 'clips')).toEqual({ title: [['c']], n: [[2n ** 60n]], v: [[3, 0]] })
  })

  test('are a list of objects and several vectors for other doors', async () => {
    await milvus.must('Insert', request([structColumn(rows)]))
    const [point] = await milvus.database.getCollection('c').get([0], { payload: true, vectors: true })
    expect(point!.payload?.value()).toEqual({
      id: 0,
      clips: [
        { title: 'a', n: 1 },
        { title: 'b', n: 2 },
      ],
    })
    expect(point!.vectors?.['clips[v]']).toEqual({ dimensions: 2, values: Float32Array.of(1, 0, 0, 1) })
  })

  test('have null where nothing was sent, and what a later upsert brings', async () => {
    await milvus.must('Insert', request([]))
    expect(await read('id == 0', 'clips')).toEqual({ title: [undefined], n: [undefined], v: [undefined] })
    await milvus.must('Upsert', { ...request([structColumn([[['x', 9n, 1, 1]]])], 1), partial_update: true })
    expect(await read('id == 0', 'clips')).toEqual({ title: [['x']], n: [[9n]], v: [[1, 1]] })
    await milvus.must('Upsert', { ...request([structColumn([null])], 1), partial_update: true })
    expect(await read('id == 0', 'clips')).toEqual({ title: [undefined], n: [undefined], v: [undefined] })
  })

  test.each([
    [
      'too many structs',
      (): object => structColumn([Array<Clip>(4).fill(['x', 1n, 1, 1])]),
      'exceeds max capacity',
    ],
    [
      'a text that is too long',
      (): object => structColumn([[['x'.repeat(11), 1n, 1, 1]]]),
      'exceeds max length',
    ],
    ['vectors of another size', (): object => structColumn([[['x', 1n, 1, 1, 1]]]), 'should divide the dim'],
    [
      'another number of vectors',
      (): object => structColumn([[['x', 1n, 1, 1, 1, 1]]]),
      'inconsistent struct element count',
    ],
    [
      'a field less',
      (): object => ({ ...structColumn([]), struct_arrays: { fields: [] } }),
      'length of fields of struct',
    ],
    [
      'no structs at all',
      (): object => ({ ...column('clips', 5, [1n]), type: 200 }),
      'FieldData_StructArrays',
    ],
  ])('are refused with %s', async (_what, sent, why) => {
    const [code, reason] = await milvus.refusal('Insert', request([sent()], 1))
    expect(reason).toContain(why)
    expect(code).not.toBe(0)
  })
})

describe('searches', () => {
  const list = 301

  test('compare lists with lists', async () => {
    await make('MAX_SIM_L2')
    await milvus.must('Insert', request([structColumn(rows)]))
    const { ids, scores, element_indices: places } = await search(list, bytesOf(1, 0, 0, 2))
    expect(ids.int_id.data).toEqual([0n, 3n])
    // To the nearest of each row, squared and added up: 0 + 1, and 4 + 13.
    expect([...scores]).toEqual([1, 17])
    expect(places?.data ?? []).toEqual([])
  })

  test('find structs by single vectors, with their places', async () => {
    await make('L2')
    await milvus.must('Insert', request([structColumn(rows)]))
    const found = async (more?: Record<string, string>, dsl?: string): Promise<unknown> => {
      const { ids, scores, element_indices: places } = await search(floatVector, bytesOf(1, 0), more, dsl)
      return ids.int_id.data.map((id, at) => [id, places!.data[at], scores[at]])
    }
    const all = [
      [0n, 0n, 0],
      [0n, 1n, 2],
      [3n, 0n, 4],
    ]
    expect(await found()).toEqual(all)
    expect(await found({ topk: '2' })).toEqual(all.slice(0, 2))
    expect(await found({ topk: '2', offset: '1' })).toEqual(all.slice(1))
    expect(await found({ params: '{"radius": 3, "range_filter": 1}' })).toEqual([all[1]])
    expect(await found({}, 'element_filter(clips, $[n] > 1)')).toEqual(all.slice(1))
    expect(await found({ topk: '1' }, 'id > 0 and element_filter(clips, $[n] > 1)')).toEqual([all[2]])
    expect(await found({ group_by_field: 'id' })).toEqual([all[0], all[2]])
  })

  test('of structs go on where an iterator stands', async () => {
    await make('L2')
    await milvus.must(
      'Insert',
      request(
        [
          structColumn([
            [
              ['a', 1n, 1, 0],
              ['b', 2n, 1, 0],
            ],
            [['c', 3n, 1, 0]],
          ]),
        ],
        2,
      ),
    )
    const seen: string[] = []
    let more: Record<string, string> = {}
    for (;;) {
      const given = { iterator: 'True', search_iter_v2: 'True', search_iter_batch_size: '2', ...more }
      const hits = await search(floatVector, bytesOf(1, 0), given)
      if (hits.ids.int_id.data.length === 0) break
      seen.push(...hits.ids.int_id.data.map((id, at) => `${id} ${hits.element_indices!.data[at]!}`))
      const { token, last_bound: bound } = (
        hits as unknown as { search_iterator_v2_results: Record<string, unknown> }
      ).search_iterator_v2_results
      more = { search_iter_id: String(token), search_iter_last_bound: String(bound) }
    }
    expect(seen.sort()).toEqual(['0 0', '0 1', '1 0'])
  })

  test.each([
    ['a radius', 'MAX_SIM_L2', list, { params: '{"radius": 3}' }, '', 'range search is not supported'],
    ['groups', 'MAX_SIM_L2', list, { group_by_field: 'id' }, '', 'group by is not supported'],
    [
      'a filter on structs',
      'MAX_SIM_L2',
      list,
      {},
      'element_filter(clips, $[n] > 1)',
      'element-level search',
    ],
    ['a metric of single vectors', 'L2', list, {}, '', 'compares single vectors'],
    ['groups by another field', 'L2', floatVector, { group_by_field: 'w' }, '', 'only group by primary key'],
  ])('by lists or structs are refused with %s', async (_what, metric, type, params, dsl, why) => {
    await make(metric)
    await expect(search(type, bytesOf(1, 0), params as Record<string, string>, dsl)).rejects.toThrow(why)
  })
})

test('a query for structs tells their places, and counts them for limit and offset', async () => {
  await make('L2')
  await milvus.must('Insert', request([structColumn(rows)]))
  const found = async (...params: readonly [string, string][]): Promise<unknown> => {
    const answer = await milvus.must('Query', {
      ...c,
      expr: 'element_filter(clips, $[n] > 0)',
      output_fields: ['id'],
      query_params: pairs(Object.fromEntries(params)),
    })
    return answer.element_indices.map(({ indices }: { indices: { data: bigint[] } }) => indices.data)
  }
  expect(await found()).toEqual([[0n, 1n], [0n]])
  expect(await found(['limit', '1'])).toEqual([[0n]])
  expect(await found(['limit', '2'], ['offset', '1'])).toEqual([[1n], [0n]])
  expect(await found(['limit', '9'], ['offset', '3'])).toEqual([])
})

test('an array of structs is added; the rows that are there have null', async () => {
  await make('L2')
  await milvus.must('Insert', request([structColumn(rows)]))
  const tags = {
    name: 'tags',
    nullable: true,
    fields: [subField('t', array, 5, {}), subField('v', vectorArray, floatVector, { dim: '2' })],
  }
  const add = (struct: object): Promise<readonly [number, string]> =>
    milvus.refusal('AddCollectionStructField', { ...c, struct_array_field_schema: struct })
  expect((await add({ ...tags, nullable: false }))[1]).toContain('must be nullable')
  expect((await add({ ...tags, name: 'clips' }))[1]).toContain('duplicated field name clips')
  expect((await add({ ...tags, name: 'RowID' }))[1]).toContain('not support to add system field')
  expect(await add(tags)).toEqual([0, ''])
  const { schema } = await milvus.must('DescribeCollection', c)
  expect(schema.struct_array_fields.map(({ fieldID }: { fieldID: bigint }) => fieldID)).toEqual([102n, 106n])
  expect(await read('id < 2', 'tags')).toEqual({ t: [undefined, undefined], v: [undefined, undefined] })
})

test('fields of a struct are asked for by their full names, and their column is that of the struct', async () => {
  await make('L2')
  await milvus.must('Insert', request([structColumn(rows)]))
  for (const asked of [['clips[n]', 'clips[title]'], ['clips']]) {
    const answer = await milvus.must('Query', { ...c, expr: 'id < 2', output_fields: ['id', ...asked] })
    expect(answer.output_fields).toEqual(['id', 'clips'])
    expect(answer.fields_data.map((one: { field_name: string }) => one.field_name)).toEqual(['id', 'clips'])
  }
})
