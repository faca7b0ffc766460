import fastify, { type FastifyInstance } from 'fastify'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  createSigningKeys,
  open,
  parseJson,
  stringifyJson,
  type Database,
  type JsonValue,
} from '../../index.ts'
import { systemClock } from '../../runtime/clock.ts'
import { v1Routes } from './v1-routes.ts'

let folder: string
let database: Database
let app: FastifyInstance

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stillpoint-v1-'))
  database = await open(folder, { workers: 0, background: false })
  app = fastify()
  await v1Routes(app, {
    database,
    clock: systemClock,
    version: '0.0.0',
    maxRequestBytes: 10_000,
    checksAnswers: true,
  })
  const plants = await database.createCollection('plants', { vectors: { '': { size: 2, distance: 'Dot' } } })
  await plants.upsert([
    { id: 1, vectors: { '': [0.1, 0.9] }, payload: { kind: 'moss' } },
    { id: 2n ** 64n - 1n, vectors: { '': [1, 0] }, payload: { kind: 'sage' } },
  ])
})

afterEach(async () => {
  await app.close()
  await database.close()
  await rm(folder, { recursive: true, force: true })
})

interface Reply {
  readonly status: number
  readonly text: string
  // Answers are looked into as they come.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly body: any
}

async function call(
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
  url: string,
  body?: JsonValue,
): Promise<Reply> {
  const answer = await app.inject({
    method,
    url: `/v1${url}`,
    ...(body === undefined
      ? {}
      : { payload: stringifyJson(body), headers: { 'content-type': 'application/json' } }),
  })
  return {
    status: answer.statusCode,
    text: answer.body,
    body: answer.body === '' ? undefined : parseJson(answer.body),
  }
}

describe('snapshots', () => {
  test('are made, listed by labels, changed, held, released and deleted', async () => {
    const made = await call('POST', '/snapshots', {
      collections: ['plants'],
      name: 'a',
      labels: { env: 'x=y' },
    })
    expect(made).toMatchObject({ status: 201, body: { name: 'a', scope: 'collection', reason: 'manual' } })
    await call('POST', '/snapshots', { name: 'all' })
    const names = async (query: string) =>
      (await call('GET', `/snapshots?${query}`)).body.snapshots.map((one: { name: string }) => one.name)
    expect(await names('')).toEqual(['all', 'a'])
    expect(await names('label=env=x=y')).toEqual(['a'])
    expect(await names('scope=store')).toEqual(['all'])
    expect(await names('sort=name&limit=1')).toEqual(['a'])

    expect(await call('PATCH', '/snapshots/plants@a', { name: 'b', description: 'first' })).toMatchObject({
      status: 200,
      body: { name: 'b', description: 'first', labels: { env: 'x=y' } },
    })
    const hold = await call('POST', '/snapshots/b/holds', { reason: 'audit' })
    expect(hold).toMatchObject({ status: 201, body: { until: null, reason: 'audit' } })
    expect(await names('isHeld=true')).toEqual(['b'])
    expect(await call('DELETE', '/snapshots/b')).toMatchObject({
      status: 409,
      body: { error: { code: 'snapshot-held' } },
    })
    expect((await call('DELETE', `/snapshots/b/holds/${String(hold.body.id)}`)).status).toBe(204)
    expect((await call('DELETE', `/snapshots/${String(made.body.id)}`)).status).toBe(204)
    expect(await call('GET', '/snapshots/b')).toMatchObject({
      status: 404,
      body: { error: { code: 'snapshot-not-found' } },
    })
  })

  test('a name that several have is refused, with a collection before it it is one', async () => {
    await database.createCollection('herbs', { vectors: {} })
    const a = await call('POST', '/snapshots', { collections: ['plants'], name: 'x' })
    const b = await call('POST', '/snapshots', { collections: ['herbs'], name: 'x' })
    expect(await call('GET', '/snapshots/x')).toMatchObject({
      status: 400,
      body: { error: { code: 'request-invalid' } },
    })
    expect((await call('GET', '/snapshots/plants@x')).body.id).toBe(a.body.id)
    expect((await call('GET', '/snapshots/herbs@x')).body.id).toBe(b.body.id)
  })

  test('pages follow each other', async () => {
    for (const name of ['a', 'b', 'c']) await call('POST', '/snapshots', { name })
    const first = await call('GET', '/snapshots?limit=2&order=asc')
    expect(first.body.snapshots.map((one: { name: string }) => one.name)).toEqual(['a', 'b'])
    const second = await call('GET', `/snapshots?limit=2&order=asc&after=${String(first.body.next)}`)
    expect(second.body).toMatchObject({ snapshots: [{ name: 'c' }], next: null })
  })
})

