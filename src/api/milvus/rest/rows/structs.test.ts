import { beforeEach, expect, test } from 'vitest'
import {
  collectionOf,
  field,
  milvusForEachTest,
  pairs,
  primaryKey,
} from '../../../../../test/support/milvus-door.ts'
import type { JsonValue } from '../../../../index.ts'
import { queryRows } from '../../rows/reading/query-rows.ts'
import { modelOf } from '../../schema/collection-model.ts'
import { rowsOf, type Column } from './result-rows.ts'
import { columnsOf } from './row-columns.ts'

const milvus = milvusForEachTest()
const c = { collection_name: 'c' }

const part = (name: string, type: number, element: number, params: Record<string, string>): object => ({
  name,
  data_type: type,
  element_type: element,
  type_params: pairs({ max_capacity: '3', ...params }),
})

beforeEach(async () => {
  const fields = [
    part('title', 22, 21, { max_length: '10' }),
    part('n', 22, 5, {}),
    part('v', 106, 101, { dim: '2' }),
    part('bits', 106, 100, { dim: '8' }),
  ]
  const struct_array_fields = [{ name: 'clips', nullable: true, fields }]
  const vector = field('w', 'FloatVector', { dim: 2 })
  await milvus.must(
    'CreateCollection',
    collectionOf('c', [primaryKey(), vector], {}, { struct_array_fields }),
  )
  const extra_params = pairs({ index_type: 'AUTOINDEX' })
  for (const field_name of ['w', 'clips[v]', 'clips[bits]'])
    await milvus.must('CreateIndex', { ...c, field_name, extra_params })
  await milvus.must('LoadCollection', c)
})

const columns = (rows: readonly JsonValue[]): object[] =>
  columnsOf(modelOf(milvus.database.getCollection('c')), rows, false)

test('arrays of structs are lists of objects, read as they were written', async () => {
  const clip = (n: number): JsonValue => ({ title: `t${n}`, n, v: [n, 0.5], bits: [n] })
  const rows = [
    { id: 1, w: [1, 0], clips: [clip(1), clip(2)] },
    { id: 2, w: [2, 0], clips: null },
    { id: 3, w: [3, 0], clips: [] },
    { id: 4, w: [4, 0] },
    { id: 5, w: [5, 0], clips: [clip(3)] },
  ]
  await milvus.must('Insert', { ...c, num_rows: rows.length, fields_data: columns(rows) })
  const request = {
    ...{ db_name: '', ...c, expr: 'id > 0', output_fields: ['*'], partition_names: [] },
    ...{ query_params: [], expr_template_values: {}, guarantee_timestamp: 0n },
  }
  const answer = await queryRows(milvus.door, request, { database: '', user: undefined, metadata: {} })
  const { fields_data: found } = answer as { fields_data: readonly Column[] }
  expect(rowsOf(found, rows.length, Number)).toEqual(rows.map((row) => ({ clips: null, ...row })))
})

test.each([
  ['no list', { title: 'x' }, 'the field clips is no list of objects'],
  ['no objects', [1], 'the field clips is no list of objects'],
  ['a field less', [{ title: 'x', n: 1, v: [1, 2] }], 'the field bits is missing in a struct of clips'],
  ['another length', [{ title: 'x', n: 1, v: [1], bits: [1] }], 'the length of a vector of v is 1'],
])('%s is refused', (_what, clips, why) => {
  expect(() => columns([{ id: 1, w: [1, 0], clips }])).toThrow(why)
})
