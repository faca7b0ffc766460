import { mkdtemp, open as openFile, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Clock, Timer } from '../../runtime/clock.ts'
import type { Policy } from '../../snapshot/policy/policy.ts'
import type { Database } from '../database.ts'
import { open } from '../open.ts'

const start = Date.UTC(2026, 0, 1, 0, 30)
const minuteMs = 60_000
const hourMs = 60 * minuteMs
const dayMs = 24 * hourMs

/** Time stands still but for `pass`, which calls back what has become due. */
class TestClock implements Clock {
  time = start
  readonly #timers = new Set<{ readonly at: number; readonly callback: () => void }>()
  now(): number {
    return this.time
  }
  monotonic(): number {
    return this.time
  }
  after(delayMs: number, callback: () => void): Timer {
    const timer = { at: this.time + delayMs, callback }
    this.#timers.add(timer)
    return { cancel: () => void this.#timers.delete(timer) }
  }
  pass(ms: number): void {
    const end = this.time + ms
    for (;;) {
      const [next] = [...this.#timers].sort((a, b) => a.at - b.at)
      if (next === undefined || next.at > end) break
      this.#timers.delete(next)
      this.time = Math.max(this.time, next.at)
      next.callback()
    }
    this.time = end
  }
}

let folder: string
let clock: TestClock
let db: Database

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stillpoint-policies-'))
  clock = new TestClock()
  db = await reopen()
  await db.createCollection('docs', { vectors: { '': { size: 2, distance: 'Dot' } } })
  await db.getCollection('docs').upsert([{ id: 1, vectors: { '': [1, 2] } }])
})

afterEach(async () => {
  await db.close()
  await rm(folder, { recursive: true, force: true })
})

function reopen(): Promise<Database> {
  return open(folder, { clock, workers: 0, background: false })
}

async function restart(afterMs = 0): Promise<void> {
  await db.close()
  clock.time += afterMs
  db = await reopen()
}

/** Lets time pass; the runs that this starts have ended afterwards. */
async function pass(ms: number, stepMs = ms): Promise<void> {
  for (let passed = 0; passed < ms; passed += stepMs) {
    clock.pass(Math.min(stepMs, ms - passed))
    await db.policies.stop()
    db.policies.start()
  }
  await db.policies.stop()
  db.policies.start()
}

const hourly: Policy = {
  name: 'hourly',
  collections: ['docs'],
  schedule: '0 * * * *',
  keep: { last: 3 },
  isEnabled: true,
}

const times = (): string[] =>
  db
    .listAllSnapshots()
    .map((snapshot) => snapshot.info())
    .filter(({ reason }) => reason === 'policy:hourly')
    .map(({ createdAt }) => new Date(createdAt).toISOString().slice(5, 16))