describe('restores', () => {
  test('clone, rollback and undo, and a restore of a cut', async () => {
    await call('POST', '/snapshots', { name: 'all' })
    await database.getCollection('plants').delete({ ids: [1] })
    expect(await call('POST', '/collections/plants@all/clone', { as: 'then' })).toMatchObject({
      status: 201,
      body: { name: 'then', pointCount: 2 },
    })
    const rolled = await call('POST', '/collections/plants/rollback', { to: 'all' })
    expect(rolled).toMatchObject({ status: 200, body: { undo: { reason: 'before-rollback' } } })
    expect((await call('GET', '/collections/plants')).body.pointCount).toBe(2)
    await call('POST', '/collections/plants/rollback', { to: rolled.body.undo.id })
    expect((await call('GET', '/collections/plants')).body.pointCount).toBe(1)
    expect(await call('POST', '/snapshots/all/restore', { collections: { plants: 'again' } })).toMatchObject({
      status: 200,
      body: { collections: [{ name: 'again', pointCount: 2 }], undo: null },
    })
    expect(await call('POST', '/snapshots/all/restore', {})).toMatchObject({
      status: 409,
      body: { error: { code: 'collection-exists' } },
    })
    expect(await call('POST', '/snapshots/all/restore', { replace: true })).toMatchObject({
      status: 200,
      body: { undo: { name: expect.any(String) } },
    })
  })
})

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

describe('jobs', () => {
  test('a verification is a job: accepted, awaited, listed, and kept by the snapshot', async () => {
    await call('POST', '/snapshots', { collections: ['plants'], name: 's' })
    const started = await call('POST', '/snapshots/s/verify', {})
    expect(started).toMatchObject({ status: 202, body: { kind: 'verify', finishedAt: null } })
    const ended = await call('GET', `/jobs/${String(started.body.id)}?waitMs=30000`)
    expect(ended.body).toMatchObject({ state: 'completed', result: { ok: true, problems: [] } })
    const awaited = await call('POST', '/snapshots/s/verify?wait=true')
    expect(awaited).toMatchObject({ status: 200, body: { state: 'completed' } })
    const { jobs } = (await call('GET', '/jobs?kind=verify')).body
    expect(jobs.map(({ id }: { id: string }) => id)).toEqual([awaited.body.id, started.body.id])
    expect((await call('GET', '/snapshots/s')).body.verified).toMatchObject({ ok: true })
    expect(await call('GET', '/jobs/none')).toMatchObject({
      status: 404,
      body: { error: { code: 'job-not-found' } },
    })
  })

  test('one that runs is waited for so long, and can be cancelled', async () => {
    const job = database.jobs.start('endless', { n: 1 }, ({ signal, progress }) => {
      progress(5, 10, 'bytes')
      return new Promise((_resolve, reject) =>
        signal.addEventListener('abort', () => reject(signal.reason as Error)),
      )
    })
    job.result.catch(() => undefined)
    expect((await call('GET', `/jobs/${job.id}?waitMs=5`)).body).toMatchObject({ state: 'running' })
    const waiting = call('GET', `/jobs/${job.id}?waitMs=30000`)
    await call('POST', `/jobs/${job.id}/cancel`)
    expect((await waiting).body).toMatchObject({ state: 'cancelled', code: 'cancelled', result: null })
  })
})

describe('policies', () => {
  test('are put, planned, run as a job and deleted; the engine says what is wrong with them', async () => {
    const put = await call('PUT', '/policies/nightly', {
      collections: ['plants'],
      schedule: '0 2 * * *',
      keep: { last: 1 },
    })
    expect(put).toMatchObject({
      status: 200,
      body: { name: 'nightly', isEnabled: true, runs: 0, lastRun: null },
    })
    expect((await call('GET', '/policies/nightly/plan')).body).toMatchObject({
      create: { scope: 'collection', collections: ['plants'] },
      delete: [],
    })
    const run = await call('POST', '/policies/nightly/run?wait=true')
    expect(run).toMatchObject({ status: 200, body: { state: 'completed', result: { outcome: 'succeeded' } } })
    await call('POST', '/policies/nightly/run?wait=true')
    const { snapshots } = (await call('GET', '/snapshots?reason=policy:nightly')).body
    expect(snapshots).toHaveLength(1)
    expect((await call('GET', '/policies')).body.policies).toMatchObject([
      { name: 'nightly', runs: 2, failures: 0 },
    ])
    expect(
      await call('PUT', '/policies/nightly', { collections: 'store', schedule: 'soon', keep: {} }),
    ).toMatchObject({
      status: 400,
      body: { error: { code: 'request-invalid', message: expect.stringContaining('schedule') } },
    })
    expect((await call('DELETE', '/policies/nightly')).status).toBe(204)
    expect((await call('POST', '/policies/nightly/run')).status).toBe(404)
    expect((await call('DELETE', '/policies/nightly')).status).toBe(404)
  })
})

