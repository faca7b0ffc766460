import { describe, expect, test } from 'vitest'
import { refusal, useDoor } from './client.ts'

const door = useDoor()

describe('collections', () => {
  test('a collection is created, described, listed and dropped', async () => {
    const { client } = door
    await client.createCollection('c', { vectors: { size: 4, distance: 'Dot' }, shard_number: 2 })
    const info = await client.getCollection('c')
    expect(info.status).toBe('green')
    expect(info.points_count).toBe(0)
    expect(info.config.params).toMatchObject({ vectors: { size: 4, distance: 'Dot' }, shard_number: 2 })
    expect(info.config.hnsw_config).toMatchObject({ m: 16, ef_construct: 100 })
    expect((await client.getCollections()).collections).toContainEqual({ name: 'c' })
    expect(await client.collectionExists('c')).toEqual({ exists: true })
    expect(await client.deleteCollection('c')).toBe(true)
    expect(await client.collectionExists('c')).toEqual({ exists: false })
    expect(await client.deleteCollection('c')).toBe(false)
  })

  test('named vectors of every distance are described as they were given', async () => {
    const vectors = {
      a: { size: 2, distance: 'Cosine' as const },
      b: { size: 3, distance: 'Euclid' as const },
      m: { size: 5, distance: 'Manhattan' as const },
    }
    await door.client.createCollection('named', { vectors })
    expect((await door.client.getCollection('named')).config.params.vectors).toMatchObject(vectors)
  })

  test('a second collection of a name is refused and changes nothing', async () => {
    const { client } = door
    await client.createCollection('twice', { vectors: { size: 4, distance: 'Dot' } })
    const second = await refusal(
      client.createCollection('twice', { vectors: { size: 8, distance: 'Cosine' } }),
    )
    expect(second).toEqual({ status: 409, text: 'Wrong input: Collection `twice` already exists!' })
    expect((await client.getCollection('twice')).config.params.vectors).toMatchObject({ size: 4 })
  })

  test('a collection that is not there is 404 with its name', async () => {
    const missing = await refusal(door.client.getCollection('nobody'))
    expect(missing).toEqual({ status: 404, text: "Not found: Collection `nobody` doesn't exist!" })
  })
})

describe('aliases', () => {
  test('an alias stands in place of its collection for reads and writes, and can be moved', async () => {
    const { client } = door
    const vectors = { size: 2, distance: 'Dot' as const }
    await client.createCollection('blue', { vectors })
    await client.createCollection('green', { vectors })
    await client.updateCollectionAliases({
      actions: [{ create_alias: { collection_name: 'blue', alias_name: 'live' } }],
    })
    await client.upsert('live', { wait: true, points: [{ id: 1, vector: [1, 0] }] })
    expect((await client.count('blue')).count).toBe(1)
    await client.updateCollectionAliases({
      actions: [
        { delete_alias: { alias_name: 'live' } },
        { create_alias: { collection_name: 'green', alias_name: 'live' } },
      ],
    })
    expect((await client.count('live')).count).toBe(0)
    expect((await client.getAliases()).aliases).toContainEqual({
      alias_name: 'live',
      collection_name: 'green',
    })
    expect((await client.getCollectionAliases('blue')).aliases).toEqual([])
  })

  test('a list of actions happens whole or not at all', async () => {
    const { client } = door
    await client.createCollection('base', { vectors: { size: 2, distance: 'Dot' } })
    const failed = await refusal(
      client.updateCollectionAliases({
        actions: [
          { create_alias: { collection_name: 'base', alias_name: 'half' } },
          { create_alias: { collection_name: 'nobody', alias_name: 'other' } },
        ],
      }),
    )
    expect(failed.status).toBe(404)
    expect((await client.getAliases()).aliases.map((a) => a.alias_name)).not.toContain('half')
  })
})

describe('the server about itself', () => {
  const get = async (path: string): Promise<{ status: number; result: Record<string, unknown> }> => {
    const answer = await fetch(`${door.server.url}${path}`)
    return { status: answer.status, ...((await answer.json()) as { result: Record<string, unknown> }) }
  }

  test('shards are shown with the points that they hold', async () => {
    const { client } = door
    await client.createCollection('sharded', { vectors: { size: 1, distance: 'Dot' }, shard_number: 3 })
    const points = Array.from({ length: 60 }, (_, id) => ({ id, vector: [id] }))
    await client.upsert('sharded', { wait: true, points })
    await client.delete('sharded', { wait: true, points: [0, 1, 2] })
    const { result } = await get('/collections/sharded/cluster')
    const counts = (result['local_shards'] as { points_count: number }[]).map((shard) => shard.points_count)
    expect(counts).toHaveLength(3)
    expect(counts.reduce((sum, count) => sum + count)).toBe(57)
    expect(Math.min(...counts)).toBeGreaterThan(0)
    const telemetry = (await get('/telemetry?details_level=3')).result['collections'] as {
      collections: { id: string; shards: { local: { num_points: number } }[] }[]
    }
    const own = telemetry.collections.find(({ id }) => id === 'sharded')!
    expect(own.shards.map(({ local }) => local.num_points)).toEqual(counts)
  })

  test('what needs several nodes is said to be so', async () => {
    for (const [method, path, status] of [
      ['GET', '/cluster/metadata/keys', 405],
      ['DELETE', '/cluster/peer/1', 405],
      ['DELETE', '/cluster/peer/1?timeout=0', 422],
      ['POST', '/audit/logs', 400],
    ] as const) {
      const body = method === 'POST' ? { body: '{}' } : {}
      const answer = await fetch(`${door.server.url}${path}`, { method, ...body })
      expect([path, answer.status]).toEqual([path, status])
    }
  })

  test('a name with a percent sign is found, however a client spells it', async () => {
    const { client } = door
    await client.createCollection('100%', { vectors: { size: 1, distance: 'Dot' } })
    for (const path of ['/collections/100%25', '/collections/100%']) {
      expect((await get(path)).result['points_count']).toBe(0)
    }
    expect(await client.deleteCollection('100%')).toBe(true)
  })

  test('a name that cannot be that of a folder is refused', async () => {
    const answer = await fetch(`${door.server.url}/collections/a%0Ab`, {
      method: 'PUT',
      body: '{"vectors":{"size":1,"distance":"Dot"}}',
    })
    expect(answer.status).toBe(400)
    expect((await door.client.getCollections()).collections).not.toContainEqual({ name: 'a\nb' })
  })
})
