import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { DatabaseError } from '../errors/database-error.ts'
import type { Clock } from '../runtime/clock.ts'
import type { Database } from './database.ts'
import type { JobContext } from './jobs.ts'
import { open } from './open.ts'

const start = Date.UTC(2026, 0, 1)

class TestClock implements Clock {
  time = start
  now(): number {
    return this.time
  }
  monotonic(): number {
    return this.time
  }
  after(): { cancel(): void } {
    return { cancel: () => undefined }
  }
}

let folder: string
let clock: TestClock
let db: Database
let copies = 0

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stillpoint-jobs-'))
  clock = new TestClock()
  db = await reopen('store')
})

afterEach(async () => {
  await db.close()
  await rm(folder, { recursive: true, force: true })
})

function reopen(name: string): Promise<Database> {
  return open(join(folder, name), { clock, workers: 0, background: false })
}

/** What a process that is killed now leaves behind, opened by another one. */
async function afterCrash(store = 'store'): Promise<Database> {
  const name = `crashed-${copies++}`
  await cp(join(folder, store), join(folder, name), {
    recursive: true,
    filter: (path) => !path.includes('/lock'),
  })
  return reopen(name)
}

/** Runs until it is told to end, or until it is cancelled. */
function held<T>() {
  const { promise, resolve, reject } = deferred<T>()
  const entered = deferred<JobContext>()
  const run = (context: JobContext): Promise<T> => {
    entered.resolve(context)
    context.signal.addEventListener('abort', () => reject(context.signal.reason as Error))
    return promise
  }
  return { run, finish: resolve, fail: reject, entered: entered.promise }
}

function deferred<T>() {
  let resolve!: (value: T) => void
  let reject!: (error: unknown) => void
  const promise = new Promise<T>((a, b) => {
    resolve = a
    reject = b
  })
  promise.catch(() => undefined)
  return { promise, resolve, reject }
}

describe('a job', () => {
  test('runs, tells how far it is, and gives its result', async () => {
    const work = held<{ files: number }>()
    const job = db.jobs.start('survey', { snapshot: 's' }, work.run)
    const context = await work.entered
    clock.time += 2000
    context.progress(500, 1500, 'bytes')
    expect(job.info()).toEqual({
      id: job.id,
      kind: 'survey',
      input: { snapshot: 's' },
      state: 'running',
      reason: null,
      code: null,
      attempt: 1,
      createdAt: start,
      startedAt: start,
      finishedAt: null,
      done: 500,
      total: 1500,
      unit: 'bytes',
      ratePerSecond: 250,
      etaMs: 4000,
      result: null,
    })
    clock.time += 1000
    context.progress(1500, 1500)
    work.finish({ files: 3 })
    expect(await job.result).toEqual({ files: 3 })
    const ended = { state: 'completed', done: 1500, ratePerSecond: 500, etaMs: null, result: { files: 3 } }
    expect(await db.jobs.wait(job.id)).toMatchObject({ ...ended, finishedAt: start + 3000 })
    expect(db.jobs.list({ state: 'completed', kind: 'survey' })).toEqual([job.info()])
    expect(db.jobs.list({ state: 'running' })).toEqual([])
  })

  test('that throws has failed, with code and message', async () => {
    const known = db.jobs.start('a', null, async () => {
      throw new DatabaseError('segment-corrupt', 'Cannot trust x: it is damaged')
    })
    const unknown = db.jobs.start('b', null, async () => {
      throw new TypeError('x is not a function')
    })
    await expect(known.result).rejects.toMatchObject({ code: 'segment-corrupt' })
    expect(await db.jobs.wait(known.id)).toMatchObject({
      state: 'failed',
      code: 'segment-corrupt',
      reason: 'Cannot trust x: it is damaged',
    })
    expect(await db.jobs.wait(unknown.id)).toMatchObject({
      state: 'failed',
      code: 'internal',
      reason: 'x is not a function',
    })
  })

  test('can be cancelled', async () => {
    const work = held()
    const job = db.jobs.start('drill', null, work.run)
    await work.entered
    expect(db.jobs.cancel(job.id)).toBe(true)
    expect(await db.jobs.wait(job.id)).toMatchObject({ state: 'cancelled', code: 'cancelled' })
    await expect(job.result).rejects.toMatchObject({ code: 'cancelled' })
    expect(db.jobs.cancel(job.id)).toBe(false)
  })

  test('that is cancelled before it began does nothing', async () => {
    let hasRun = false
    const job = db.jobs.start('drill', null, async () => {
      hasRun = true
    })
    db.jobs.cancel(job.id)
    expect(await db.jobs.wait(job.id)).toMatchObject({ state: 'cancelled' })
    expect(hasRun).toBe(false)
  })

  test('that came to its end in spite of a cancel has completed', async () => {
    const entered = deferred<void>()
    const end = deferred<string>()
    const job = db.jobs.start('drill', null, () => {
      entered.resolve()
      return end.promise
    })
    await entered.promise
    db.jobs.cancel(job.id)
    end.resolve('done')
    expect(await job.result).toBe('done')
    expect(await db.jobs.wait(job.id)).toMatchObject({ state: 'completed', result: 'done' })
  })

  test('is unknown under another id', async () => {
    expect(() => db.jobs.get('x')).toThrow(expect.objectContaining({ code: 'job-not-found' }))
    expect(() => db.jobs.cancel('x')).toThrow(expect.objectContaining({ code: 'job-not-found' }))
    await expect(db.jobs.wait('x')).rejects.toMatchObject({ code: 'job-not-found' })
  })

  test('writes two records, however much it reports', async () => {
    const before = db.stats().appliedSeq
    const job = db.jobs.start('count', null, async (context) => {
      for (let n = 0; n < 10_000; n++) context.progress(n, 10_000, 'rows')
    })
    await job.result
    expect(db.stats().appliedSeq - before).toBe(2)
  })
})

