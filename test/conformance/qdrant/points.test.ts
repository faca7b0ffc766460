import { beforeEach, describe, expect, test } from 'vitest'
import { refusal, useDoor } from './client.ts'

const door = useDoor()
const uuid = '550e8400-e29b-41d4-a716-446655440000'

beforeEach(async () => {
  const { client } = door
  await client.deleteCollection('p')
  await client.createCollection('p', { vectors: { size: 4, distance: 'Dot' }, shard_number: 2 })
  await client.upsert('p', {
    wait: true,
    points: [
      { id: 1, vector: [1, 0, 0, 0], payload: { city: 'Berlin', price: 1.5, tags: ['a', 'b'] } },
      { id: 2, vector: [0, 1, 0, 0], payload: { city: 'London', price: 2 } },
      { id: 3, vector: [0, 0, 1, 0], payload: { city: 'Berlin', nested: { deep: [1, null, 'x'] } } },
      { id: uuid, vector: [0, 0, 0, 1] },
    ],
  })
})

const idsOf = (points: readonly { id: string | number }[]) => points.map(({ id }) => id)

describe('points', () => {
  test('an upsert says completed, replaces whole points and merges nothing', async () => {
    const { client } = door
    const done = await client.upsert('p', {
      wait: true,
      points: [{ id: 1, vector: [2, 2, 2, 2], payload: { only: true } }],
    })
    expect(done.status).toBe('completed')
    const [point] = await client.retrieve('p', { ids: [1], with_payload: true, with_vector: true })
    expect(point).toMatchObject({ id: 1, payload: { only: true }, vector: [2, 2, 2, 2] })
    expect(point!.payload).toEqual({ only: true })
  })

  test('a write and what it wrote have one number, counted since the collection was made', async () => {
    const { client } = door
    const point = { id: 5, vector: [1, 1, 1, 1] }
    const first = await client.upsert('p', { wait: true, points: [point] })
    expect(first.operation_id).toBe(2)
    await client.setPayload('p', { wait: true, points: [5], payload: { seen: true } })
    const { points } = await client.query('p', { query: [1, 1, 1, 1], limit: 2 })
    expect(points).toMatchObject([
      { id: 5, version: 3 },
      { id: 1, version: 1 },
    ])
  })

  test('the column form of an upsert is the same as the list form', async () => {
    const { client } = door
    await client.upsert('p', {
      wait: true,
      batch: {
        ids: [10, 11],
        vectors: [
          [1, 1, 1, 1],
          [2, 2, 2, 2],
        ],
        payloads: [{ a: 1 }, null],
      },
    })
    const points = await client.retrieve('p', { ids: [10, 11], with_payload: true, with_vector: true })
    expect(points).toMatchObject([
      { id: 10, payload: { a: 1 } },
      { id: 11, vector: [2, 2, 2, 2] },
    ])
  })

  test('points are scrolled by id, numbers before UUIDs, page by page', async () => {
    const { client } = door
    const first = await client.scroll('p', { limit: 3 })
    expect(idsOf(first.points)).toEqual([1, 2, 3])
    expect(first.next_page_offset).toBe(uuid)
    const second = await client.scroll('p', { limit: 3, offset: first.next_page_offset as string })
    expect(idsOf(second.points)).toEqual([uuid])
    expect(second.next_page_offset).toBeNull()
  })

  test('ids and payload integers beyond 2^53 and floats like 1.0 come back as they were written', async () => {
    const url = `${door.server.url}/collections/p/points`
    const body =
      '{"points":[{"id":18446744073709551615,"vector":[1,1,1,1],"payload":{"big":9007199254740993,"one":1.0,"exp":1e3}}]}'
    const sent = await fetch(`${url}?wait=true`, {
      method: 'PUT',
      body,
      headers: { 'content-type': 'application/json' },
    })
    expect(sent.status).toBe(200)
    const text = await (await fetch(`${url}/18446744073709551615`)).text()
    expect(text).toContain('"id":18446744073709551615')
    expect(text).toMatch(/"big":\s*9007199254740993/)
    expect(text).toMatch(/"one":\s*1\.0/)
  })

  test('payload is set, overwritten, deleted and cleared, by ids and by filter', async () => {
    const { client } = door
    const berlin = { must: [{ key: 'city', match: { value: 'Berlin' } }] }
    await client.setPayload('p', { wait: true, payload: { seen: true }, filter: berlin })
    await client.overwritePayload('p', { wait: true, payload: { fresh: 1 }, points: [2] })
    await client.deletePayload('p', { wait: true, keys: ['tags'], points: [1] })
    await client.clearPayload('p', { wait: true, points: [3] })
    const points = await client.retrieve('p', { ids: [1, 2, 3], with_payload: true })
    expect(points.map((point) => point.payload)).toEqual([
      { city: 'Berlin', price: 1.5, seen: true },
      { fresh: 1 },
      {},
    ])
  })

  test('payload selectors include and exclude paths', async () => {
    const { client } = door
    const [included] = await client.retrieve('p', { ids: [3], with_payload: { include: ['nested.deep'] } })
    expect(included!.payload).toEqual({ nested: { deep: [1, null, 'x'] } })
    const [excluded] = await client.retrieve('p', { ids: [1], with_payload: { exclude: ['price', 'tags'] } })
    expect(excluded!.payload).toEqual({ city: 'Berlin' })
  })

  test('points are deleted by ids and by filter', async () => {
    const { client } = door
    await client.delete('p', { wait: true, points: [1, 99] })
    await client.delete('p', { wait: true, filter: { must: [{ key: 'city', match: { value: 'Berlin' } }] } })
    expect(idsOf((await client.scroll('p', {})).points)).toEqual([2, uuid])
    expect((await client.count('p', { exact: true })).count).toBe(2)
  })

  test('a batch of operations runs in order', async () => {
    const { client } = door
    const results = await client.batchUpdate('p', {
      wait: true,
      operations: [
        { upsert: { points: [{ id: 5, vector: [1, 1, 1, 1], payload: { n: 1 } }] } },
        { set_payload: { payload: { n: 2 }, points: [5] } },
        { delete: { points: [2] } },
      ],
    })
    expect(results.map(({ status }) => status)).toEqual(['completed', 'completed', 'completed'])
    expect((await client.retrieve('p', { ids: [5, 2], with_payload: true })).map((p) => p.payload)).toEqual([
      { n: 2 },
    ])
  })

  test('wrong dimensions, unknown vectors, NaN and malformed bodies are refused and change nothing', async () => {
    const { client } = door
    const before = await client.scroll('p', { with_payload: true, with_vector: true })
    const wrong = await refusal(
      client.upsert('p', {
        wait: true,
        points: [
          { id: 1, vector: [9, 9, 9, 9] },
          { id: 2, vector: [1, 2] },
        ],
      }),
    )
    expect(wrong.status).toBe(400)
    expect(wrong.text).toContain('dimension')
    const unknown = await refusal(
      client.upsert('p', { wait: true, points: [{ id: 1, vector: { nope: [1, 2] } }] }),
    )
    expect(unknown).toEqual({ status: 400, text: 'Wrong input: Not existing vector name error: nope' })
    for (const body of [
      '{',
      '[]',
      '{"points":[{"id":1,"vector":[NaN,1,1,1]}]}',
      '{"points":[{"id":-1,"vector":[1,1,1,1]}]}',
      '{"points":[{"id":1,"vector":[1,1,1,null]}]}',
    ]) {
      const answer = await fetch(`${door.server.url}/collections/p/points?wait=true`, {
        method: 'PUT',
        body,
        headers: { 'content-type': 'application/json' },
      })
      expect(answer.status, body).toBe(400)
      expect(((await answer.json()) as { status: { error: string } }).status.error, body).toMatch(
        /^Format error in JSON body/,
      )
    }
    expect(await client.scroll('p', { with_payload: true, with_vector: true })).toEqual(before)
  })

  test('keys like __proto__ are plain payload keys', async () => {
    const url = `${door.server.url}/collections/p/points`
    const body =
      '{"points":[{"id":7,"vector":[1,1,1,1],"payload":{"__proto__":{"polluted":true},"constructor":1}}]}'
    await fetch(`${url}?wait=true`, { method: 'PUT', body, headers: { 'content-type': 'application/json' } })
    const text = await (await fetch(`${url}/7`)).text()
    expect(text).toContain('"__proto__"')
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
    const found = await door.client.scroll('p', {
      filter: { must: [{ key: '__proto__.polluted', match: { value: true } }] },
    })
    expect(idsOf(found.points)).toEqual([7])
  })
})