describe('a policy', () => {
  test('is kept over a restart, and the same one again is no change', async () => {
    const policy: Policy = { ...hourly, timezone: 'Europe/Berlin', labels: { env: 'test' }, verify: true }
    const info = await db.policies.put(policy)
    const expected = { createdAt: start, lastRun: null, lastSuccessAt: null, runs: 0, failures: 0 }
    expect(info).toEqual({ ...policy, ...expected, nextRunAt: start + 30 * minuteMs })
    const seq = db.stats().appliedSeq
    clock.time += 10 * minuteMs
    expect(await db.policies.put({ ...policy })).toEqual(info)
    expect(db.stats().appliedSeq).toBe(seq)
    await restart()
    expect(db.policies.list()).toEqual([info])
    expect(db.policies.get('hourly')).toEqual(info)
    expect(await db.policies.delete('hourly')).toBe(true)
    expect(await db.policies.delete('hourly')).toBe(false)
    await restart()
    expect(db.policies.list()).toEqual([])
  })

  test('that says nonsense is refused, and one that is not there is not found', async () => {
    await expect(db.policies.put({ ...hourly, schedule: '* *' })).rejects.toMatchObject({
      code: 'request-invalid',
    })
    expect(() => db.policies.get('x')).toThrow(expect.objectContaining({ code: 'policy-not-found' }))
    expect(() => db.policies.plan('x')).toThrow(expect.objectContaining({ code: 'policy-not-found' }))
    await expect(db.policies.run('x')).rejects.toMatchObject({ code: 'policy-not-found' })
  })

  test('that is changed while it runs is changed, and the run counts', async () => {
    await db.policies.put(hourly)
    const run = db.policies.run('hourly')
    await db.policies.put({ ...hourly, keep: { last: 7 } })
    await run
    expect(db.policies.get('hourly')).toMatchObject({ keep: { last: 7 }, runs: 1 })
    await restart()
    expect(db.policies.get('hourly')).toMatchObject({ keep: { last: 7 }, runs: 1 })
  })

  test('follows a collection that is renamed, and leaves aliases and patterns as they are', async () => {
    await db.updateAliases([{ kind: 'create', alias: 'current', collection: 'docs' }])
    await db.policies.put({ ...hourly, collections: ['docs', 'do*', 'current', 'books', 'other'] })
    await db.policies.put({ ...hourly, name: 'all', collections: 'store' })
    const all = db.policies.get('all')
    await db.renameCollection('docs', 'books')
    const collections = ['books', 'do*', 'current', 'other']
    expect(db.policies.get('hourly')).toMatchObject({ collections })
    expect(db.policies.get('all')).toEqual(all)
    await restart()
    expect(db.policies.get('hourly')).toMatchObject({ collections })
    await db.flush()
    await restart()
    expect(db.policies.get('hourly')).toMatchObject({ collections })
    const run = await db.policies.run('hourly')
    expect(run).toMatchObject({ outcome: 'succeeded', collections: ['books'], missing: ['other'] })
  })

  test('follows a rename while it runs and while it is changed', async () => {
    await db.policies.put(hourly)
    const run = db.policies.run('hourly')
    const changed = db.policies.put({ ...hourly, keep: { last: 7 } })
    await Promise.all([run, changed, db.renameCollection('docs', 'books')])
    const expected = { collections: ['books'], keep: { last: 7 }, runs: 1 }
    expect(db.policies.get('hourly')).toMatchObject(expected)
    await restart()
    expect(db.policies.get('hourly')).toMatchObject(expected)
  })

  test('stays as it is if the rename is refused', async () => {
    await db.policies.put({ ...hourly, collections: ['docs', 'gone'] })
    await expect(db.renameCollection('gone', 'docs')).rejects.toMatchObject({ code: 'collection-not-found' })
    await expect(db.renameCollection('docs', 'docs')).rejects.toMatchObject({ code: 'collection-exists' })
    expect(db.policies.get('hourly').collections).toEqual(['docs', 'gone'])
  })

  test('that is deleted while it runs is gone', async () => {
    await db.policies.put(hourly)
    const run = db.policies.run('hourly')
    await db.policies.delete('hourly')
    expect(await run).toMatchObject({ outcome: 'succeeded' })
    await restart()
    expect(db.policies.list()).toEqual([])
    expect(times()).toHaveLength(1)
  })
})

