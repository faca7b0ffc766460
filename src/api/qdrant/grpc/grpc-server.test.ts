import { status, type ServiceError } from '@grpc/grpc-js'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openGrpcDoor, type OpenGrpcDoor } from '../../../../test/support/grpc-door.ts'
import { plainMessage } from '../../../../test/support/qdrant-grpc.ts'
import { decodeMessage } from './wire/messages.ts'

let door: OpenGrpcDoor

beforeAll(async () => {
  door = await openGrpcDoor()
  const vectors_config = { params: { size: 4, distance: 3 } }
  await door.client.call('Collections/Create', { collection_name: 'stones', vectors_config })
})
afterAll(() => door.close())

describe('the gRPC door', () => {
  test('health needs nothing', async () => {
    const reply = await door.client.send('/qdrant.Qdrant/HealthCheck', Buffer.alloc(0))
    expect(plainMessage(decodeMessage('HealthCheckReply', reply))).toEqual({
      title: 'qdrant - vector search engine',
      version: '1.19.0',
    })
    const health = await door.client.send('/grpc.health.v1.Health/Check', Buffer.alloc(0))
    expect(plainMessage(decodeMessage('HealthReply', health))).toEqual({ status: 1 })
  })

  test('a collection tells what it was made with', async () => {
    const { result } = await door.client.call('Collections/Get', { collection_name: 'stones' })
    expect(plainMessage(result)).toMatchObject({
      status: 1,
      optimizer_status: { ok: true },
      config: {
        params: { vectors_config: { params: { size: '4', distance: 3 } }, shard_number: 1 },
        hnsw_config: { m: '16', ef_construct: '100' },
      },
    })
  })

  test('points come back as they were sent, ids and whole numbers of 64 bits too', async () => {
    const payload = {
      whole: { integer_value: '9223372036854775807' },
      double: { double_value: 1 },
      half: { double_value: 0.5 },
      text: { string_value: 'grès' },
      none: { null_value: 0 },
      flag: { bool_value: false },
      list: { list_value: { values: [{ integer_value: -1 }, { struct_value: { fields: {} } }] } },
      deep: { struct_value: { fields: { a: { bool_value: true } } } },
    }
    const points = [
      {
        id: { num: '18446744073709551615' },
        vectors: { vector: { dense: { data: [1, 0.1, 0, -0.5] } } },
        payload,
      },
      { id: { uuid: '00000000-0000-4000-8000-000000000001' }, vectors: { vector: { data: [0, 1, 0, 0] } } },
      { id: { num: 0 }, vectors: { vectors: { vectors: { '': { dense: { data: [0, 0, 1, 0] } } } } } },
    ]
    const written = await door.client.call('Points/Upsert', { collection_name: 'stones', points, wait: true })
    expect(plainMessage(written['result'])).toMatchObject({ status: 2 })
    const read = await door.client.call('Points/Get', {
      collection_name: 'stones',
      ids: points.map(({ id }) => id),
      with_payload: { enable: true },
      with_vectors: { enable: true },
    })
    expect(plainMessage(read['result'])).toEqual([
      {
        id: { num: '18446744073709551615' },
        payload: {
          ...payload,
          list: { list_value: { values: [{ integer_value: '-1' }, { struct_value: {} }] } },
        },
        vectors: { vector: { dense: { data: [1, Math.fround(0.1), 0, -0.5] } } },
      },
      { id: points[1]!.id, vectors: { vector: { dense: { data: [0, 1, 0, 0] } } } },
      { id: { num: '0' }, vectors: { vector: { dense: { data: [0, 0, 1, 0] } } } },
    ])
  })

  test('limits of strict mode say when to come again', async () => {
    await door.client.call('Collections/Create', {
      collection_name: 'slow',
      vectors_config: { params: { size: 1, distance: 3 } },
      strict_mode_config: { enabled: true, read_rate_limit: 1 },
    })
    const count = () => door.client.call('Points/Count', { collection_name: 'slow' })
    await count()
    const refusal = await Promise.all([count(), count()]).catch((error: unknown) => error)
    expect(refusal).toMatchObject({ code: status.RESOURCE_EXHAUSTED })
    expect((refusal as ServiceError).metadata.get('retry-after')).toHaveLength(1)
  })

  test('what only can be read is no name that exists', async () => {
    const points = [{ id: { num: 1 }, vectors: { vector: { data: [0, 0, 0, 0] } } }]
    const [code] = await door.client.refusal('Points/Upsert', { collection_name: 'stones@seq:1', points })
    expect(code).toBe(status.FAILED_PRECONDITION)
  })

  test('a name that a path could not hold is a name', async () => {
    const deletion = { collection_name: 'stones', snapshot_name: '..' }
    const [code] = await door.client.refusal('Snapshots/Delete', deletion)
    expect(code).toBe(status.NOT_FOUND)
    const exists = await door.client.call('Collections/CollectionExists', { collection_name: 'stones' })
    expect(plainMessage(exists['result'])).toEqual({ exists: true })
  })

  test('refusals have the words of the REST API', async () => {
    expect(await door.client.refusal('Points/Count', { collection_name: 'none' })).toEqual([
      status.NOT_FOUND,
      "Not found: Collection `none` doesn't exist!",
    ])
  })
})
