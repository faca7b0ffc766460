import { mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Clock } from '../../runtime/clock.ts'
import { nodeDisk } from '../../storage/node-disk.ts'
import type { Disk } from '../../storage/disk.ts'
import type { Database } from '../database.ts'
import { open } from '../open.ts'
import type { Snapshot } from '../snapshot-handle.ts'

class TestClock implements Clock {
  time = Date.UTC(2026, 0, 1)
  readonly #waiting: { readonly at: number; readonly callback: () => void }[] = []
  now(): number {
    return this.time
  }
  monotonic(): number {
    return this.time
  }
  after(delayMs: number, callback: () => void): { cancel(): void } {
    const entry = { at: this.time + delayMs, callback }
    this.#waiting.push(entry)
    return { cancel: () => void this.#waiting.splice(this.#waiting.indexOf(entry), 1) }
  }
  /** Fires what is waiting, until the work is done. */
  async drive<T>(work: Promise<T>): Promise<T> {
    let isDone = false
    const done = work.finally(() => (isDone = true))
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve))
      if (isDone) return done
      const entry = this.#waiting.shift()
      if (entry === undefined) continue
      this.time = Math.max(this.time, entry.at)
      entry.callback()
    }
  }
}

/** Counts the bytes that are read of each object of a segment. */
class ReadCounts {
  readonly bytes = new Map<string, number>()

  get disk(): Disk {
    return new Proxy(nodeDisk, {
      get: (target, name, receiver) => {
        const value: unknown = Reflect.get(target, name, receiver)
        if (name !== 'readRange' || typeof value !== 'function') return value
        return async (path: string, offset: number, length: number) => {
          const chunk = await target.readRange(path, offset, length)
          const key = path.replace(/^.*\/segments\//, 'segments/')
          this.bytes.set(key, (this.bytes.get(key) ?? 0) + chunk.byteLength)
          return chunk
        }
      },
    })
  }
}

let folder: string
let clock: TestClock
let reads: ReadCounts
let db: Database
let snapshot: Snapshot

const vector = (id: number): number[] => [id, id * 2, 1, 0]

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stillpoint-verify-'))
  clock = new TestClock()
  reads = new ReadCounts()
  db = await open(folder, {
    clock,
    workers: 0,
    background: false,
    flushOnClose: false,
    unstable_disk: reads.disk,
  })
  await db.createCollection('a', { vectors: { '': { size: 4, distance: 'Euclid' } }, shardNumber: 2 })
  await db.createCollection('b', { vectors: { '': { size: 4, distance: 'Euclid' } } })
  for (const name of ['a', 'b']) {
    const collection = db.getCollection(name)
    for (let round = 0; round < 2; round++) {
      await collection.upsert(
        Array.from({ length: 40 }, (_, i) => ({ id: round * 100 + i, vectors: { '': vector(i) } })),
      )
      await db.flush()
      await collection.delete({ ids: [round * 100 + 1, round * 100 + 2] })
      await db.flush()
    }
  }
  snapshot = await db.createSnapshot({ name: 's' })
  await snapshot.seal()
  await db.collectGarbage()
})

afterEach(async () => {
  await db.close()
  await rm(folder, { recursive: true, force: true })
})

/** Keys of all objects in the store that the snapshot reaches: here, all of them. */
async function objects(prefix: 'segments' | 'snapshots'): Promise<string[]> {
  const names = await readdir(join(folder, prefix), { recursive: true })
  const keys = []
  for (const name of names)
    if ((await stat(join(folder, prefix, name))).isFile()) keys.push(`${prefix}/${name}`)
  return keys.sort()
}

async function flip(key: string, at = 40): Promise<void> {
  const bytes = await readFile(join(folder, key))
  bytes[at]! ^= 1
  await writeFile(join(folder, key), bytes)
}

async function totalBytes(keys: readonly string[]): Promise<number> {
  let sum = 0
  for (const key of keys) sum += (await stat(join(folder, key))).size
  return sum
}

test('a whole snapshot: every object is read once, and the mark says so', async () => {
  const keys = [...(await objects('segments')), ...(await objects('snapshots'))]
  reads.bytes.clear()
  const report = await snapshot.verify()
  expect(report).toMatchObject({ ok: true, problems: [], files: keys.length, bytes: await totalBytes(keys) })
  expect(report.resumeFrom).toBeUndefined()
  for (const key of await objects('segments'))
    expect(reads.bytes.get(key), key).toBe((await stat(join(folder, key))).size)
  expect(snapshot.info().verified).toEqual({ at: clock.time, ok: true, problems: [], bytes: report.bytes })
})

