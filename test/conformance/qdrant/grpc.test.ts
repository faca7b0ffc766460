import { QdrantClient } from '@qdrant/js-client-grpc'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startServer, type ServerProcess } from '../../support/server-process.ts'

// The official client, unmodified, over gRPC.

const name = 'plants'
let server: ServerProcess
let client: QdrantClient

beforeAll(async () => {
  server = await startServer({ args: ['--grpc-port', '0'] })
  client = connect(server)
  await client.api('collections').create({
    collectionName: name,
    vectorsConfig: {
      config: {
        case: 'paramsMap',
        value: { map: { leaf: { size: 3n, distance: 1 }, root: { size: 2n, distance: 3 } } },
      },
    },
  })
})
afterAll(() => server.stop())

function connect(one: ServerProcess, apiKey?: string): QdrantClient {
  const port = /"grpc":"[^"]*:(\d+)"/.exec(one.log())?.[1] ?? ''
  // A client that is given a key and no scheme takes https for granted.
  const url = `http://127.0.0.1:${port}`
  return new QdrantClient({ url, checkCompatibility: false, ...(apiKey === undefined ? {} : { apiKey }) })
}

const idOf = (num: bigint) => ({ pointIdOptions: { case: 'num' as const, value: num } })
const dense = (data: number[]) => ({ vector: { case: 'dense' as const, value: { data } } })
const words = (value: string) => ({ kind: { case: 'stringValue' as const, value } })
const whole = (value: bigint) => ({ kind: { case: 'integerValue' as const, value } })

const largest = 18446744073709551615n

async function fill(): Promise<void> {
  const points = [
    { id: 1n, leaf: [1, 0, 0], payload: { kind: words('moss'), height: whole(9007199254740993n) } },
    { id: largest, leaf: [0, 1, 0], payload: { kind: words('sage'), height: whole(-7n) } },
    { id: 3n, leaf: [0.6, 0.8, 0], payload: {} },
  ]
  await client.api('points').upsert({
    collectionName: name,
    wait: true,
    points: points.map(({ id, leaf, payload }) => ({
      id: idOf(id),
      payload,
      vectors: { vectorsOptions: { case: 'vectors', value: { vectors: { leaf: dense(leaf) } } } },
    })),
  })
}

describe('the official gRPC client', () => {
  beforeAll(fill)

  test('reads what it wrote', async () => {
    const { result } = await client.api('points').get({
      collectionName: name,
      ids: [idOf(1n), idOf(largest)],
      withPayload: { selectorOptions: { case: 'enable', value: true } },
      withVectors: { selectorOptions: { case: 'include', value: { names: ['leaf'] } } },
    })
    expect(result.map(({ id }) => id?.pointIdOptions.value)).toEqual([1n, largest])
    expect(result[0]?.payload['height']?.kind).toEqual({ case: 'integerValue', value: 9007199254740993n })
    const vectors = result[1]?.vectors?.vectorsOptions
    expect(vectors?.case === 'vectors' && vectors.value.vectors['leaf']?.vector.value).toMatchObject({
      data: [0, 1, 0],
    })
  })

  test('queries with a filter', async () => {
    const { result, time } = await client.api('points').query({
      collectionName: name,
      using: 'leaf',
      query: {
        variant: { case: 'nearest', value: { variant: { case: 'dense', value: { data: [1, 0, 0] } } } },
      },
      filter: {
        mustNot: [
          {
            conditionOneOf: {
              case: 'field',
              value: { key: 'kind', match: { matchValue: { case: 'keyword', value: 'moss' } } },
            },
          },
        ],
      },
    })
    expect(result.map(({ id }) => id?.pointIdOptions.value)).toEqual([3n, largest])
    expect(result[0]?.score).toBeCloseTo(0.6)
    expect(time).toBeGreaterThan(0)
  })

  test('scrolls page by page', async () => {
    const first = await client.api('points').scroll({ collectionName: name, limit: 2 })
    expect(first.result.map(({ id }) => id?.pointIdOptions.value)).toEqual([1n, 3n])
    const rest = await client.api('points').scroll({ collectionName: name, offset: first.nextPageOffset! })
    expect(rest.result.map(({ id }) => id?.pointIdOptions.value)).toEqual([largest])
    expect(rest.nextPageOffset).toBeUndefined()
  })

  test('makes, lists and deletes snapshots', async () => {
    const { snapshotDescription: made } = await client.api('snapshots').create({ collectionName: name })
    expect(made?.checksum).toMatch(/^[0-9a-f]{64}$/)
    const { snapshotDescriptions: listed } = await client.api('snapshots').list({ collectionName: name })
    expect(listed.map((one) => one.name)).toEqual([made?.name])
    await client.api('snapshots').delete({ collectionName: name, snapshotName: made!.name })
    expect((await client.api('snapshots').list({ collectionName: name })).snapshotDescriptions).toEqual([])
  })

  test('sees a missing collection as NOT_FOUND', async () => {
    const missing = client.api('collections').get({ collectionName: 'stones' })
    await expect(missing).rejects.toMatchObject({
      code: 5,
      rawMessage: "Not found: Collection `stones` doesn't exist!",
    })
  })
})

test('keys open the gRPC door as they open the other', async () => {
  const env = { QDRANT__SERVICE__API_KEY: 'all', QDRANT__SERVICE__READ_ONLY_API_KEY: 'look' }
  const guarded = await startServer({ args: ['--grpc-port', '0'], env })
  const create = {
    collectionName: 'c',
    vectorsConfig: { config: { case: 'params' as const, value: { size: 2n, distance: 3 } } },
  }
  await expect(connect(guarded).api('collections').list({})).rejects.toMatchObject({ code: 16 })
  await expect(connect(guarded, 'wrong').api('collections').list({})).rejects.toMatchObject({ code: 16 })
  await expect(connect(guarded, 'look').api('collections').create(create)).rejects.toMatchObject({ code: 7 })
  await connect(guarded, 'all').api('collections').create(create)
  const { collections } = await connect(guarded, 'look').api('collections').list({})
  expect(collections.map((one) => one.name)).toEqual(['c'])
  expect((await connect(guarded).api('service').healthCheck({})).version).toMatch(/^1\.19/)
  const { code } = await guarded.stop()
  expect(code).toBe(0)
})
