import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Clock, Timer } from '../runtime/clock.ts'
import type { Database } from './database.ts'
import { open } from './open.ts'

/** Whoever waits for time gets it, unless the clock is held. */
class TestClock implements Clock {
  time = Date.UTC(2026, 0, 1)
  isHeld = false
  waiting: (() => void)[] = []
  onWait = (): void => undefined
  now(): number {
    return this.time
  }
  monotonic(): number {
    return this.time
  }
  after(delayMs: number, callback: () => void): Timer {
    this.time += delayMs
    if (this.isHeld) this.waiting.push(callback)
    else queueMicrotask(callback)
    this.onWait()
    return { cancel: () => undefined }
  }
}

let folder: string
let clock: TestClock
let db: Database

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stillpoint-verify-job-'))
  clock = new TestClock()
  db = await reopen('store')
  const docs = await db.createCollection('docs', { vectors: { '': { size: 64, distance: 'Dot' } } })
  for (let part = 0; part < 4; part++) {
    const ids = Array.from({ length: 100 }, (_, n) => part * 100 + n)
    await docs.upsert(ids.map((id) => ({ id, vectors: { '': Array.from({ length: 64 }, () => id) } })))
    await db.flush()
  }
})

afterEach(async () => {
  clock.isHeld = false
  await db.close()
  await rm(folder, { recursive: true, force: true })
})

function reopen(name: string): Promise<Database> {
  return open(join(folder, name), { clock, workers: 0, background: false })
}

test('a job verifies, counts bytes and leaves a mark', async () => {
  const snapshot = await db.createSnapshot()
  const job = db.startVerify(snapshot)
  const report = await job.result
  expect(report).toMatchObject({ ok: true, problems: [] })
  expect(await db.jobs.wait(job.id)).toMatchObject({
    kind: 'verify',
    input: { snapshot: snapshot.id },
    state: 'completed',
    unit: 'bytes',
    done: report.bytes,
    total: report.bytes,
    result: { ok: true, bytes: report.bytes, files: report.files },
  })
  expect(snapshot.info().verified).toMatchObject({ ok: true })
})

test('a snapshot that is gone is not found', async () => {
  const snapshot = await db.createSnapshot()
  await snapshot.delete()
  expect(() => db.startVerify(snapshot)).toThrow(expect.objectContaining({ code: 'snapshot-not-found' }))
  expect(db.jobs.list()).toEqual([])
})

test('after a crash it goes on where it was, and reads the rest only', async () => {
  const snapshot = await db.createSnapshot()
  await snapshot.seal()
  const whole = await db.startVerify(snapshot).result
  // Some twenty seconds by its clock, so that positions are kept on the way.
  const job = db.startVerify(snapshot, { bytesPerSecond: 5000 })
  await stoppedAt(job.id, 0.5)
  await cp(join(folder, 'store'), join(folder, 'crashed'), {
    recursive: true,
    filter: (path) => !path.includes('/lock'),
  })
  letGo()
  await job.result

  const other = await reopen('crashed')
  try {
    const ended = await other.jobs.wait(job.id)
    expect(ended).toMatchObject({ state: 'completed', attempt: 2, total: whole.bytes, done: whole.bytes })
    const report = ended.result as { ok: boolean; bytes: number }
    expect(report.ok).toBe(true)
    expect(report.bytes).toBeGreaterThan(0)
    expect(report.bytes).toBeLessThan(whole.bytes)
    expect(other.findSnapshot(snapshot.id)!.info().verified).toMatchObject({ ok: true, bytes: whole.bytes })
  } finally {
    await other.close()
  }
})

test('after a crash it still knows of the damage that it had found', async () => {
  const snapshot = await db.getCollection('docs').createSnapshot()
  await snapshot.seal()
  await db.dropCollection('docs')
  await db.flush()
  // Positions are kept before this one.
  const third = (await readdir(join(folder, 'store/segments'))).sort()[2]!
  const [file] = (await readdir(join(folder, 'store/segments', third))).sort()
  const damaged = join(folder, 'store/segments', third, file!)
  const bytes = await readFile(damaged)
  bytes[0]! ^= 1
  await writeFile(damaged, bytes)
  const job = db.startVerify(snapshot, { bytesPerSecond: 5000 })
  await stoppedAt(job.id, 0.8)
  await cp(join(folder, 'store'), join(folder, 'crashed'), {
    recursive: true,
    filter: (path) => !path.includes('/lock'),
  })
  letGo()
  expect((await job.result).ok).toBe(false)
  const other = await reopen('crashed')
  try {
    const { result, attempt } = await other.jobs.wait(job.id)
    expect({ result, attempt }).toMatchObject({
      result: { ok: false, problems: [{ file: `segments/${third}/${file!}` }] },
      attempt: 2,
    })
  } finally {
    await other.close()
  }
})

test('closing the database puts it off until it is opened again', async () => {
  const snapshot = await db.createSnapshot()
  const whole = await db.startVerify(snapshot).result
  const job = db.startVerify(snapshot, { bytesPerSecond: 5000 })
  await stoppedAt(job.id, 0.3)
  const closing = db.close()
  await expect(job.result).rejects.toMatchObject({ code: 'cancelled' })
  await closing
  letGo()
  db = await reopen('store')
  const ended = await db.jobs.wait(job.id)
  expect(ended).toMatchObject({ state: 'completed', attempt: 2 })
  expect((ended.result as { bytes: number }).bytes).toBeLessThan(whole.bytes)
})

/** Lets the job go on until it has done a part of its bytes and has kept a position, and holds it there. */
async function stoppedAt(id: string, part: number): Promise<void> {
  const seq = db.stats().appliedSeq
  await new Promise<void>((resolve) => {
    clock.onWait = () => {
      const { done, total } = db.jobs.get(id)
      if (clock.isHeld || total === null || done < total * part) return
      clock.isHeld = true
      resolve()
    }
  })
  // The record of its start, and one of a position at least.
  while (db.stats().appliedSeq < seq + 2) await new Promise(setImmediate)
}

function letGo(): void {
  clock.isHeld = false
  clock.onWait = () => undefined
  for (const callback of clock.waiting.splice(0)) callback()
}
