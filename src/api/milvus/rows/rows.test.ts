import { expect, test } from 'vitest'
import {
  field,
  makeLoaded,
  milvusForEachTest,
  pairs,
  primaryKey,
} from '../../../../test/support/milvus-door.ts'
import { column, dynamicKeys, query, vectors } from '../../../../test/support/milvus-rows.ts'

const milvus = milvusForEachTest()

const insert = (columns: readonly object[], rows: number, more: object = {}): object => ({
  collection_name: 'c',
  fields_data: columns,
  num_rows: rows,
  ...more,
})

const v2 = field('v', 'FloatVector', { dim: 2 })
const text = (name: string, more: object = {}): object => field(name, 'VarChar', { max_length: 20, ...more })

test('scalars of every type come back as they were sent', async () => {
  const small = (name: string, type: number): object => ({ name, data_type: type, type_params: [] })
  const list = { name: 'list', data_type: 22, element_type: 5, type_params: pairs({ max_capacity: '3' }) }
  const types: [string, number, unknown[]][] = [
    ['b', 1, [true, false]],
    ['i8', 2, [-128, 127]],
    ['i16', 3, [-32_768, 32_767]],
    ['i32', 4, [-(2 ** 31), 2 ** 31 - 1]],
    ['i64', 5, [-(2n ** 63n), 2n ** 63n - 1n]],
    ['f', 10, [Math.fround(0.1), Infinity]],
    ['d', 11, [0.1, Number.NaN]],
    ['s', 21, ['', '日本 "\\']],
    ['j', 23, [{ far: 9_007_199_254_740_991, deep: [{ k: null }] }, [1, 'x']]],
  ]
  await makeLoaded(milvus, [
    primaryKey(),
    v2,
    list,
    ...types.map(([name, type]) => (type === 21 ? text(name) : small(name, type))),
  ])
  const lists = [{ long_data: { data: [1n, 2n ** 60n] } }, {}]
  const columns = [
    column('id', 5, [1n, 2n]),
    vectors('v', [
      [1, 2],
      [0.5, -0],
    ]),
    { type: 22, field_name: 'list', scalars: { array_data: { data: lists, element_type: 5 } } },
    ...types.map(([name, type, values]) => column(name, type, values)),
  ]
  const answer = await milvus.must('Insert', insert(columns, 2))
  expect(answer).toMatchObject({ insert_cnt: 2n, IDs: { int_id: { data: [1n, 2n] } }, succ_index: [0, 1] })
  const found = await query(milvus, { expr: 'id > 0' })
  types.forEach(([name, , values]) =>
    expect([name, ...found.map((row) => row[name])]).toEqual([name, ...values]),
  )
  expect(found.map((row) => row['v'])).toEqual([
    [1, 2],
    [0.5, -0],
  ])
  const { fields_data: data } = await milvus.must('Query', {
    collection_name: 'c',
    expr: 'id > 0',
    output_fields: ['list'],
  })
  const [array] = data as { scalars: { array_data: { data: { long_data: { data: unknown } }[] } } }[]
  expect(array!.scalars.array_data.data.map((one) => one.long_data.data)).toEqual([[1n, 2n ** 60n], []])
})

test('no bytes of JSON are null where null may be, and no JSON elsewhere', async () => {
  await makeLoaded(milvus, [primaryKey(), v2, field('j', 'JSON', { nullable: true }), field('k', 'JSON')])
  const bytes = (name: string, texts: readonly string[]): object => ({
    type: 23,
    field_name: name,
    scalars: { json_data: { data: texts.map((one) => Buffer.from(one)) } },
    // Clients call such a row valid.
    valid_data: name === 'j' ? texts.map(() => true) : [],
  })
  const rows = (js: readonly string[], ks: readonly string[]): object => {
    const fields = [
      column('id', 5, [1n, 2n]),
      vectors('v', [
        [1, 2],
        [3, 4],
      ]),
    ]
    return insert([...fields, bytes('j', js), bytes('k', ks)], 2)
  }
  await milvus.must('Insert', rows(['', '{"a": 1}'], ['{}', '{}']))
  expect((await query(milvus, { expr: 'id > 0' })).map((row) => row['j'])).toEqual([null, { a: 1 }])
  expect(await query(milvus, { expr: 'j is null' })).toHaveLength(1)
  expect((await milvus.refusal('Insert', rows(['', ''], ['{}', ''])))[0]).toBe(1_001)
  await milvus.must('Insert', rows(['5', '"text"'], ['true', '[1]']))
  const read = await query(milvus, { expr: 'j == 5 or j == "text"' })
  expect(read.map((row) => [row['j'], row['k']])).toEqual([
    [5, true],
    ['text', [1]],
  ])
  expect(await query(milvus, { expr: 'k == true' })).toHaveLength(1)
})