describe('a run', () => {
  test('makes a snapshot that says where it comes from', async () => {
    await db.policies.put({ ...hourly, labels: { env: 'test' } })
    const run = await db.policies.run('hourly')
    const [snapshot] = db.listAllSnapshots()
    expect(snapshot!.info()).toMatchObject({
      name: 'hourly-2026-01-01T00:30:00.000Z',
      scope: 'collection',
      reason: 'policy:hourly',
      labels: { policy: 'hourly', env: 'test' },
    })
    expect(run).toEqual({
      policy: 'hourly',
      trigger: 'manual',
      startedAt: start,
      finishedAt: start,
      outcome: 'succeeded',
      reason: null,
      code: null,
      snapshot: { id: snapshot!.id, name: snapshot!.name, createdAt: start },
      isVerified: null,
      collections: ['docs'],
      missing: [],
      deleted: [],
    })
    expect(db.policies.get('hourly')).toMatchObject({ lastRun: run, lastSuccessAt: start, runs: 1 })
  })

  test('takes one cut of what its names, aliases and patterns stand for, or of everything', async () => {
    const config = { vectors: { '': { size: 2, distance: 'Dot' as const } } }
    for (const name of ['tenant-b', 'tenant-a', 'other']) await db.createCollection(name, config)
    await db.updateAliases([{ kind: 'create', alias: 'current', collection: 'docs' }])
    await db.policies.put({ ...hourly, collections: ['tenant-*', 'current', 'docs', 'gone'] })
    const run = await db.policies.run('hourly')
    expect(run).toMatchObject({
      outcome: 'succeeded',
      collections: ['docs', 'tenant-a', 'tenant-b'],
      missing: ['gone'],
    })
    expect(db.findSnapshot(run.snapshot!.id)!.info()).toMatchObject({
      scope: 'several',
      aliases: { current: 'docs' },
    })
    await db.policies.put({ ...hourly, collections: 'store' })
    const whole = await db.policies.run('hourly')
    expect(whole.collections).toHaveLength(4)
    expect(db.findSnapshot(whole.snapshot!.id)!.info().scope).toBe('store')
  })

  test('has failed if its collections are gone, and has nothing to do if no pattern matches', async () => {
    await db.policies.put({ ...hourly, collections: ['gone'] })
    expect(await db.policies.run('hourly')).toMatchObject({
      outcome: 'failed',
      code: 'collection-not-found',
      snapshot: null,
    })
    expect(db.policies.get('hourly')).toMatchObject({ runs: 1, failures: 1, lastSuccessAt: null })
    await db.policies.put({ ...hourly, collections: ['none-*'] })
    const seq = db.stats().appliedSeq
    expect(await db.policies.run('hourly')).toMatchObject({ outcome: 'skipped', snapshot: null })
    expect(db.stats().appliedSeq).toBe(seq)
    expect(db.policies.get('hourly')).toMatchObject({ runs: 1, failures: 1 })
  })

  test('waits for the one that is under way', async () => {
    await db.policies.put(hourly)
    const runs = await Promise.all([1, 2, 3].map(() => db.policies.run('hourly')))
    expect(new Set(runs.map(({ snapshot }) => snapshot!.name)).size).toBe(3)
    expect(db.policies.get('hourly').runs).toBe(3)
  })
})

describe('by schedule', () => {
  test('runs at its times and keeps what its rules say', async () => {
    await db.policies.put(hourly)
    db.policies.start()
    await pass(29 * minuteMs, 7 * minuteMs)
    expect(times()).toEqual([])
    await pass(5 * hourMs, 13 * minuteMs)
    expect(times()).toEqual(['01-01T03:00', '01-01T04:00', '01-01T05:00'])
    expect(db.policies.get('hourly')).toMatchObject({ runs: 5, failures: 0 })
  })

  test('nothing runs unless it is started, and nothing is written while nothing happens', async () => {
    await db.policies.put(hourly)
    clock.pass(10 * hourMs)
    expect(times()).toEqual([])
    await db.policies.put({ ...hourly, isEnabled: false })
    db.policies.start()
    const seq = db.stats().appliedSeq
    await pass(3 * dayMs, hourMs)
    expect(db.stats().appliedSeq).toBe(seq)
    expect(db.policies.get('hourly').nextRunAt).toBeNull()
  })

  test('a policy that is switched on again does not make up for what it was not to do', async () => {
    await db.policies.put({ ...hourly, isEnabled: false })
    db.policies.start()
    await pass(5 * hourMs)
    await db.policies.put(hourly)
    await pass(minuteMs)
    expect(times()).toEqual([])
    await pass(hourMs, 10 * minuteMs)
    expect(times()).toEqual(['01-01T06:00'])
  })

  test('a run by hand takes no place of the next one', async () => {
    await db.policies.put(hourly)
    db.policies.start()
    await pass(29 * minuteMs)
    await db.policies.run('hourly')
    await pass(2 * minuteMs)
    expect(times()).toEqual(['01-01T00:59', '01-01T01:00'])
  })

  test('a failure is not repeated before the next time', async () => {
    await db.policies.put({ ...hourly, collections: ['gone'] })
    db.policies.start()
    await pass(2 * hourMs, minuteMs)
    expect(db.policies.get('hourly')).toMatchObject({ runs: 2, failures: 2 })
  })
})