describe('archives', () => {
  const download = (url: string, headers: Record<string, string> = {}) =>
    app.inject({ method: 'GET', url: `/v1/snapshots/${url}`, headers })
  const upload = (query: string, payload: Buffer, headers: Record<string, string> = {}) =>
    app.inject({ method: 'POST', url: `/v1/archives?${query}`, payload, headers })

  beforeEach(async () => {
    await call('POST', '/snapshots', { collections: ['plants'], name: 's' })
  })

  test('come whole or in ranges of one version, and go back in', async () => {
    const whole = await download('s/archive')
    expect(whole).toMatchObject({ statusCode: 200, headers: { 'content-type': 'application/octet-stream' } })
    const etag = String(whole.headers.etag)
    const rest = await download('s/archive', { range: 'bytes=1000-', 'if-range': etag })
    expect(rest.statusCode).toBe(206)
    expect(Buffer.compare(rest.rawPayload, whole.rawPayload.subarray(1000))).toBe(0)
    // Another label makes other bytes.
    await call('PATCH', '/snapshots/s', { labels: { a: 'b' } })
    expect((await download('s/archive', { range: 'bytes=1000-', 'if-range': etag })).statusCode).toBe(200)

    const restored = await upload('into=copy', whole.rawPayload)
    expect(restored.statusCode).toBe(201)
    expect(restored.json()).toMatchObject({
      job: { kind: 'import', state: 'completed', unit: 'bytes' },
      collections: [{ name: 'copy', pointCount: 2 }],
    })
    expect((await upload('into=copy', whole.rawPayload)).json()).toMatchObject({
      error: { code: 'collection-exists' },
    })
    const broken = await upload('into=broken', whole.rawPayload.subarray(0, 3000))
    expect([broken.statusCode, broken.json()]).toMatchObject([400, { error: { code: 'archive-invalid' } }])
    expect((await call('GET', '/jobs?kind=import&state=failed')).body.jobs).toHaveLength(2)
  })

  test('of the store, encrypted and signed, with the secrets in headers', async () => {
    await call('POST', '/snapshots', { name: 'all' })
    const { privateKey, publicKey } = createSigningKeys()
    const bodyOf = (pem: string) => pem.replace(/-----[^-]+-----|\s/g, '')
    const passphrase = { 'archive-passphrase': encodeURIComponent('grün & gold') }
    const archive = await download('all/archive', {
      ...passphrase,
      'archive-signing-key': bodyOf(privateKey),
    })
    expect(archive.statusCode).toBe(200)
    expect(archive.rawPayload.includes('manifest.json')).toBe(false)
    const refused = await upload('replace=true', archive.rawPayload)
    expect(refused.json()).toMatchObject({ error: { code: 'archive-key-wrong' } })
    await database.dropCollection('plants')
    const trust = { 'archive-trusted-keys': bodyOf(publicKey) }
    const restored = await upload('', archive.rawPayload, { ...passphrase, ...trust })
    expect(restored.json()).toMatchObject({ collections: [{ name: 'plants', pointCount: 2 }] })
    const other = { 'archive-trusted-keys': bodyOf(createSigningKeys().publicKey) }
    const untrusted = await upload('replace=true', archive.rawPayload, { ...passphrase, ...other })
    expect(untrusted.json()).toMatchObject({ error: { code: 'archive-untrusted' } })
    const key = await download('all/archive', { 'archive-key': 'xyz' })
    expect(key.json()).toMatchObject({
      error: { details: { in: 'headers', issues: [{ path: 'archive-key' }] } },
    })
  })

  test('since another snapshot hold only what that lacks', async () => {
    await database.getCollection('plants').upsert([{ id: 5, vectors: { '': [1, 1] } }])
    await call('POST', '/snapshots', { collections: ['plants'], name: 'next' })
    const full = await download('next/archive')
    const part = await download('next/archive?since=plants@s')
    expect(part.rawPayload.byteLength).toBeLessThan(full.rawPayload.byteLength)
    expect(part.headers.etag).not.toBe(full.headers.etag)
    expect((await upload('into=newer', part.rawPayload)).json()).toMatchObject({
      collections: [{ pointCount: 3 }],
    })
    expect((await download('next/archive?since=none')).statusCode).toBe(404)
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