test('vectors of every type come back bit for bit', async () => {
  const dense = (name: string, type: number, dim: number): object => ({
    name,
    data_type: type,
    type_params: pairs({ dim: String(dim) }),
  })
  const sparse = field('sparse', 'SparseFloatVector')
  const fields = [
    dense('bits', 100, 16),
    dense('half', 102, 2),
    dense('brain', 103, 2),
    dense('bytes', 105, 2),
    sparse,
  ]
  await makeLoaded(milvus, [primaryKey(), ...fields])
  const row = Buffer.alloc(16)
  row.writeUInt32LE(7, 0)
  row.writeFloatLE(0.5, 4)
  row.writeUInt32LE(2 ** 32 - 2, 8)
  row.writeFloatLE(2, 12)
  const sent: Record<string, object> = {
    bits: { dim: 16, binary_vector: Buffer.from([0b1000_0001, 0x0f]) },
    half: { dim: 2, float16_vector: Buffer.from([0x01, 0x3c, 0x01, 0x80]) },
    brain: { dim: 2, bfloat16_vector: Buffer.from([0x81, 0x3f, 0x00, 0xc0]) },
    bytes: { dim: 2, int8_vector: Buffer.from([0x80, 0x7f]) },
    sparse: { dim: 2 ** 32 - 1, sparse_float_vector: { contents: [row], dim: 2 ** 32 - 1 } },
  }
  const columns = Object.entries(sent).map(([name, value]) => ({ field_name: name, vectors: value }))
  await milvus.must('Insert', insert([column('id', 5, [1n]), ...columns], 1))
  const answer = await milvus.must('Query', { collection_name: 'c', expr: 'id == 1', output_fields: ['*'] })
  for (const { field_name: name, vectors: found } of answer.fields_data as {
    field_name: string
    vectors: Record<string, unknown>
  }[]) {
    if (name === 'id') continue
    for (const [kind, value] of Object.entries(sent[name]!)) {
      if (value instanceof Buffer)
        expect([name, Buffer.from(found[kind] as Uint8Array).toString('hex')]).toEqual([
          name,
          value.toString('hex'),
        ])
    }
  }
  const [last] = (
    answer.fields_data as {
      field_name: string
      vectors: { sparse_float_vector: { contents: Uint8Array[] } }
    }[]
  ).filter((one) => one.field_name === 'sparse')
  expect(Buffer.from(last!.vectors.sparse_float_vector.contents[0]!).toString('hex')).toBe(
    row.toString('hex'),
  )
})

test('a sparse vector may have no component: it is read, and found by no search', async () => {
  await makeLoaded(milvus, [primaryKey(), field('sparse', 'SparseFloatVector')])
  const full = Buffer.alloc(8)
  full.writeFloatLE(1, 4)
  const vectors = { dim: 1, sparse_float_vector: { contents: [Buffer.alloc(0), full], dim: 1 } }
  await milvus.must('Insert', insert([column('id', 5, [1n, 2n]), { field_name: 'sparse', vectors }], 2))
  const answer = await milvus.must('Query', {
    collection_name: 'c',
    expr: 'id > 0',
    output_fields: ['sparse'],
  })
  const [found] = (
    answer.fields_data as {
      field_name: string
      vectors: { sparse_float_vector: { contents: Uint8Array[] } }
    }[]
  ).filter((one) => one.field_name === 'sparse')
  expect(found!.vectors.sparse_float_vector.contents.map(({ length }) => length)).toEqual([0, 8])
  const collection = milvus.database.getCollection('c')
  const hits = await collection.query({ vector: { indices: [0], values: [1] }, using: 'sparse', limit: 9 })
  expect(hits.map(({ id }) => id)).toEqual([2])
})