describe('after downtime', () => {
  test('exactly one run makes up for all that were missed', async () => {
    await db.policies.put(hourly)
    db.policies.start()
    await pass(hourMs, 10 * minuteMs)
    expect(times()).toEqual(['01-01T01:00'])
    await restart(10 * hourMs)
    db.policies.start()
    await db.policies.stop()
    expect(times()).toEqual(['01-01T01:00', '01-01T11:30'])
    expect(db.policies.get('hourly')).toMatchObject({ runs: 2, nextRunAt: start + 11.5 * hourMs })
    await restart()
    db.policies.start()
    await pass(29 * minuteMs)
    expect(db.policies.get('hourly').runs).toBe(2)
    await pass(minuteMs)
    expect(times()).toEqual(['01-01T01:00', '01-01T11:30', '01-01T12:00'])
  })

  test('none if nothing was missed', async () => {
    await db.policies.put(hourly)
    await restart(29 * minuteMs)
    db.policies.start()
    await db.policies.stop()
    expect(db.policies.get('hourly').runs).toBe(0)
  })

  test('a process that ended right after the snapshot does not make it twice', async () => {
    await db.policies.put(hourly)
    clock.time += 30 * minuteMs + 1
    await db.getCollection('docs').createSnapshot({ reason: 'policy:hourly', labels: { policy: 'hourly' } })
    await restart(minuteMs)
    db.policies.start()
    await db.policies.stop()
    expect(times()).toEqual(['01-01T01:00'])
  })
})

describe('clocks that jump', () => {
  test('one that is set back by a year goes on with the next time that it shows', async () => {
    await db.policies.put(hourly)
    db.policies.start()
    await pass(hourMs, 10 * minuteMs)
    clock.time -= 365 * dayMs
    await pass(10 * minuteMs, minuteMs)
    expect(db.policies.get('hourly')).toMatchObject({
      runs: 1,
      nextRunAt: start - 365 * dayMs + 1.5 * hourMs,
    })
    await pass(3 * hourMs, 10 * minuteMs)
    expect(db.policies.get('hourly').runs).toBe(4)
    // The order of creation counts: the one from what is now the future is the oldest.
    expect(times()).toEqual(['01-01T02:00', '01-01T03:00', '01-01T04:00'])
  })

  test('one that is corrected by a little repeats nothing', async () => {
    await db.policies.put(hourly)
    db.policies.start()
    await pass(30 * minuteMs)
    clock.time -= 5 * minuteMs
    await pass(6 * minuteMs, minuteMs)
    expect(db.policies.get('hourly').runs).toBe(1)
  })

  test('one that leaps ahead is followed by one run', async () => {
    await db.policies.put(hourly)
    db.policies.start()
    clock.time += 40 * dayMs
    await pass(minuteMs)
    expect(db.policies.get('hourly').runs).toBe(1)
  })
})