test('the mark outlives a restart', async () => {
  await snapshot.verify()
  const before = snapshot.info().verified
  await db.close()
  db = await open(folder, { clock, workers: 0, background: false })
  expect(db.findSnapshot(snapshot.id)!.info().verified).toEqual(before)
})

test('an unsealed snapshot is sealed first', async () => {
  await db.getCollection('a').upsert([{ id: 7, vectors: { '': vector(7) } }])
  const fresh = await db.createSnapshot({ name: 'fresh' })
  expect(fresh.info().isSealed).toBe(false)
  expect(await fresh.verify()).toMatchObject({ ok: true })
  expect(fresh.info().isSealed).toBe(true)
})

describe('damage is named', () => {
  test('a flipped bit in any object, one at a time', async () => {
    for (const key of [...(await objects('segments')), ...(await objects('snapshots'))]) {
      await flip(key)
      const { ok, problems } = await snapshot.verify()
      expect(ok, key).toBe(false)
      expect(problems.map(({ file }) => file)).toEqual([key])
      expect(problems[0]!.why).toMatch(key.endsWith('.json') ? /^(checksum|format)/ : /^checksum: /)
      expect(snapshot.info().verified).toMatchObject({
        ok: false,
        problems: [`${key}: ${problems[0]!.why}`],
      })
      await flip(key)
    }
    expect(await snapshot.verify()).toMatchObject({ ok: true })
  })

  test('a missing object, a longer and a shorter one, two that were swapped: all at once', async () => {
    const keys = await objects('segments')
    const deltas = keys.filter((key) => key.includes('delta'))
    const rows = keys.filter((key) => key.endsWith('rows.parquet'))
    const graphs = keys.filter((key) => key.endsWith('.graph'))
    const [gone, longer, shorter] = [deltas[0]!, deltas[1]!, graphs[0]!]
    await rm(join(folder, gone))
    await writeFile(join(folder, longer), Buffer.concat([await readFile(join(folder, longer)), Buffer.of(0)]))
    await truncate(join(folder, shorter), (await stat(join(folder, shorter))).size - 1)
    const texts = await Promise.all(rows.slice(0, 2).map((key) => readFile(join(folder, key))))
    await writeFile(join(folder, rows[0]!), texts[1]!)
    await writeFile(join(folder, rows[1]!), texts[0]!)
    const report = await snapshot.verify()
    const byFile = Object.fromEntries(report.problems.map(({ file, why }) => [file, why]))
    expect(Object.keys(byFile).sort()).toEqual([gone, longer, shorter, rows[0]!, rows[1]!].sort())
    expect(byFile[gone]).toBe('missing')
    expect(byFile[longer]).toMatch(/^length: it has \d+ bytes, its manifest says \d+$/)
    expect(byFile[shorter]).toMatch(/^length: /)
    expect(byFile[rows[0]!]).toMatch(/^(checksum|length): /)
    expect(byFile[rows[1]!]).toMatch(/^(checksum|length): /)
  })

  test('a damaged manifest does not hide what is wrong elsewhere', async () => {
    const avro = (await objects('snapshots')).filter((key) => key.endsWith('.avro'))
    expect(avro).toHaveLength(2)
    const content = await readFile(join(folder, avro[1]!), 'latin1')
    await flip(avro[0]!)
    const victim = (await objects('segments')).find((key) => content.includes(key))!
    await rm(join(folder, victim))
    const { problems } = await snapshot.verify()
    expect(problems.map(({ file }) => file).sort()).toEqual([avro[0]!, victim].sort())
  })

  test('metadata that are gone', async () => {
    const document = (await objects('snapshots')).find((key) => key.endsWith('.json'))!
    await rm(join(folder, document))
    expect((await snapshot.verify()).problems).toEqual([{ file: document, why: 'missing' }])
  })

  test('a file that cannot be read does not end the run', async () => {
    const [first, second] = (await objects('segments')).filter((key) => key.endsWith('rows.parquet'))
    const readRange = nodeDisk.readRange
    nodeDisk.readRange = (path, offset, length) =>
      path.endsWith(first!)
        ? Promise.reject(Object.assign(new Error('i/o error'), { code: 'EIO' }))
        : readRange.call(nodeDisk, path, offset, length)
    await flip(second!)
    try {
      const { problems } = await snapshot.verify()
      expect(problems.map(({ file }) => file)).toEqual([first, second])
      expect(problems[0]!.why).toMatch(/^unreadable: /)
    } finally {
      nodeDisk.readRange = readRange
    }
  })
})

