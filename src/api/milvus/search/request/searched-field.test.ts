import { expect, test } from 'vitest'
import {
  field,
  makeLoaded,
  milvusForEachTest,
  pairs,
  primaryKey,
} from '../../../../../test/support/milvus-door.ts'
import { column, vectors } from '../../../../../test/support/milvus-rows.ts'
import { encodeMessage } from '../../wire/messages.ts'

const milvus = milvusForEachTest()
const a = field('a', 'FloatVector', { dim: 2 })
const b = field('b', 'FloatVector', { dim: 3 })

async function make(fields: readonly object[]): Promise<void> {
  await makeLoaded(milvus, [primaryKey(), ...fields])
  const columns = [column('id', 5, [1n]), vectors('a', [[1, 1]]), vectors('b', [[1, 1, 1]])]
  const fields_data = columns.slice(0, 1 + fields.length)
  await milvus.must('Insert', { collection_name: 'c', num_rows: 1, fields_data })
}

const search = (params: Readonly<Record<string, string>>): object => {
  const values = [Buffer.from(new Float32Array([1, 1]).buffer)]
  const group = { placeholders: [{ tag: '$0', type: 101, values }] }
  return {
    collection_name: 'c',
    placeholder_group: encodeMessage('PlaceholderGroup', group),
    search_params: pairs({ topk: '1', ...params }),
  }
}

test('the only vector field need not be named', async () => {
  await make([a])
  const { results } = await milvus.must('Search', search({}))
  expect(results.ids.int_id.data).toEqual([1n])
})

// One of them, whichever, would be a guess: the answer would be that of another question.
test('of several vector fields one has to be named', async () => {
  await make([a, b])
  expect(await milvus.refusal('Search', search({}))).toEqual([
    1100,
    'multiple anns_fields exist, please specify a anns_field in search_params: invalid parameter',
  ])
  await milvus.must('Search', search({ anns_field: 'a' }))
})

test.each([
  [{ anns_field: 'none' }, 'fieldName(none) not found'],
  [{ anns_field: 'id' }, 'field (id) to search is not of vector data type'],
  [{ anns_field: 'b' }, 'vector dimension mismatch'],
  [{ anns_field: 'a', metric_type: 'L2' }, 'metric type not match'],
])('%o is refused', async (params, why) => {
  await make([a, b])
  const [code, reason] = await milvus.refusal('Search', search(params))
  expect(code).not.toBe(0)
  expect(reason).toContain(why)
})
