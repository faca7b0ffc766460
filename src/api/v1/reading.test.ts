import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openV1App, type V1App } from '../../../test/support/v1-app.ts'
import { parseJson } from '../../index.ts'

let v1: V1App
let app: V1App['app']
let call: V1App['call']
let database: V1App['database']

beforeEach(async () => {
  v1 = await openV1App()
  ;({ app, call, database } = v1)
})

afterEach(() => v1.close())

describe('reading in place', () => {
  test('ids are exact, vectors short, and a snapshot shows what was', async () => {
    await call('POST', '/snapshots', { collections: ['plants'], name: 's' })
    await database.getCollection('plants').delete({ ids: [1] })
    const got = await call('POST', '/collections/plants@s/get', {
      ids: [2n ** 64n - 1n, 1],
      payload: true,
      vectors: true,
    })
    expect(got.text).toContain('"id":18446744073709551615,')
    expect(got.body.points[1]).toEqual({
      id: 1,
      version: 2,
      payload: { kind: 'moss' },
      vectors: { '': [0.1, 0.9] },
    })
    expect((await call('POST', '/collections/plants/count')).body).toEqual({ count: 1 })
    expect((await call('POST', '/collections/plants@s/count', {})).body).toEqual({ count: 2 })
    const filter = { must: [{ kind: 'field', path: 'kind', match: { value: 'moss' } }] }
    const found = await call('POST', '/collections/plants@s/query', { vector: [1, 1], filter })
    expect(found.body.points).toMatchObject([{ id: 1 }])
    const page = await call('POST', '/collections/plants@s/scroll', { limit: 1 })
    expect(page.text).toContain('"next":18446744073709551615')
    const seq: number = (await call('GET', '/snapshots/s')).body.seq
    expect(await call('GET', `/collections/plants@seq:${seq - 1}`)).toMatchObject({ status: 404 })
  })

  test('a retention window lets moments be read', async () => {
    expect((await call('PUT', '/retention', { windowMs: 60_000 })).body).toMatchObject({ windowMs: 60_000 })
    const { appliedSeq } = database.stats()
    await database.getCollection('plants').delete({ ids: [1] })
    expect((await call('POST', `/collections/plants@seq:${appliedSeq}/count`)).body).toEqual({ count: 2 })
    expect((await call('PUT', '/retention', { windowMs: 0 })).body).toMatchObject({ horizonTime: null })
  })
})

describe('requests that do not fit', () => {
  test.each([
    ['an unknown field', '/snapshots', { nam: 'x' }, 'nam'],
    ['a wrong type below', '/snapshots', { labels: { a: 1 } }, 'labels.a'],
    ['an index of a list', '/snapshots', { collections: ['a', 7] }, 'collections[1]'],
    ['a time that is none', '/snapshots', { hold: { until: 'tomorrow' } }, 'hold.until'],
    ['an id that is none', '/collections/plants/get', { ids: [-1] }, 'ids[0]'],
    ['an id too large', '/collections/plants/get', { ids: [2n ** 64n] }, 'ids[0]'],
    [
      'a condition of no kind',
      '/collections/plants/count',
      { filter: { must: [{ kind: 'x' }] } },
      'filter.must[0].kind',
    ],
  ])('%s is named', async (_, url, body, path) => {
    const answer = await call('POST', url, body)
    expect(answer).toMatchObject({
      status: 400,
      body: { error: { code: 'request-invalid', details: { in: 'body' } } },
    })
    expect(answer.body.error.details.issues[0].path).toBe(path)
    expect(answer.body.error.message).toContain(path)
  })

  test('of the query string, of no JSON, too large, and of no route', async () => {
    expect((await call('GET', '/snapshots?limit=zero')).body.error.details.issues[0].path).toBe('limit')
    expect((await call('GET', '/snapshots?limt=1')).body.error.details.issues[0].path).toBe('limt')
    const broken = await app.inject({ method: 'POST', url: '/v1/snapshots', payload: '{"name": ' })
    expect(broken.json()).toMatchObject({ error: { code: 'request-invalid' } })
    const large = await call('POST', '/snapshots', { description: 'x'.repeat(20_000) })
    expect(large).toMatchObject({ status: 413, body: { error: { code: 'request-too-large' } } })
    expect(await call('GET', '/nowhere')).toMatchObject({
      status: 404,
      body: { error: { code: 'route-not-found' } },
    })
    expect(await call('DELETE', '/retention', {})).toMatchObject({ status: 404 })
  })
})

test('a diff is lines of JSON, the counts first', async () => {
  await call('POST', '/snapshots', { collections: ['plants'], name: 's' })
  await database.getCollection('plants').delete({ ids: [1] })
  await database
    .getCollection('plants')
    .upsert([{ id: 2n ** 64n - 1n, vectors: { '': [1, 0] }, payload: { kind: 'mint' } }])
  const diff = async (query: string) => {
    const answer = await app.inject({ url: `/v1/diff?${query}` })
    expect([answer.statusCode, answer.headers['content-type']]).toEqual([200, 'application/x-ndjson'])
    return answer.body
      .trimEnd()
      .split('\n')
      .map((line) => parseJson(line))
  }
  const [first, ...points] = await diff('from=plants@s&to=plants')
  expect(first).toMatchObject({
    from: { reference: 'plants@s' },
    counts: { added: 0, removed: 1, changed: 1, unchanged: 0 },
  })
  expect(points).toEqual([
    { kind: 'removed', id: 1, vectors: [''], payload: true },
    { kind: 'changed', id: 2n ** 64n - 1n, vectors: [], payload: true },
  ])
  expect(await diff('from=plants@s&to=plants&countsOnly=true')).toHaveLength(1)
  expect((await diff('from=plants@s&to=plants&points=true'))[2]).toMatchObject({
    before: { payload: { kind: 'sage' } },
  })
  expect((await app.inject({ url: '/v1/diff?from=plants@s' })).statusCode).toBe(400)
  expect((await app.inject({ url: '/v1/diff?from=plants@s&to=none' })).statusCode).toBe(404)
})