describe('search', () => {
  test('the nearest points come best first, with scores, payload and vectors on request', async () => {
    const { points } = await door.client.query('p', {
      query: [3, 2, 1, 0],
      limit: 2,
      with_payload: ['city'],
      with_vector: true,
    })
    expect(points).toMatchObject([
      { id: 1, score: 3, payload: { city: 'Berlin' }, vector: [1, 0, 0, 0] },
      { id: 2, score: 2, payload: { city: 'London' } },
    ])
  })

  test('filters, thresholds, offsets and ids as queries', async () => {
    const { client } = door
    const berlin = { must: [{ key: 'city', match: { value: 'Berlin' } }] }
    expect(idsOf((await client.query('p', { query: [1, 2, 3, 4], filter: berlin })).points)).toEqual([3, 1])
    expect(idsOf((await client.query('p', { query: [1, 2, 3, 4], score_threshold: 2.5 })).points)).toEqual([
      uuid,
      3,
    ])
    expect(idsOf((await client.query('p', { query: [1, 2, 3, 4], offset: 2 })).points)).toEqual([2, 1])
    const byId = await client.query('p', { query: 1, limit: 10 })
    expect(idsOf(byId.points)).not.toContain(1)
    const batch = await client.queryBatch('p', {
      searches: [
        { query: [1, 0, 0, 0], limit: 1 },
        { query: [0, 0, 1, 0], limit: 1 },
      ],
    })
    expect(batch.map(({ points }) => idsOf(points))).toEqual([[1], [3]])
  })

  test('limits beyond everything, and search parameters that change nothing', async () => {
    const answer = async (body: string): Promise<{ status: number; ids: unknown[] }> => {
      const response = await fetch(`${door.server.url}/collections/p/points/query`, { method: 'POST', body })
      const { result } = (await response.json()) as { result?: { points: { id: unknown }[] } }
      return { status: response.status, ids: result === undefined ? [] : idsOf(result.points as never) }
    }
    const best = [uuid, 3, 2, 1]
    const query = '"query":[1,2,3,4]'
    expect(await answer(`{${query},"limit":18446744073709551615}`)).toEqual({ status: 200, ids: best })
    expect(await answer(`{${query},"offset":18446744073709551615}`)).toEqual({ status: 200, ids: [] })
    expect(await answer(`{${query},"with_vector":null,"params":{"acorn":{"enable":true}}}`)).toEqual({
      status: 200,
      ids: best,
    })
    expect((await answer(`{${query},"params":{"acorn":{"max_selectivity":2}}}`)).status).toBe(422)
    expect((await answer(`{${query},"params":{"idf":"global"}}`)).status).toBe(400)
    expect((await answer(`{${query},"with_vector":true,"with_vectors":false}`)).status).toBe(400)
  })

  test.each([
    ['Cosine', [1, 0], 1 / Math.SQRT2],
    ['Dot', [1, 0], 3],
    ['Euclid', [1, 0], Math.hypot(2, 3)],
    ['Manhattan', [1, 0], 5],
  ] as const)('%s scores as defined', async (distance, query, expected) => {
    const { client } = door
    const name = `d-${distance}`
    await client.deleteCollection(name)
    await client.createCollection(name, { vectors: { size: 2, distance } })
    await client.upsert(name, { wait: true, points: [{ id: 1, vector: [3, 3] }] })
    const { points } = await client.query(name, { query: [...query], limit: 1 })
    expect(points[0]!.score).toBeCloseTo(expected, 5)
  })
})

