import { expect, test } from 'vitest'
import { refusal, useDoor } from './client.ts'

// Custom sharding, which Qdrant has in its cluster mode only: one node that is a cluster of itself.
const door = useDoor({ env: { QDRANT__CLUSTER__ENABLED: 'true' } })

test('points are written under keys, read under keys, and go with their key', async () => {
  const { client } = door
  await client.createCollection('c', { vectors: { size: 2, distance: 'Dot' }, sharding_method: 'custom' })
  for (const key of ['eu', 'us', 7]) await client.createShardKey('c', { shard_key: key })
  await client.upsert('c', {
    wait: true,
    shard_key: 'eu',
    points: [1, 2, 3].map((id) => ({ id, vector: [id, 0], payload: { region: 'eu' } })),
  })
  await client.upsert('c', {
    wait: true,
    shard_key: ['us', 7],
    points: [{ id: 3, vector: [30, 0], payload: { region: 'us' } }],
  })
  expect((await client.count('c')).count).toBe(5)
  expect((await client.count('c', { shard_key: 'eu' })).count).toBe(3)
  const under = await client.query('c', {
    query: [1, 0],
    shard_key: ['us', 'eu'],
    limit: 2,
    with_payload: true,
  })
  expect(under.points.map(({ id, score, shard_key: key }) => [id, score, key])).toEqual([
    [3, 30, 'us'],
    [3, 3, 'eu'],
  ])
  const page = await client.scroll('c', { limit: 10 })
  expect(page.points.map(({ id, shard_key: key }) => [id, key])).toEqual([
    [1, 'eu'],
    [2, 'eu'],
    [3, 'eu'],
  ])
  const [seven] = await client.retrieve('c', { ids: [3], shard_key: 7, with_payload: true })
  expect(seven).toMatchObject({ id: 3, shard_key: 7, payload: { region: 'us' } })
  await client.setPayload('c', { payload: { seen: true }, points: [3], shard_key: 'us', wait: true })
  const seen = { must: [{ key: 'seen', match: { value: true } }] }
  expect((await client.count('c', { filter: seen })).count).toBe(1)
  await client.delete('c', { points: [3], shard_key: 'eu', wait: true })
  expect((await client.scroll('c', { shard_key: 'eu' })).points.map(({ id }) => id)).toEqual([1, 2])
  await client.deleteShardKey('c', { shard_key: 'us' })
  expect((await client.count('c')).count).toBe(3)
  expect(await refusal(client.count('c', { shard_key: 'us' }))).toEqual({
    status: 400,
    text: 'Bad request: Shard key "us" not found',
  })
  expect(await refusal(client.upsert('c', { points: [{ id: 1, vector: [1, 1] }] }))).toEqual({
    status: 400,
    text: 'Wrong input: Shard key not specified',
  })
})

test('a snapshot brings back the keys and the points of each, in place and under another name', async () => {
  const { client, server } = door
  await client.createCollection('kept', {
    vectors: { size: 2, distance: 'Dot' },
    sharding_method: 'custom',
    shard_number: 2,
  })
  for (const key of ['a', 'b/c', 5]) {
    await client.createShardKey('kept', { shard_key: key })
    const points = [1, 2].map((id) => ({ id, vector: [id, 1], payload: { key } }))
    await client.upsert('kept', { wait: true, shard_key: key, points })
  }
  const snapshot = await client.createSnapshot('kept', { wait: true })
  await client.deleteShardKey('kept', { shard_key: 'a' })
  await client.createShardKey('kept', { shard_key: 'new' })
  await client.delete('kept', { points: [1], shard_key: 5, wait: true })
  const location = `file://${server.snapshotsPath}/kept/${snapshot!.name}`
  for (const name of ['kept', 'other']) {
    await client.recoverSnapshot(name, { location, priority: 'snapshot' })
    const cluster = await client.collectionClusterInfo(name)
    expect(new Set(cluster.local_shards.map(({ shard_key: key }) => key))).toEqual(new Set(['a', 'b/c', 5]))
    for (const key of ['a', 'b/c', 5]) {
      const { points } = await client.scroll(name, { shard_key: key, with_payload: true })
      expect(points.map(({ id, payload, shard_key: shown }) => [id, payload, shown])).toEqual([
        [1, { key }, key],
        [2, { key }, key],
      ])
    }
  }
})