describe('what a policy deletes', () => {
  test('only what it made itself, and nothing that is held', async () => {
    await db.policies.put({ ...hourly, keep: { last: 1 } })
    const docs = db.getCollection('docs')
    const manual = await docs.createSnapshot()
    const alike = await docs.createSnapshot({ reason: 'policy:hourly' })
    const other = await docs.createSnapshot({ reason: 'policy:daily', labels: { policy: 'daily' } })
    const held = db.findSnapshot((await db.policies.run('hourly')).snapshot!.id)!
    await held.hold()
    const taken = db.findSnapshot((await db.policies.run('hourly')).snapshot!.id)!
    await taken.update({ labels: { mine: 'yes' } })
    const third = await db.policies.run('hourly')
    const fourth = await db.policies.run('hourly')
    expect(fourth.deleted).toEqual([third.snapshot])
    expect(db.listAllSnapshots().map(({ id }) => id)).toEqual(
      [manual, alike, other, held, taken, fourth.snapshot!].map(({ id }) => id),
    )
  })

  test('what the plan said it would', async () => {
    await db.policies.put({ ...hourly, keep: { last: 2, daily: 2 } })
    db.policies.start()
    await pass(30 * hourMs, 30 * minuteMs)
    const seq = db.stats().appliedSeq
    const plan = db.policies.plan('hourly')
    expect(db.stats().appliedSeq).toBe(seq)
    expect(plan).toMatchObject({
      policy: 'hourly',
      at: clock.time,
      nextRunAt: clock.time + 30 * minuteMs,
      create: { scope: 'collection', collections: ['docs'] },
      missing: [],
    })
    expect(plan.keep.map(({ createdAt, rules }) => [new Date(createdAt).toISOString(), rules])).toEqual([
      ['2026-01-02T06:00:00.000Z', ['last']],
      ['2026-01-01T23:00:00.000Z', ['daily']],
    ])
    expect(plan.delete.map(({ createdAt }) => new Date(createdAt).toISOString())).toEqual([
      '2026-01-02T05:00:00.000Z',
    ])
    const run = await db.policies.run('hourly')
    expect(run.deleted).toEqual(plan.delete)
    const rest = db.listAllSnapshots().map(({ id }) => id)
    expect(rest).toEqual([...plan.keep.map(({ id }) => id).reverse(), run.snapshot!.id])
  })

  test('a plan for another time uses that time', async () => {
    await db.policies.put({ ...hourly, keep: { maxAgeMs: dayMs } })
    for (let n = 0; n < 3; n++) {
      await db.policies.run('hourly')
      clock.time += hourMs
    }
    expect(db.policies.plan('hourly').delete).toEqual([])
    expect(db.policies.plan('hourly', start + dayMs + hourMs + 1).delete).toHaveLength(2)
  })

  test('a policy with nothing to make deletes nothing, and its plan says so', async () => {
    await db.policies.put(hourly)
    for (let n = 0; n < 3; n++) await db.policies.run('hourly')
    await db.policies.put({ ...hourly, collections: ['none-*'], keep: { last: 1 } })
    expect(db.policies.plan('hourly')).toMatchObject({ create: null, delete: [] })
    expect(db.policies.plan('hourly').keep).toHaveLength(3)
    await db.policies.run('hourly')
    expect(times()).toHaveLength(3)
  })
})