test('half vectors may be sent as numbers, and are rounded', async () => {
  await makeLoaded(milvus, [primaryKey(), { name: 'v', data_type: 102, type_params: pairs({ dim: '2' }) }])
  const sent = { type: 102, field_name: 'v', vectors: { dim: 2, float_vector: { data: [0.1, 1] } } }
  await milvus.must('Insert', insert([column('id', 5, [1n]), sent], 1))
  const [point] = await milvus.database.getCollection('c').get([1], { vectors: true })
  expect([...(point!.vectors!['v'] as Float32Array)]).toEqual([0.0999755859375, 1])
})

test('null, default values and columns that are left out', async () => {
  const fallback = { string_data: 'none' }
  const fields = [
    primaryKey(),
    { ...field('v', 'FloatVector', { dim: 2 }), nullable: true },
    field('n', 'Int64', { nullable: true }),
    text('s', { default_value: fallback }),
    text('both', { default_value: fallback, nullable: true }),
    field('must', 'Int64'),
  ]
  await makeLoaded(milvus, fields)
  const base = [column('id', 5, [1n, 2n, 3n]), column('must', 5, [1n, 2n, 3n])]
  const columns = [
    vectors('v', [[1, 1], null, [3, 3]]),
    column('n', 5, [null, 2n, null]),
    column('s', 21, ['a', null, 'c']),
  ]
  await milvus.must('Insert', insert([...base, ...columns], 3))
  expect(await query(milvus, { expr: 'id > 0', output_fields: ['v', 'n', 's', 'both'] })).toEqual([
    { id: 1n, v: [1, 1], n: null, s: 'a', both: 'none' },
    { id: 2n, v: null, n: 2n, s: 'none', both: 'none' },
    { id: 3n, v: [3, 3], n: null, s: 'c', both: 'none' },
  ])
  const refused = await milvus.call('Insert', insert([base[0]!], 3))
  expect(refused.status).toMatchObject({ code: 1100, error_code: 5 })
  expect(refused.status.reason).toMatch(/^fieldSchema\(must\) has no corresponding fieldData/)
  const missing = await milvus.call('Insert', insert([base[0]!, column('must', 5, [1n, null, 3n])], 3))
  expect(missing.status.reason).toMatch(/^the num_rows \(2\) of field \(must\)/)
  expect(await query(milvus, { expr: 'id > 0', output_fields: ['id'] })).toHaveLength(3)
})

test('what does not fit the schema is refused, and nothing of it written', async () => {
  const small = { name: 'i8', data_type: 2, type_params: [] }
  await makeLoaded(milvus, [primaryKey(), v2, text('s', { max_length: 3 }), small])
  const whole = {
    id: column('id', 5, [1n]),
    v: vectors('v', [[1, 1]]),
    s: column('s', 21, ['abc']),
    i8: column('i8', 2, [1]),
  }
  const refusals: [Record<string, object>, RegExp][] = [
    [
      { s: column('s', 21, ['日本']) },
      /^the length \(6\) of 0th string exceeds max length \(3\): invalid parameter\[/,
    ],
    [
      { i8: column('i8', 2, [128]) },
      /^the 0th element \(128\) out of range: \[-128, 127\]: invalid parameter\[/,
    ],
    [{ v: vectors('v', [[1, 2, 3]]) }, /^the length\(3\) of float data should divide the dim\(2\)$/],
    [
      {
        v: vectors('v', [
          [1, 2],
          [3, 4],
        ]),
      },
      /^the num_rows \(2\) of field \(v\)/,
    ],
    [{ v: vectors('v', [[Number.NaN, 2]]) }, /^value 'NaN' is not a number or infinity$/],
    [{ v: vectors('v', [[-Infinity, 2]]) }, /^value '-Inf' is not a number or infinity$/],
    [{ s: column('s', 5, [1n]) }, /^the data type \(Int64\) of field \(s\) does not match/],
    [{ more: column('more', 5, [1n]) }, /^field \(more\) does not exist/],
    [{ $meta: dynamicKeys([{}]) }, /^dynamic fields are not enabled/],
  ]
  for (const [change, reason] of refusals) {
    const answer = await milvus.call('Insert', insert(Object.values({ ...whole, ...change }), 1))
    expect(answer.status.reason).toMatch(reason)
  }
  const stale = await milvus.call('Insert', insert(Object.values(whole), 1, { schema_timestamp: 1n }))
  expect(stale.status).toMatchObject({ code: 109, error_code: 62 })
  expect(await query(milvus, { output_fields: ['count(*)'] })).toEqual([{ 'count(*)': 0n }])
})
