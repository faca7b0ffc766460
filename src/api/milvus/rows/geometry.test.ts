import { expect, test } from 'vitest'
import {
  field,
  makeLoaded,
  milvusForEachTest,
  pairs,
  primaryKey,
} from '../../../../test/support/milvus-door.ts'
import { column, query, vectors } from '../../../../test/support/milvus-rows.ts'

const milvus = milvusForEachTest()
const c = { collection_name: 'c' }
const geo = (more: object = {}): object => ({ name: 'g', data_type: 24, nullable: true, ...more })

const make = (geometry = geo()): Promise<void> =>
  makeLoaded(milvus, [primaryKey(), field('v', 'FloatVector', { dim: 2 }), geometry])

async function insert(rows: readonly (string | null)[]): Promise<{ code: number; reason: string }> {
  const { scalars, ...rest } = column('g', 21, rows) as { scalars: { string_data: object } }
  const geometries = { ...rest, type: 24, scalars: { geometry_wkt_data: scalars.string_data } }
  const ids = rows.map((_, row) => BigInt(row + 1))
  const columns = [
    column('id', 5, ids),
    vectors(
      'v',
      rows.map((_, row) => [row, 0]),
    ),
    geometries,
  ]
  return (await milvus.call('Insert', { ...c, num_rows: rows.length, fields_data: columns })).status
}

const found = async (expr: string, more: object = {}): Promise<number[]> =>
  (await query(milvus, { expr, ...more })).map(({ id }) => Number(id))

const square = 'POLYGON ((0 0, 10 0, 10 10, 0 10, 0 0))'
const rows = ['POINT (5 5)', 'LINESTRING (-5 5, 15 5)', square, 'POINT (10 5)', null, 'POINT (50 50)']

test('geometries are found by how they lie to another one', async () => {
  await make()
  expect(await insert(rows)).toMatchObject({ code: 0 })
  for (const isIndexed of [false, true]) {
    if (isIndexed)
      await milvus.must('CreateIndex', {
        ...c,
        field_name: 'g',
        extra_params: pairs({ index_type: 'RTREE' }),
      })
    expect(await found(`st_within(g, '${square}')`)).toEqual([1, 3])
    expect(await found(`st_contains(g, 'POINT (1 1)')`)).toEqual([3])
    expect(await found(`ST_INTERSECTS(g, '${square}')`)).toEqual([1, 2, 3, 4])
    expect(await found(`not st_intersects(g, '${square}')`)).toEqual([6])
    expect(await found(`st_touches(g, '${square}')`)).toEqual([4])
    expect(await found(`st_crosses(g, '${square}')`)).toEqual([2])
    expect(await found(`st_equals(g, 'POINT (5 5)') or st_overlaps(g, 'LINESTRING (0 5, 99 5)')`)).toEqual([
      1, 2,
    ])
    expect(await found(`st_dwithin(g, 'POINT (10 5)', 600000)`)).toEqual([1, 2, 3, 4])
    expect(await found('st_isvalid(g) and g is not null')).toEqual([1, 2, 3, 4, 6])
    expect(await found('g is null')).toEqual([5])
  }
  expect(await query(milvus, { expr: 'id in [2, 5]', output_fields: ['g'] })).toEqual([
    { id: 2n, g: rows[1] },
    { id: 5n, g: null },
  ])
})

test('a filter deletes rows, and again after a restart', async () => {
  await make()
  await insert(rows)
  await milvus.must('Delete', { ...c, expr: `st_intersects(g, '${square}')` })
  expect(await found('id > 0')).toEqual([5, 6])
  await milvus.restart()
  expect(await found('id > 0')).toEqual([5, 6])
})

test('a geometry may be given as a template', async () => {
  await make()
  await insert(rows)
  const given = (value: string): object => ({ expr_template_values: { area: { string_val: value } } })
  expect(await found('st_within(g, {area})', given(square))).toEqual([1, 3])
  const refused = await milvus.call('Query', { ...c, expr: 'st_within(g, {area})', ...given('AREA') })
  expect(refused.status).toMatchObject({ code: 1100, reason: expect.stringContaining('syntax error') })
})

test('what is no geometry is refused', async () => {
  await make()
  const reason = 'invalid Geometry data, transform to wkb failed: syntax error: a ring ends where it begins'
  expect(await insert(['POINT (1 1)', 'POLYGON ((0 0, 1 0, 1 1, 0 1))'])).toMatchObject({
    code: 1100,
    reason: expect.stringContaining(reason),
  })
  expect(await found('id > 0')).toEqual([])
  await expect(make(geo({ name: 'h', default_value: { string_data: 'POINT' } }))).rejects.toThrow(
    'syntax error',
  )
})

test('a default is a geometry', async () => {
  await make(geo({ default_value: { string_data: 'POINT (0 0)' } }))
  await insert([null, 'POINT (1 1)'])
  expect(await found(`st_equals(g, 'POINT (0 0)')`)).toEqual([1])
})

test('an index fits the type of its field', async () => {
  await make()
  const refusal = async (name: string, type: string): Promise<string> =>
    (await milvus.call('CreateIndex', { ...c, field_name: name, extra_params: pairs({ index_type: type }) }))
      .reason
  expect(await refusal('g', 'INVERTED')).toContain('INVERTED are not supported on Geometry field')
  expect(await refusal('id', 'RTREE')).toContain('RTREE index can only be built on geometry field')
})
