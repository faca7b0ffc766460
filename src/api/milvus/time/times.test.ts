import { beforeEach, expect, test } from 'vitest'
import {
  collectionOf,
  field,
  openTestMilvus,
  pairs,
  primaryKey,
  type TestMilvus,
} from '../../../../test/support/milvus-door.ts'
import { column, query, vectors } from '../../../../test/support/milvus-rows.ts'
import { encodeMessage } from '../wire/messages.ts'

let milvus: TestMilvus

beforeEach(async () => {
  milvus = await openTestMilvus()
  return () => milvus.close()
})

const at = (more: object = {}): object => ({ name: 'at', data_type: 26, nullable: true, ...more })
const c = { collection_name: 'c' }

async function make(more: object = {}, timeField = at(), database = ''): Promise<void> {
  const fields = [primaryKey(), field('v', 'FloatVector', { dim: 2 }), timeField]
  await milvus.must('CreateCollection', collectionOf('c', fields, more), database)
  const extra = pairs({ index_type: 'FLAT', metric_type: 'L2' })
  await milvus.must('CreateIndex', { ...c, field_name: 'v', extra_params: extra }, database)
  await milvus.must('LoadCollection', c, database)
}

const times = (values: readonly (string | null)[]): object => ({ ...column('at', 21, values), type: 26 })

const insert = (values: readonly (string | null)[], first = 1): Promise<unknown> =>
  milvus.call('Insert', {
    ...c,
    num_rows: values.length,
    fields_data: [
      column(
        'id',
        5,
        values.map((_, row) => BigInt(first + row)),
      ),
      vectors(
        'v',
        values.map((_, row) => [first + row, 0]),
      ),
      times(values),
    ],
  })

const found = async (expr: string, params: Record<string, string> = {}): Promise<unknown[]> =>
  (await query(milvus, { expr, query_params: pairs(params) })).map(({ id }) => Number(id))

const told = async (params: Record<string, string> = {}): Promise<unknown[]> =>
  (await query(milvus, { expr: 'id > 0', query_params: pairs(params) })).map((row) => row['at'])

test('times are answered on the clocks of the request, or else the collection', async () => {
  await make()
  await insert(['2024-12-31T22:00:00+08:00', '2024-07-01 12:00:00.250', null])
  expect(await told()).toEqual(['2024-12-31T14:00:00Z', '2024-07-01T12:00:00.25Z', null])
  const inNewYork = ['2024-12-31T09:00:00-05:00', '2024-07-01T08:00:00.25-04:00', null]
  expect(await told({ timezone: 'America/New_York' })).toEqual(inNewYork)
  await milvus.must('AlterCollection', { ...c, properties: pairs({ timezone: 'America/New_York' }) })
  expect(await told()).toEqual(inNewYork)
  await insert(['2024-07-01 12:00:00'], 4)
  expect((await told({ timezone: 'UTC' })).at(-1)).toBe('2024-07-01T16:00:00Z')
  expect(await told({ time_fields: 'year, hour microsecond' })).toEqual(
    [{ data: [2024n, 9n, 0n] }, { data: [2024n, 8n, 250000n] }, null, { data: [2024n, 12n, 0n] }].map(
      (row) => (row === null ? null : expect.objectContaining({ long_data: row })),
    ),
  )
})

test('filters compare, with an index and without', async () => {
  await make()
  await insert(['2024-12-31T22:00:00Z', '2025-01-01T06:00:00+08:00', '2025-06-01T00:00:00Z', null])
  for (const isIndexed of [false, true]) {
    if (isIndexed) {
      const extra = pairs({ index_type: 'STL_SORT' })
      await milvus.must('CreateIndex', { ...c, field_name: 'at', extra_params: extra })
    }
    expect(await found(`at == ISO '2024-12-31T17:00:00-05:00'`)).toEqual([1, 2])
    expect(await found(`ISO '2025-01-01T00:00:00Z' > at`)).toEqual([1, 2])
    expect(await found(`at != ISO '2025-06-01T00:00:00Z'`)).toEqual([1, 2])
    expect(await found(`at + INTERVAL 'P5M' >= ISO '2025-06-01T00:00:00Z'`)).toEqual([3])
    expect(await found(`ISO '2025-06-01T00:00:00Z' < at + INTERVAL 'PT1S'`)).toEqual([3])
    expect(await found(`at in [ISO '2025-06-01T00:00:00Z']`)).toEqual([3])
    expect(await found(`ISO '2024-12-31T22:00:00Z' < at <= ISO '2025-06-01T00:00:00Z'`)).toEqual([3])
    expect(await found('at is null')).toEqual([4])
    const newYork = { timezone: 'America/New_York' }
    expect(await found(`at == ISO '2024-12-31 17:00:00'`, newYork)).toEqual([1, 2])
    expect(await found(`at == ISO '2024-12-31 17:00:00'`)).toEqual([])
  }
})

