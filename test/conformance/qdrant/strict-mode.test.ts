import { beforeEach, describe, expect, test } from 'vitest'
import { refusal, useDoor } from './client.ts'

const door = useDoor()

type Limits = NonNullable<Parameters<typeof door.client.updateCollection>[1]>['strict_mode_config']

const limit = (limits: NonNullable<Limits>) =>
  door.client.updateCollection('s', { strict_mode_config: { enabled: true, ...limits } })

beforeEach(async () => {
  const { client } = door
  await client.deleteCollection('s')
  await client.createCollection('s', { vectors: { size: 2, distance: 'Dot' } })
  await client.createPayloadIndex('s', { field_name: 'kind', field_schema: 'keyword', wait: true })
  await client.upsert('s', {
    wait: true,
    points: [1, 2, 3].map((id) => ({ id, vector: [id, 1], payload: { kind: `k${id % 2}`, size: id } })),
  })
})

describe('strict mode', () => {
  test('bounds what a read may ask for, and only while it is on', async () => {
    const { client } = door
    await limit({ max_query_limit: 2, search_allow_exact: false, max_timeout: 4 })
    const long = await refusal(client.query('s', { query: [1, 0], limit: 3 }))
    expect(long).toMatchObject({ status: 400 })
    expect(long.text).toContain('Limit exceeded 3 > 2 for "limit"')
    const inner = client.query('s', { prefetch: { query: [1, 0], limit: 9 }, query: [0, 1], limit: 1 })
    expect((await refusal(inner)).text).toContain('9 > 2')
    const exact = client.query('s', { query: [1, 0], limit: 1, params: { exact: true } })
    expect((await refusal(exact)).text).toContain('Exact search disabled!')
    expect((await refusal(client.count('s', { exact: true }))).text).toContain('Set exact=false.')
    expect((await refusal(client.scroll('s', { limit: 1, timeout: 5 }))).text).toContain('"timeout"')
    await expect(client.scroll('s', { limit: 2 })).resolves.toMatchObject({ points: { length: 2 } })
    await client.updateCollection('s', { strict_mode_config: { enabled: false } })
    await expect(client.scroll('s', { limit: 3 })).resolves.toMatchObject({ points: { length: 3 } })
  })

  test('asks for indexes, of reads and of writes each by its own switch', async () => {
    const { client } = door
    const unindexed = { must: [{ key: 'size', range: { gt: 1 } }] }
    await limit({ unindexed_filtering_retrieve: false })
    expect((await refusal(client.count('s', { filter: unindexed }))).text).toContain('[float, integer]')
    await client.delete('s', { wait: true, filter: { must: [{ key: 'size', match: { value: 3 } }] } })
    await limit({ unindexed_filtering_retrieve: true, unindexed_filtering_update: false })
    await expect(client.count('s', { filter: unindexed })).resolves.toEqual({ count: 1 })
    expect(await refusal(client.delete('s', { filter: unindexed }))).toMatchObject({ status: 400 })
    await client.createPayloadIndex('s', { field_name: 'size', field_schema: 'integer', wait: true })
    await client.delete('s', { wait: true, filter: unindexed })
    await expect(client.count('s')).resolves.toEqual({ count: 1 })
  })

  test('a batch is judged as a whole before anything of it is done', async () => {
    const { client } = door
    await limit({ upsert_max_batchsize: 1 })
    const batch = client.batchUpdate('s', {
      wait: true,
      operations: [
        { delete: { points: [1] } },
        { upsert: { points: [7, 8].map((id) => ({ id, vector: [1, 1] })) } },
      ],
    })
    expect((await refusal(batch)).text).toContain('2 > 1 for "upsert limit"')
    await expect(client.count('s')).resolves.toEqual({ count: 3 })
  })

  test('a full collection takes no more points, and gives up the ones it has', async () => {
    const { client } = door
    await limit({ max_points_count: 3 })
    const more = client.upsert('s', { wait: true, points: [{ id: 9, vector: [1, 1] }] })
    expect((await refusal(more)).text).toContain('Max points count limit of 3 reached!')
    await client.delete('s', { wait: true, points: [1] })
    await client.upsert('s', { wait: true, points: [{ id: 9, vector: [1, 1] }] })
    await expect(client.count('s')).resolves.toEqual({ count: 3 })
  })

  test('no index is made beyond their number', async () => {
    await limit({ max_payload_index_count: 1 })
    const second = door.client.createPayloadIndex('s', { field_name: 'size', field_schema: 'integer' })
    expect((await refusal(second)).text).toContain('maximum number of payload indices (1)')
  })

  test('a minute that is used up says when to come back', async () => {
    const { client, server } = door
    await limit({ write_rate_limit: 2 })
    await client.upsert('s', { wait: true, points: [1, 2].map((id) => ({ id, vector: [0, 1] })) })
    const answer = await fetch(`${server.url}/collections/s/points/delete`, {
      method: 'POST',
      body: JSON.stringify({ points: [1] }),
    })
    expect(answer.status).toBe(429)
    // 30 s for one of two tokens, less what has gone by.
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(Number(answer.headers.get('retry-after'))).toBeLessThanOrEqual(30)
    await expect(client.count('s')).resolves.toEqual({ count: 3 })
    await limit({ write_rate_limit: 2 })
    await client.delete('s', { wait: true, points: [1] })
    await expect(client.count('s')).resolves.toEqual({ count: 2 })
  })
})

describe('text indexes', () => {
  test('words of a language are found by their stems, and its stop words not at all', async () => {
    const { client } = door
    await client.setPayload('s', { wait: true, points: [1], payload: { prose: 'The foxes are jumping' } })
    await client.setPayload('s', { wait: true, points: [2], payload: { prose: 'a box of the fox' } })
    const find = async (text: string) => {
      const { points } = await client.scroll('s', { filter: { must: [{ key: 'prose', match: { text } }] } })
      return points.map(({ id }) => id)
    }
    await client.createPayloadIndex('s', {
      field_name: 'prose',
      wait: true,
      field_schema: {
        type: 'text',
        tokenizer: 'word',
        stopwords: { languages: ['english'], custom: ['box'] },
        stemmer: { type: 'snowball', language: 'english' },
      },
    })
    expect(await find('fox')).toEqual([1, 2])
    expect(await find('the jumps')).toEqual([1])
    expect(await find('the')).toEqual([])
    expect(await find('box')).toEqual([])
  })

  test('a language without a list is refused by name', async () => {
    const index = door.client.createPayloadIndex('s', {
      field_name: 'prose',
      field_schema: { type: 'text', stopwords: 'tajik' },
    })
    const { status, text } = await refusal(index)
    expect(status).toBe(501)
    expect(text).toContain('tajik')
  })
})
