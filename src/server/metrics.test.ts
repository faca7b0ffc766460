import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { open, type Clock, type Database } from '../index.ts'
import { Metrics } from './metrics.ts'

const start = Date.UTC(2026, 0, 1)
let folder: string
let time: number
let db: Database

const clock: Clock = {
  now: () => time,
  monotonic: () => time,
  after: () => ({ cancel: () => undefined }),
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stillpoint-metrics-'))
  time = start
  db = await open(folder, { clock, workers: 0, background: false })
})

afterEach(async () => {
  await db.close()
  await rm(folder, { recursive: true, force: true })
})

async function policyLines(metrics: Metrics): Promise<Record<string, string>> {
  const lines = (await metrics.text()).split('\n').filter((line) => line.startsWith('stillpoint_policy_'))
  return Object.fromEntries(
    lines.map((line) => line.slice('stillpoint_policy_'.length).split(' ') as [string, string]),
  )
}

test('policies tell how old their last good snapshot is, and when they fail', async () => {
  const metrics = new Metrics(db)
  expect(await policyLines(metrics)).toEqual({})
  await db.createCollection('docs', { vectors: { '': { size: 2, distance: 'Dot' } } })
  const policy = { collections: ['docs'], schedule: '@daily', keep: { last: 2 }, isEnabled: true }
  await db.policies.put({ ...policy, name: 'good' })
  await db.policies.put({ ...policy, name: 'bad', collections: ['gone'], isEnabled: false })
  await db.policies.run('good')
  await db.policies.run('bad')
  time += 90_000
  const bad = {
    'enabled{policy="bad"}': '0',
    'last_success_timestamp_seconds{policy="bad"}': '0',
    'last_success_age_seconds{policy="bad"}': '+Inf',
    'snapshots{policy="bad"}': '0',
    'snapshot_bytes{policy="bad"}': '0',
    'runs_total{policy="bad"}': '1',
    'failures_total{policy="bad"}': '1',
  }
  const good = {
    'enabled{policy="good"}': '1',
    'last_success_timestamp_seconds{policy="good"}': String(start / 1000),
    'last_success_age_seconds{policy="good"}': '90',
    'snapshots{policy="good"}': '1',
    'snapshot_bytes{policy="good"}': '0',
    'runs_total{policy="good"}': '1',
    'failures_total{policy="good"}': '0',
  }
  expect(await policyLines(metrics)).toEqual({ ...bad, ...good })
  expect(await policyLines(metrics)).toEqual({ ...bad, ...good })
  await db.policies.delete('bad')
  expect(await policyLines(metrics)).toEqual(good)
})
