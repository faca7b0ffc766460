import { expect, test } from 'vitest'
import { milvusForEachTest } from '../../../test/support/milvus-door.ts'
import { messageType } from './wire/messages.ts'
import { rpcs } from './wire/rpcs.ts'

const milvus = milvusForEachTest()

/** The members of a message that are a status. */
const statuses = (type: string): string[] =>
  Object.values(messageType(type).fields)
    .filter((field) => field.type === 'Status')
    .map(({ name }) => name)

test('every answer has its status, of calls that succeed, are refused and are not supported', async () => {
  const seen = new Set<number>()
  for (const [name, { response, streams }] of Object.entries(rpcs)) {
    if (streams !== undefined) continue
    const answer = (await milvus.call(name)) as Record<string, { code: number } | null>
    if (response === 'Status') {
      expect(answer, name).toHaveProperty('code')
      continue
    }
    for (const member of statuses(response)) {
      expect(Object.hasOwn(answer, member) && answer[member] !== null, `${name}: ${member}`).toBe(true)
      seen.add(answer[member]!.code)
    }
  }
  expect([...seen]).toEqual(expect.arrayContaining([0, 10, 100]))
})

test('collections that are described together have a status each', async () => {
  const { responses } = await milvus.must('BatchDescribeCollection', { collection_name: ['none'] })
  expect(responses[0].status.code).toBe(100)
  expect(await milvus.refusal('BatchDescribeCollection')).toEqual([1_101, 'collection names are required'])
})

test('the server tells of itself as of a cluster of one node', async () => {
  const { response } = await milvus.must('GetMetrics', { request: '{"metric_type": "system_info"}' })
  const { nodes_info: nodes } = JSON.parse(response as string) as { nodes_info: unknown[] }
  expect(nodes).toMatchObject([{ infos: { type: 'standalone', system_info: { system_version: 'v2.6.4' } } }])
  expect((await milvus.refusal('GetMetrics', { request: '{"metric_type": "other"}' }))[0]).toBe(3_000)
  for (const request of ['', '{}', 'null', '[1'])
    expect((await milvus.refusal('GetMetrics', { request }))[0]).toBe(1_100)
})