test('a search tells and filters times, too, and hits are put in their order', async () => {
  await make()
  await insert(['2024-12-31T22:00:00.5Z', '2024-12-31T22:00:00Z', '2025-06-01T00:00:00Z'])
  const vector = Buffer.from(new Float32Array([0, 0]).buffer)
  const search = async (expr: string, order: string): Promise<unknown> => {
    const params = { topk: '9', anns_field: 'v', timezone: 'Asia/Shanghai', order_by_fields: order }
    const { results } = await milvus.must('Search', {
      ...c,
      dsl: expr,
      placeholder_group: placeholders(vector),
      search_params: pairs(params),
      output_fields: ['at'],
    })
    return results.fields_data[0].scalars.string_data.data
  }
  const [early, half] = ['2025-01-01T06:00:00+08:00', '2025-01-01T06:00:00.5+08:00']
  expect(await search(`at <= ISO '2025-01-01 06:00:01'`, 'at:asc')).toEqual([early, half])
  expect(await search(`at <= ISO '2025-01-01 06:00:01'`, 'at:desc')).toEqual([half, early])
})

test('a default is a moment, told on the collection’s clocks', async () => {
  await make(
    { properties: pairs({ timezone: 'Asia/Shanghai' }) },
    at({ default_value: { string_data: '2025-01-01 06:00:00' } }),
  )
  const { schema } = await milvus.must('DescribeCollection', c)
  const [, , described] = schema.fields
  expect(described.default_value.string_data).toBe('2025-01-01T06:00:00+08:00')
  await insert([null])
  expect(await told({ timezone: 'UTC' })).toEqual(['2024-12-31T22:00:00Z'])
})

test('a default may come as microseconds since the epoch', async () => {
  const since = (micros: bigint): object => at({ default_value: { timestamptz_data: micros } })
  await make({}, since(BigInt(Date.UTC(1984, 3, 14, 7)) * 1_000n + 5n))
  await insert([null, '2025-01-01T00:00:00Z'])
  expect(await told({ timezone: 'Asia/Shanghai' })).toEqual([
    '1984-04-14T15:00:00.000005+08:00',
    '2025-01-01T08:00:00+08:00',
  ])
  const far = collectionOf('far', [primaryKey(), field('v', 'FloatVector', { dim: 2 }), since(2n ** 62n)])
  expect((await milvus.refusal('CreateCollection', far))[0]).toBe(1_100)
})

test('a database gives its zone to the collections that are made in it', async () => {
  const db = { db_name: 'shop' }
  await milvus.must('CreateDatabase', db)
  await milvus.must('AlterDatabase', { ...db, properties: pairs({ timezone: 'America/New_York' }) })
  await make({}, at(), 'shop')
  await milvus.must('AlterDatabase', { ...db, properties: pairs({ timezone: 'UTC' }) })
  const { properties } = await milvus.must('DescribeCollection', c, 'shop')
  expect(properties).toContainEqual({ key: 'timezone', value: 'America/New_York' })
})

test('what is no time and no zone is refused', async () => {
  const timezone = pairs({ timezone: 'Mars/Olympus' })
  const reason = 'unknown or invalid IANA Time Zone ID: Mars/Olympus: invalid parameter'
  const refused = { code: 1100, reason }
  const fields = [primaryKey(), field('v', 'FloatVector', { dim: 2 })]
  expect(
    await milvus.call('CreateCollection', collectionOf('d', fields, { properties: timezone })),
  ).toMatchObject(refused)
  expect(await milvus.call('CreateDatabase', { db_name: 'd', properties: timezone })).toMatchObject(refused)
  await make()
  expect(await milvus.call('AlterCollection', { ...c, properties: timezone })).toMatchObject(refused)
  const status = async (rpc: string, request: object): Promise<unknown> =>
    (await milvus.call(rpc, { ...c, ...request })).status
  expect(await status('Query', { expr: 'id > 0', query_params: timezone })).toMatchObject(refused)
  const answer = (await insert(['2024-02-30T00:00:00Z'])) as { status: object }
  expect(answer.status).toMatchObject({
    code: 1100,
    reason: expect.stringContaining("got invalid timestamptz string '2024-02-30T00:00:00Z'"),
  })
  const withDefault = (value: object): object => collectionOf('e', [...fields, at({ default_value: value })])
  expect(await milvus.call('CreateCollection', withDefault({ string_data: 'soon' }))).toMatchObject({
    reason: "invalid timestamp string: 'soon'. Does not match any known format: invalid parameter",
  })
  expect(await milvus.call('CreateCollection', withDefault({ long_data: 10n }))).toMatchObject({
    reason: expect.stringContaining('is not equal to the type(DataType_Int64) of default_value'),
  })
})

function placeholders(vector: Buffer): Uint8Array {
  return encodeMessage('PlaceholderGroup', { placeholders: [{ tag: '$0', type: 101, values: [vector] }] })
}