describe('with verification', () => {
  const verified: Policy = { ...hourly, keep: { last: 1 }, verify: true }

  test('a snapshot counts when it has been verified', async () => {
    await db.policies.put(verified)
    const first = await db.policies.run('hourly')
    expect(first).toMatchObject({ outcome: 'succeeded', isVerified: true })
    expect(db.findSnapshot(first.snapshot!.id)!.info().verified).toMatchObject({ ok: true, problems: [] })
    expect(db.jobs.list({ kind: 'verify' })).toMatchObject([
      { state: 'completed', input: { snapshot: first.snapshot!.id, policy: 'hourly' } },
    ])
    expect((await db.policies.run('hourly')).deleted).toEqual([first.snapshot])
  })

  test('one that fails deletes nothing, and does not count', async () => {
    await db.policies.put(verified)
    const good = await db.policies.run('hourly')
    await damageSegments()
    clock.time += hourMs
    const bad = await db.policies.run('hourly')
    expect(bad).toMatchObject({ outcome: 'failed', code: 'segment-corrupt', isVerified: false, deleted: [] })
    expect(db.findSnapshot(bad.snapshot!.id)!.info().verified).toMatchObject({ ok: false })
    expect(db.listAllSnapshots().map(({ id }) => id)).toEqual([good.snapshot!.id, bad.snapshot!.id])
    expect(db.policies.get('hourly')).toMatchObject({ runs: 2, failures: 1, lastSuccessAt: start })
    const [metrics] = await db.policies.metrics()
    expect(metrics).toMatchObject({ lastSuccessAt: start, ageMs: hourMs, failures: 1, snapshots: 2 })
  })

  test('a run that the end of the process cuts short is made up for', async () => {
    await db.policies.put(verified)
    clock.time += hourMs
    const run = db.policies.run('hourly')
    await db.close()
    expect(await run).toMatchObject({ outcome: 'failed', code: 'cancelled', isVerified: null })
    db = await reopen()
    expect(db.policies.get('hourly')).toMatchObject({ runs: 0, failures: 0 })
    db.policies.start()
    await db.policies.stop()
    expect(db.policies.get('hourly')).toMatchObject({ runs: 1, failures: 0, lastSuccessAt: clock.time })
  })

  async function damageSegments(): Promise<void> {
    const files = await readdir(join(folder, 'segments'), { recursive: true, withFileTypes: true })
    for (const file of files.filter((entry) => entry.isFile())) {
      const handle = await openFile(join(file.parentPath, file.name), 'r+')
      const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, 20)
      await handle.write(Buffer.from([buffer[0]! ^ 0xff]), 0, 1, 20)
      await handle.close()
    }
  }
})

describe('metrics', () => {
  test('tell the age of the newest good snapshot, and what all of them take', async () => {
    await db.policies.put(hourly)
    expect(await db.policies.metrics()).toEqual([
      {
        policy: 'hourly',
        isEnabled: true,
        nextRunAt: start + 30 * minuteMs,
        lastSuccessAt: null,
        ageMs: null,
        runs: 0,
        failures: 0,
        snapshots: 0,
        bytes: 0,
      },
    ])
    await db.policies.run('hourly')
    await db.flush()
    clock.time += 5 * minuteMs
    const [one] = await db.policies.metrics()
    expect(one).toMatchObject({ lastSuccessAt: start, ageMs: 5 * minuteMs, runs: 1, snapshots: 1 })
    expect(one!.bytes).toBeGreaterThan(0)
    // Another snapshot of the same reaches the same objects.
    const second = await db.policies.run('hourly')
    await db.flush()
    expect((await db.policies.metrics())[0]).toMatchObject({ ageMs: 0, snapshots: 2, bytes: one!.bytes })
    await db.getCollection('docs').upsert([{ id: 2, vectors: { '': [3, 4] } }])
    await db.getCollection('docs').delete({ ids: [1] })
    await db.policies.run('hourly')
    await db.flush()
    const [third, again] = [await db.policies.metrics(), await db.policies.metrics()]
    expect(third[0]!.bytes).toBeGreaterThan(one!.bytes)
    expect(again).toEqual(third)
    expect(await bytesAfterRestart()).toBe(third[0]!.bytes)
    // Somebody deletes the newest ones: then the last good one is older again.
    clock.time += minuteMs
    for (const snapshot of db.listAllSnapshots().slice(1)) await snapshot.delete()
    expect(db.findSnapshot(second.snapshot!.id)).toBeUndefined()
    expect((await db.policies.metrics())[0]).toMatchObject({
      ageMs: 6 * minuteMs,
      snapshots: 1,
      bytes: one!.bytes,
    })
  })

  async function bytesAfterRestart(): Promise<number> {
    await restart()
    return (await db.policies.metrics())[0]!.bytes
  }
})