describe('payload indexes', () => {
  test('an index changes no answer, is described with its points, and can be dropped', async () => {
    const { client } = door
    const filter = { must: [{ key: 'price', range: { gte: 1.5, lt: 3 } }] }
    const before = idsOf((await client.scroll('p', { filter })).points)
    await client.createPayloadIndex('p', { wait: true, field_name: 'price', field_schema: 'float' })
    await client.createPayloadIndex('p', { wait: true, field_name: 'city', field_schema: 'keyword' })
    expect(idsOf((await client.scroll('p', { filter })).points)).toEqual(before)
    const { payload_schema } = await client.getCollection('p')
    expect(payload_schema).toMatchObject({
      price: { data_type: 'float', points: 2 },
      city: { data_type: 'keyword', points: 3 },
    })
    await client.deletePayloadIndex('p', 'price', { wait: true })
    expect(idsOf((await client.scroll('p', { filter })).points)).toEqual(before)
    expect((await client.getCollection('p')).payload_schema).not.toHaveProperty('price')
  })

  test('a text index folds accents and leaves words out, as it was told', async () => {
    const { client } = door
    await client.createCollection('texts', { vectors: { size: 1, distance: 'Dot' } })
    const texts = ['the café by the lake', 'a cafe', 'the lake']
    await client.upsert('texts', {
      wait: true,
      points: texts.map((t, i) => ({ id: i + 1, vector: [1], payload: { t } })),
    })
    const found = async (text: string): Promise<unknown[]> =>
      idsOf((await client.scroll('texts', { filter: { must: [{ key: 't', match: { text } }] } })).points)
    const schema = { type: 'text' as const, ascii_folding: true, stopwords: { custom: ['the'] } }
    await client.createPayloadIndex('texts', { wait: true, field_name: 't', field_schema: schema })
    expect(await found('CAFÉ')).toEqual([1, 2])
    expect(await found('the cafe')).toEqual([1, 2])
    expect((await client.getCollection('texts')).payload_schema['t']?.params).toMatchObject(schema)
  })

  test('a text index with stop words that there is no list of is refused, not built without', async () => {
    const { client } = door
    const wrong = client.createPayloadIndex('p', {
      wait: true,
      field_name: 'text',
      field_schema: { type: 'text', stopwords: 'azerbaijani' as const },
    })
    expect((await refusal(wrong)).status).toBe(501)
    expect((await client.getCollection('p')).payload_schema).not.toHaveProperty('text')
  })
})
