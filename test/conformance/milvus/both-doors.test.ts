import { beforeAll, describe, expect, test } from 'vitest'
import type { QdrantClient } from '@qdrant/js-client-rest'
import { connect as connectQdrant } from '../qdrant/client.ts'
import { good, useDoor } from './client.ts'
import { count, fill, finished, restore } from './snapshot-steps.ts'

const door = useDoor()
let qdrant: QdrantClient
beforeAll(() => {
  qdrant = connectQdrant(door.server)
})

describe("a collection that was made through Milvus' door", () => {
  beforeAll(() => fill(door.client, 'milvus', 30))

  test("is read and changed through Qdrant's", async () => {
    const { client } = door
    expect((await qdrant.getCollections()).collections.map(({ name }) => name)).toContain('milvus')
    expect((await qdrant.count('milvus')).count).toBe(30)
    const [point] = await qdrant.retrieve('milvus', { ids: [7], with_payload: true, with_vector: true })
    expect(point).toMatchObject({ id: 7, payload: { id: 7, group: 'g1' }, vector: { v: [7, 1] } })
    const { points } = await qdrant.query('milvus', { query: [7.25, 1], using: 'v', limit: 2 })
    expect(points.map(({ id }) => id)).toEqual([7, 8])

    await qdrant.delete('milvus', { wait: true, points: [0, 1] })
    await qdrant.setPayload('milvus', { wait: true, points: [2], payload: { group: 'changed' } })
    expect(await count(client, 'milvus')).toBe(28)
    const changed = await good(
      client.query({ collection_name: 'milvus', filter: 'group == "changed"', output_fields: ['id'] }),
    )
    expect(changed.data).toEqual([{ id: '2' }])
  })

  test('its snapshot is made through one and restored through the other', async () => {
    const { client } = door
    await good(client.createSnapshot({ collection_name: 'milvus', snapshot_name: 'both' }))
    expect((await qdrant.listSnapshots('milvus')).map(({ name }) => name)).toContain('both')
    await qdrant.delete('milvus', { wait: true, filter: {} })
    expect(await count(client, 'milvus')).toBe(0)
    await qdrant.recoverSnapshot('milvus', {
      location: `${door.server.url}/collections/milvus/snapshots/both`,
      priority: 'snapshot',
    })
    await good(client.loadCollection({ collection_name: 'milvus' }))
    expect(await count(client, 'milvus')).toBe(28)
    const { results } = await good(
      client.search({ collection_name: 'milvus', data: [9.75, 1], limit: 1, output_fields: ['id', 'group'] }),
    )
    expect(results[0]).toMatchObject({ id: '10', group: 'g1' })
  })
})

describe("a collection that was made through Qdrant's door", () => {
  const points = Array.from({ length: 20 }, (_, id) => ({
    id,
    vector: [id, 1],
    payload: { city: ['Berlin', 'London'][id % 2], n: id },
  }))

  beforeAll(async () => {
    await qdrant.createCollection('qdrant', { vectors: { size: 2, distance: 'Euclid' } })
    await qdrant.upsert('qdrant', { wait: true, points })
  })

  test("is described, loaded, queried and searched through Milvus'", async () => {
    const { client } = door
    const collection_name = 'qdrant'
    const { schema } = await good(client.describeCollection({ collection_name }))
    expect(schema.fields.map(({ name, data_type }) => [name, data_type])).toEqual([
      ['id', 'VarChar'],
      ['vector', 'FloatVector'],
    ])
    expect(schema.enable_dynamic_field).toBe(true)
    expect(await client.getLoadState({ collection_name })).toMatchObject({ state: 'LoadStateLoaded' })
    expect(await count(client, collection_name)).toBe(20)
    const { data } = await good(
      client.query({ collection_name, filter: 'city == "Berlin" and n > 15', output_fields: ['n'] }),
    )
    expect(data).toHaveLength(2)
    const { results } = await good(client.search({ collection_name, data: [4.75, 1], limit: 2 }))
    expect(results.map(({ id }) => id)).toEqual(['5', '4'])
    // L2 is the square of what Qdrant calls Euclid.
    expect(results[0]!.score).toBeCloseTo(0.0625, 5)
    const euclid = await qdrant.query('qdrant', { query: [4.75, 1], limit: 1 })
    expect(euclid.points[0]!.score).toBeCloseTo(0.25, 5)
  })

  test("its snapshot is made through Qdrant's door and restored through Milvus'", async () => {
    const { client } = door
    const made = await qdrant.createSnapshot('qdrant')
    await qdrant.delete('qdrant', { wait: true, points: [0, 1, 2] })
    expect((await good(client.listSnapshots({ collection_name: 'qdrant' }))).snapshots).toEqual([made!.name])
    await finished(client, await restore(client, made!.name, 'qdrant', 'restored'))
    await good(client.loadCollection({ collection_name: 'restored' }))
    expect(await count(client, 'restored')).toBe(20)
    expect((await qdrant.count('restored')).count).toBe(20)
    const [point] = await qdrant.retrieve('restored', { ids: [1], with_payload: true, with_vector: true })
    expect(point).toMatchObject(points[1]!)
    expect((await qdrant.count('qdrant')).count).toBe(17)
  })
})
