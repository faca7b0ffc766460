import { afterAll, beforeAll, expect, test } from 'vitest'
import { openGrpcDoor, type OpenGrpcDoor } from '../../../../test/support/grpc-door.ts'
import { plainMessage } from '../../../../test/support/qdrant-grpc.ts'
import type { Message } from './wire/messages.ts'

let door: OpenGrpcDoor
const collection_name = 'stones'
const keyword = (text: string) => ({ keyword: text })
const seven = { number: '7' }
const under = (...shard_keys: Message[]) => ({ shard_key_selector: { shard_keys } })
const ids = (...list: number[]) => list.map((num) => ({ num }))

const call = async (rpc: string, message: Message = {}): Promise<Message> =>
  plainMessage(await door.client.call(rpc, { collection_name, ...message })) as Message

beforeAll(async () => {
  door = await openGrpcDoor({ settings: { cluster: { enabled: true } } })
  const vectors_config = { params: { size: 2, distance: 3 } }
  await call('Collections/Create', { vectors_config, sharding_method: 1 })
  for (const shard_key of [keyword('eu'), keyword('us'), seven])
    await call('Collections/CreateShardKey', { request: { shard_key } })
  for (const [selector, list] of [
    [under(keyword('eu')), [1, 2, 3]],
    [under(keyword('us'), seven), [3, 4]],
  ] as const) {
    const points = list.map((num) => ({ id: { num }, vectors: { vector: { data: [num, list.length] } } }))
    await call('Points/Upsert', { points, wait: true, ...selector })
  }
})
afterAll(() => door.close())

test('keys are listed, and told of by the cluster', async () => {
  const { shard_keys: listed } = await call('Collections/ListShardKeys')
  expect(listed).toEqual([{ key: keyword('eu') }, { key: keyword('us') }, { key: seven }])
  const { local_shards: shards } = await call('Collections/CollectionClusterInfo')
  expect(shards).toMatchObject([{ shard_key: keyword('eu'), points_count: '3' }, {}, { shard_key: seven }])
})

test('reads take keys, and points tell theirs', async () => {
  const { result: page } = await call('Points/Scroll', { ...under(keyword('us'), keyword('eu')) })
  expect(page).toMatchObject([
    { id: { num: '1' }, shard_key: keyword('eu') },
    { id: { num: '2' }, shard_key: keyword('eu') },
    { id: { num: '3' }, shard_key: keyword('eu') },
    { id: { num: '4' }, shard_key: keyword('us') },
  ])
  const query = { query: { nearest: { dense: { data: [1, 0] } } } }
  const { result: hits } = await call('Points/Query', { ...query, ...under(seven) })
  expect(hits).toMatchObject([
    { id: { num: '4' }, shard_key: seven },
    { id: { num: '3' }, shard_key: seven },
  ])
  expect(await call('Points/Count', under(seven))).toMatchObject({ result: { count: '2' } })
  const fallback = { shard_key_selector: { shard_keys: [keyword('gone')], fallback: keyword('eu') } }
  expect(await call('Points/Count', fallback)).toMatchObject({ result: { count: '3' } })
  const { result: got } = await call('Points/Get', { ids: ids(3), ...under(keyword('us')) })
  expect(got).toMatchObject([{ id: { num: '3' }, shard_key: keyword('us') }])
})

test('writes name keys, and change the points of these alone', async () => {
  const points = { points: { ids: ids(3) } }
  await expect(call('Points/Delete', { points, wait: true })).rejects.toMatchObject({
    details: 'Wrong input: Shard key not specified',
  })
  await expect(call('Points/Delete', { points, wait: true, ...under(keyword('7')) })).rejects.toMatchObject({
    details: 'Wrong input: Shard key "7" not found',
  })
  const operations = [
    { delete_points: { points, ...under(seven) } },
    {
      set_payload: { payload: { a: { integer_value: 1 } }, points_selector: points, ...under(keyword('us')) },
    },
  ]
  await call('Points/UpdateBatch', { operations, wait: true })
  expect(await call('Points/Count', under(seven))).toMatchObject({ result: { count: '1' } })
  const payloadOf = async (key: Message): Promise<unknown> => {
    const request = { ids: ids(3), with_payload: { enable: true }, ...under(key) }
    return ((await call('Points/Get', request))['result'] as Message[])[0]!['payload']
  }
  expect(await payloadOf(keyword('us'))).toEqual({ a: { integer_value: '1' } })
  expect(await payloadOf(keyword('eu'))).toBeUndefined()
  await call('Collections/DeleteShardKey', { request: { shard_key: seven } })
  await expect(call('Points/Count', under(seven))).rejects.toMatchObject({
    details: 'Bad request: Shard key 7 not found',
  })
})