describe('after a restart', () => {
  test('finished jobs are known as they were', async () => {
    const done = db.jobs.start('a', { x: [1, 'two'] }, async (context) => {
      clock.time += 1000
      context.progress(7, 7, 'files')
      return { deep: { list: [1, null] }, gone: undefined, method: () => 1 }
    })
    await done.result
    const failed = db.jobs.start('b', null, async () => {
      throw new DatabaseError('read-failed', 'Cannot read: no')
    })
    await db.jobs.wait(failed.id)
    const before = db.jobs.list()
    expect(before[1]!.result).toEqual({ deep: { list: [1, null] } })
    await db.close()
    db = await reopen('store')
    expect(db.jobs.list()).toEqual(before)
  })

  test('a job that was running when the process ended has failed, and stays so', async () => {
    const work = held()
    const job = db.jobs.start('restore', { as: 'c' }, work.run)
    await work.entered
    clock.time += 5000
    const other = await afterCrash()
    try {
      const expected = { state: 'failed', reason: 'the process ended', finishedAt: start + 5000 }
      expect(other.jobs.get(job.id)).toMatchObject({ ...expected, input: { as: 'c' } })
      const seq = other.stats().appliedSeq
      await other.close()
      const again = await reopen(`crashed-${copies - 1}`)
      expect(again.jobs.get(job.id)).toMatchObject(expected)
      expect(again.stats().appliedSeq).toBe(seq)
      await again.close()
    } finally {
      await other.close()
    }
    expect(db.jobs.get(job.id).state).toBe('running')
  })

  test('a kind that is registered goes on from its checkpoint', async () => {
    db.jobs.register('survey', { resume: async () => undefined })
    const work = held()
    const job = db.jobs.start('survey', { snapshot: 's' }, work.run)
    const context = await work.entered
    context.progress(100, 300, 'bytes')
    await context.checkpoint({ file: 'too early to be written' })
    clock.time += 6000
    context.progress(200, 300, 'bytes')
    await context.checkpoint({ file: 'f2' })
    await context.checkpoint({ file: 'f3, too soon' })

    const other = await afterCrash()
    expect(other.jobs.get(job.id)).toMatchObject({ state: 'failed', reason: 'the process ended' })
    const resumed = deferred<unknown[]>()
    other.jobs.register('survey', {
      resume: async (input, { position, progress }) => {
        resumed.resolve([input, position])
        progress(300, 300, 'bytes')
        return { ok: true }
      },
    })
    expect(await resumed.promise).toEqual([{ snapshot: 's' }, { file: 'f2' }])
    expect(await other.jobs.wait(job.id)).toMatchObject({
      state: 'completed',
      attempt: 2,
      createdAt: start,
      startedAt: start + 6000,
      done: 300,
      result: { ok: true },
    })
    await other.close()
    const again = await reopen(`crashed-${copies - 1}`)
    expect(again.jobs.get(job.id)).toMatchObject({ state: 'completed', reason: null, attempt: 2 })
    await again.close()
  })

  test('a job that takes the process down whenever it is resumed comes to an end', async () => {
    const first = held()
    const job = db.jobs.start('survey', null, first.run)
    await first.entered
    const others: Database[] = []
    for (let crash = 1; crash <= 3; crash++) {
      const other = await afterCrash(crash === 1 ? 'store' : `crashed-${copies - 1}`)
      others.push(other)
      if (crash === 3) break
      const work = held()
      other.jobs.register('survey', { resume: (_input, context) => work.run(context) })
      await work.entered
    }
    const current = others.at(-1)!
    current.jobs.register('survey', { resume: async () => 'never' })
    expect(await current.jobs.wait(job.id)).toMatchObject({
      state: 'failed',
      reason: 'the process ended 3 times',
      attempt: 3,
    })
    for (const one of others) await one.close()
  })

  test('a checkpoint that comes after the end writes nothing', async () => {
    const work = held<string>()
    const job = db.jobs.start('survey', null, work.run)
    const context = await work.entered
    work.finish('done')
    await job.result
    clock.time += 60_000
    const seq = db.stats().appliedSeq
    await context.checkpoint({ file: 'late' })
    expect(db.stats().appliedSeq).toBe(seq)
  })

  test('what is too long for the catalog is not kept there', async () => {
    const long = 'x'.repeat(20_000)
    const job = db.jobs.start('a', { long }, async () => ({ long }))
    await job.result
    expect(job.info()).toMatchObject({ input: { long }, result: { long } })
    await db.close()
    db = await reopen('store')
    expect(db.jobs.get(job.id)).toMatchObject({ state: 'completed', input: null, result: null })
  })

  test('the last 200 finished jobs are kept', async () => {
    const first = db.jobs.start('first', null, async () => 1)
    await first.result
    const running = db.jobs.start('long', null, held().run)
    for (let n = 0; n < 200; n++) {
      clock.time += 1
      await db.jobs.start('short', n, async () => n).result
    }
    expect(() => db.jobs.get(first.id)).toThrow(expect.objectContaining({ code: 'job-not-found' }))
    expect(db.jobs.get(running.id).state).toBe('running')
    expect(db.jobs.list({ kind: 'short' }).map(({ input }) => input)).toEqual(
      Array.from({ length: 200 }, (_, n) => 199 - n),
    )
    await db.close()
    db = await reopen('store')
    // The long one was cancelled when the database was closed: it is the 200th.
    expect(db.jobs.list()).toHaveLength(200)
    expect(db.jobs.list({ kind: 'short' })).toHaveLength(199)
  })
})

