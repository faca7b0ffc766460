import { DataType } from '@zilliz/milvus2-sdk-node'
import { beforeAll, describe, expect, test } from 'vitest'
import { good, refusal, useDoor } from './client.ts'

const door = useDoor()
const collection_name = 'gaps'

const fields = [
  { name: 'id', data_type: DataType.Int64, is_primary_key: true },
  { name: 'v', data_type: DataType.FloatVector, dim: 2 },
  { name: 'n', data_type: DataType.Int64, nullable: true },
  { name: 's', data_type: DataType.VarChar, max_length: 20, nullable: true },
  { name: 'f', data_type: DataType.Float },
  { name: 'b', data_type: DataType.Bool },
  { name: 'j', data_type: DataType.JSON },
  {
    name: 'list',
    data_type: DataType.Array,
    element_type: DataType.Int64,
    max_capacity: 8,
    nullable: true,
  },
]

const rows = [
  { id: 1, n: 7, s: 'red', f: 0.1, b: true, j: { k: 1, list: [1, 2, 3.0] }, list: [1, 2, 3] },
  { id: 2, n: -7, s: '', f: 2.5, b: false, j: { k: true, list: [], empty: {} }, list: [] },
  { id: 3, n: null, s: null, f: -1, b: true, j: { other: { deep: 'x' } }, list: null },
  { id: 4, n: 0, s: 'red%', f: 100, b: false, j: { k: 'text', nothing: null }, list: [4] },
  { id: 5, n: null, s: 'Red', f: 0, b: true, j: { k: 2.5, hollow: [[], {}] }, list: [1, 1], colour: 'blue' },
]

async function found(filter: string, exprValues?: Record<string, unknown>): Promise<number[]> {
  const { data } = await good(
    door.client.query({
      collection_name,
      filter,
      output_fields: ['id'],
      ...(exprValues === undefined ? {} : { exprValues }),
    }),
  )
  return data.map(({ id }) => Number(id))
}

beforeAll(async () => {
  const { client } = door
  const index_params = [{ field_name: 'v', index_type: 'FLAT', metric_type: 'L2' }]
  await good(client.createCollection({ collection_name, fields, index_params, enable_dynamic_field: true }))
  await good(client.insert({ collection_name, data: rows.map((row) => ({ ...row, v: [row.id, 1] })) }))
})

describe('a filter finds', () => {
  // What is null passes no test and no test turned round, but for those that ask whether it is.
  test.each<[filter: string, ids: readonly number[]]>([
    ['n is null', [3, 5]],
    ['n not in [7]', [2, 4]],
    ['not (n in [7])', [2, 4]],
    ['s not in ["red"]', [2, 4, 5]],
    ['not (n > 0)', [2, 4]],
    ['n is null or n > 0', [1, 3, 5]],
    ['array_length(list) == 0', [2]],
    ['not array_contains(list, 1)', [2, 4]],
  ])('no null: %s', async (filter, ids) => {
    expect(await found(filter)).toEqual(ids)
  })

  test.each<[filter: string, ids: readonly number[]]>([
    ['j["k"] == 1', [1]],
    ['j["k"] == true', [2]],
    ['j["k"] != 1', [2, 3, 4, 5]],
    ['not (j["k"] == 1)', [2, 3, 4, 5]],
    ['j["k"] > 0', [1, 5]],
    ['j["other"]["deep"] == "x"', [3]],
    ['exists j["k"]', [1, 2, 4, 5]],
    ['exists j["empty"] or exists j["nothing"] or exists j["hollow"]', []],
    ['exists j["other"]', [3]],
    ['json_contains(j["list"], 3)', [1]],
    ['colour == "blue"', [5]],
    ['$meta["colour"] != "blue"', [1, 2, 3, 4]],
  ])('JSON as it is: %s', async (filter, ids) => {
    expect(await found(filter)).toEqual(ids)
  })

  test.each<[filter: string, ids: readonly number[]]>([
    ['list[0] == 1', [1, 5]],
    ['list[7] == 1', []],
    ['list[7] != 1', []],
    ['array_contains_all(list, [1, 2])', [1]],
    ['array_contains_any(list, [4, 3])', [1, 4]],
    ['list == [1, 1]', [5]],
  ])('arrays: %s', async (filter, ids) => {
    expect(await found(filter)).toEqual(ids)
  })

  test.each<[filter: string, ids: readonly number[]]>([
    ['n / 2 == 3', [1]],
    ['n / 2 == -3', [2]],
    ['n % 4 == 3', [1]],
    ['-7 <= n < 7', [2, 4]],
    // A column of 32 bits holds the nearest float, and is compared as such.
    ['f == 0.1', [1]],
    ['n == 0x7 or n == -0x7', [1, 2]],
    ['s like "red%"', [1, 4]],
    ['s like ""', [2]],
    [String.raw`s like "%\\%"`, [4]],
    ['s < "a"', [2, 5]],
    ['id in [1, 1, 5]', [1, 5]],
    ['true', [1, 2, 3, 4, 5]],
    ['id > 1 AND b == true', [3, 5]],
    ['not (id > 1 or b == true)', []],
  ])('numbers, texts and what joins them: %s', async (filter, ids) => {
    expect(await found(filter)).toEqual(ids)
  })

  test('values that are sent beside it', async () => {
    expect(await found('n in {numbers} or s == {text}', { numbers: [7, 0], text: 'Red' })).toEqual([1, 4, 5])
    const text = 'red" or id > 0 or s == "'
    expect(await found('s == {text}', { text })).toEqual([])
  })
})

describe('a filter is refused', () => {
  test.each([
    ['b', 'not a boolean expression'],
    ['not b', 'not op can only be applied on boolean expression'],
    ['not id < 9', 'not op can only be applied on boolean expression'],
    ['id > 1 And id < 3', ''],
    ['n == 7.0', 'cannot cast value to Int64'],
    ['n / 0 == 1', 'division or modulus by zero'],
    ['n % 0 == 1', 'division or modulus by zero'],
    ['5 < n < 2', 'lowerbound is greater than upperbound'],
    ['text_match(s, "red")', 'does not enable match'],
    ['v == 1', ''],
    ['id in {numbers}', ''],
  ])('%s', async (filter, why) => {
    const { code, reason } = await refusal(
      door.client.query({ collection_name, filter, output_fields: ['id'] }),
    )
    expect(code).toBe(1100)
    expect(reason).toContain('failed to create query plan')
    expect(reason).toContain(why)
  })

  test('and nothing is deleted by it', async () => {
    const { client } = door
    expect((await refusal(client.delete({ collection_name, filter: 'not b' }))).code).toBe(1100)
    expect(await found('id > 0')).toEqual([1, 2, 3, 4, 5])
  })
})

test('a deletion by values that are sent beside its filter takes the rows that pass it', async () => {
  const { client } = door
  const spare = rows.slice(0, 2).map((row) => ({ ...row, id: row.id + 100, v: [row.id, 1] }))
  await good(client.insert({ collection_name, data: spare }))
  await good(
    client.delete({
      collection_name,
      filter: 'id > {least} and s == {text}',
      exprValues: { least: 100, text: '' },
    }),
  )
  expect(await found('id > 100')).toEqual([101])
  await good(client.delete({ collection_name, ids: [101] }))
})
