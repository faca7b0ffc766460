import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openV1App, type V1App } from '../../../test/support/v1-app.ts'

let v1: V1App
let call: V1App['call']
let database: V1App['database']

beforeEach(async () => {
  v1 = await openV1App()
  ;({ call, database } = v1)
})

afterEach(() => v1.close())

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

  test('a snapshot of one shard is taken by its number and replaces that shard only', async () => {
    const made = await call('POST', '/snapshots', { collections: ['plants'], shard: 0, name: 'part' })
    expect(made).toMatchObject({ status: 201, body: { scope: 'shard', shard: 0 } })
    const listed = await call('GET', '/snapshots?scope=shard&collection=plants')
    expect(listed.body.snapshots).toMatchObject([{ name: 'part', shard: 0 }])
    expect((await call('GET', '/snapshots/plants@part')).body.id).toBe(made.body.id)
    expect(await call('POST', '/snapshots', { collections: ['plants'], shard: 7 })).toMatchObject({
      status: 404,
      body: { error: { code: 'shard-not-found' } },
    })
    expect(await call('POST', '/snapshots', { shard: 0 })).toMatchObject({
      status: 400,
      body: { error: { code: 'request-invalid' } },
    })
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

test('a part of a snapshot is restored as a job, changed on the way', async () => {
  await call('POST', '/snapshots', { collections: ['plants'], name: 's' })
  const part = await call('POST', '/collections/plants@s/restore-partial?wait=true', {
    as: 'mosses',
    filter: { must: [{ kind: 'field', path: 'kind', match: { value: 'moss' } }] },
    payload: { exclude: ['kind'] },
    shardNumber: 3,
    payloadIndexes: { kind: { type: 'keyword' } },
    settings: { note: { a: [1] } },
  })
  expect(part.body).toMatchObject({ state: 'completed', result: { collection: 'mosses', pointCount: 1 } })
  expect((await call('GET', '/collections/mosses')).body).toMatchObject({
    pointCount: 1,
    config: { shardNumber: 3, payloadIndexes: { kind: { type: 'keyword' } }, settings: { note: { a: [1] } } },
  })
  const wrong = await call('POST', '/collections/plants@s/restore-partial?wait=true', {
    as: 'x',
    vectors: ['none'],
  })
  expect(wrong.body).toMatchObject({ state: 'failed', code: 'vector-unknown' })
  const noPartition = await call('POST', '/collections/plants/restore-partial?wait=true', {
    as: 'x',
    partitions: ['none'],
  })
  expect(noPartition.body).toMatchObject({ state: 'failed', code: 'partition-not-found' })
  await call('POST', '/collections/plants/restore-partial?wait=true', { as: 'x', partitions: ['_default'] })
  const [plants, x] = await Promise.all(['plants', 'x'].map((name) => call('GET', `/collections/${name}`)))
  expect(x!.body.partitions).toEqual({ _default: plants!.body.pointCount })
})