describe('closing the database', () => {
  test('cancels what runs and waits for it', async () => {
    const entered = deferred<void>()
    const steps: string[] = []
    const job = db.jobs.start('slow', null, async ({ signal }) => {
      entered.resolve()
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
      await db.createCollection('tidied', { vectors: { '': { size: 2, distance: 'Dot' } } })
      steps.push('tidied up')
      signal.throwIfAborted()
    })
    await entered.promise
    await db.close()
    expect(steps).toEqual(['tidied up'])
    await expect(job.result).rejects.toMatchObject({ code: 'cancelled' })
    expect(() => db.jobs.start('x', null, async () => 1)).toThrow(
      expect.objectContaining({ code: 'database-closed' }),
    )
    db = await reopen('store')
    expect(db.jobs.get(job.id)).toMatchObject({
      state: 'cancelled',
      reason: expect.stringContaining('the database was closed') as string,
    })
  })

  test('a kind that can go on does so when it is opened again, and that is no crash', async () => {
    let id = ''
    for (let round = 1; round <= 5; round++) {
      const work = held<string>()
      db.jobs.register('survey', { resume: (_input, context) => work.run(context) })
      if (round === 1) id = db.jobs.start('survey', null, work.run).id
      const context = await work.entered
      expect(context.position).toBe(round === 1 ? null : round - 1)
      await context.checkpoint(round)
      await db.close()
      db = await reopen('store')
      expect(db.jobs.get(id)).toMatchObject({ state: 'failed', reason: 'the database was closed' })
    }
  })

  test('one that was cancelled before does not go on', async () => {
    const entered = deferred<void>()
    const lingering = deferred<void>()
    db.jobs.register('survey', { resume: async () => 'no' })
    const job = db.jobs.start('survey', null, async ({ signal }) => {
      entered.resolve()
      await lingering.promise
      signal.throwIfAborted()
    })
    await entered.promise
    db.jobs.cancel(job.id)
    const closing = db.close()
    setImmediate(() => lingering.resolve())
    await closing
    db = await reopen('store')
    expect(db.jobs.get(job.id)).toMatchObject({ state: 'cancelled', code: 'cancelled' })
    db.jobs.register('survey', { resume: async () => 'no' })
    expect(db.jobs.get(job.id)).toMatchObject({ state: 'cancelled', attempt: 1 })
  })
})