describe('a run that is cancelled', () => {
  test('goes on where it was: over the runs every byte is read exactly once', async () => {
    const keys = await objects('segments')
    const total = await totalBytes([...keys, ...(await objects('snapshots'))])
    reads.bytes.clear()
    let from: string | undefined
    let bytes = 0
    let files = 0
    let runs = 0
    for (;;) {
      const controller = new AbortController()
      const report = await snapshot.verify({
        signal: controller.signal,
        ...(from === undefined ? {} : { from }),
        onProgress: () => controller.abort(),
      })
      bytes += report.bytes
      files += report.files
      runs += 1
      if (report.resumeFrom === undefined) {
        expect(report.ok).toBe(true)
        break
      }
      expect(report.ok).toBe(false)
      expect(snapshot.info().verified).toBeNull()
      from = report.resumeFrom
    }
    expect(runs).toBe(files)
    expect(bytes).toBe(total)
    for (const key of keys) expect(reads.bytes.get(key), key).toBe((await stat(join(folder, key))).size)
    expect(snapshot.info().verified).toMatchObject({ ok: true, bytes: total })
  })

  test('goes on after a restart, and knows of the damage that it had found', async () => {
    const keys = await objects('segments')
    await flip(keys[0]!)
    const controller = new AbortController()
    const first = await snapshot.verify({
      signal: controller.signal,
      onProgress: ({ file }) => file === keys[2] && controller.abort(),
    })
    expect(first.problems.map(({ file }) => file)).toEqual([keys[0]])
    await db.close()
    db = await open(folder, { clock, workers: 0, background: false, flushOnClose: false }).catch(
      async (error: unknown) => {
        // The living collection reads the same file: it is brought back for the start only.
        expect(String(error)).toContain(keys[0])
        await flip(keys[0]!)
        const opened = await open(folder, { clock, workers: 0, background: false, flushOnClose: false })
        await flip(keys[0]!)
        return opened
      },
    )
    snapshot = db.findSnapshot(snapshot.id)!
    const second = await snapshot.verify({ from: first.resumeFrom! })
    expect(second.ok).toBe(false)
    expect(second.problems.map(({ file }) => file)).toEqual([keys[0]])
    expect(snapshot.info().verified).toMatchObject({ ok: false })
    await flip(keys[0]!)
    expect(await snapshot.verify({ from: first.resumeFrom! })).toMatchObject({ ok: true })
    expect(snapshot.info().verified).toMatchObject({ ok: true })
  })

  test('a position that is none is refused', async () => {
    await expect(snapshot.verify({ from: 'zzz' })).rejects.toMatchObject({ code: 'request-invalid' })
    expect(snapshot.info().verified).toBeNull()
  })

  test('a database that is closed ends it, with a position', async () => {
    let closing: Promise<void> | undefined
    const report = await snapshot.verify({ onProgress: () => void (closing ??= db.close()) })
    await closing
    expect(report.ok).toBe(false)
    expect(report.resumeFrom).toBeDefined()
  })
})

test('no faster than it may, without a wait too many', async () => {
  const startedAt = clock.time
  const seen: number[] = []
  const report = await clock.drive(
    snapshot.verify({
      bytesPerSecond: 1000,
      onProgress: ({ bytes }) => seen.push(bytes - (clock.time - startedAt)),
    }),
  )
  const seconds = (clock.time - startedAt) / 1000
  expect(seconds).toBeGreaterThan(report.bytes / 1000 - 0.1)
  expect(seconds).toBeLessThanOrEqual(report.bytes / 1000)
  // At no moment was it ahead by more than the chunk that it had just read.
  expect(Math.max(...seen)).toBeLessThanOrEqual(
    Math.max(...(await Promise.all((await objects('segments')).map((key) => totalBytes([key]))))) + 100,
  )
})

test('progress never falls, and ends at the total, which was known at the beginning', async () => {
  const seen: { bytes: number; totalBytes: number }[] = []
  const report = await snapshot.verify({ onProgress: (progress) => seen.push(progress) })
  expect(new Set(seen.map(({ totalBytes }) => totalBytes))).toEqual(new Set([report.bytes]))
  for (let i = 1; i < seen.length; i++) expect(seen[i]!.bytes).toBeGreaterThanOrEqual(seen[i - 1]!.bytes)
  expect(seen.at(-1)!.bytes).toBe(report.bytes)
})

test('a snapshot that is deleted meanwhile is not called damaged', async () => {
  let deleting: Promise<unknown> | undefined
  await expect(
    snapshot.verify({
      onProgress: () => {
        deleting ??= snapshot.delete().then(() => db.collectGarbage())
      },
    }),
  ).rejects.toMatchObject({ code: 'snapshot-not-found' })
  await deleting
  await expect(snapshot.verify()).rejects.toMatchObject({ code: 'snapshot-not-found' })
})
