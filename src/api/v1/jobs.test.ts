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

test('a drill is a job, and the snapshot keeps its outcome', async () => {
  await call('POST', '/snapshots', { collections: ['plants'], name: 's' })
  const drill = await call('POST', '/snapshots/s/drill?wait=true', { searches: 1 })
  expect(drill.body).toMatchObject({
    kind: 'drill',
    state: 'completed',
    result: { ok: true, collections: [{ name: 'plants', pointCount: 2, searches: 1 }] },
  })
  const { drilled, contentHashes } = (await call('GET', '/snapshots/s')).body
  expect(drilled).toMatchObject({ ok: true })
  expect(contentHashes.plants).toBe(drill.body.result.collections[0].contentHash)
})

test('space is told exactly, of one snapshot and of several', async () => {
  await call('POST', '/snapshots', { collections: ['plants'], name: 'a' })
  await database.getCollection('plants').delete({ ids: [1] })
  await call('POST', '/snapshots', { collections: ['plants'], name: 'b' })
  await database.dropCollection('plants')
  const a = (await call('GET', '/snapshots/a/space')).body
  const both = (await call('GET', '/space/freed-by?snapshot=a&snapshot=b')).body.bytes
  const before = (await call('GET', '/space')).body
  expect(before).toMatchObject({ liveBytes: 0, totalBytes: both, snapshots: [{ name: 'a' }, { name: 'b' }] })
  expect(a.freedByDelete).toBeGreaterThan(0)
  expect(a.bytes).toBeGreaterThan(a.freedByDelete)
  await call('DELETE', '/snapshots/a')
  await database.flush()
  await database.collectGarbage()
  expect((await call('GET', '/space')).body.totalBytes).toBe(both - a.freedByDelete)
  expect((await call('GET', '/space/freed-by')).status).toBe(400)
  expect((await call('GET', '/space/freed-by?snapshot=none')).status).toBe(404)
})
