import { cp, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { collect } from '../../../test/support/archives.ts'
import type { Clock } from '../../runtime/clock.ts'
import { seededRandom } from '../../runtime/random.ts'
import { createSigningKeys } from '../../snapshot/archive/signature/keys.ts'
import type { ArchiveImport, ImportOptions } from './archive-imports.ts'
import type { Database } from '../database.ts'
import { open } from '../open.ts'

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31))
const random = seededRandom(seed)
const below = (bound: number): number => Math.floor(random.next() * bound)
const keys = createSigningKeys()
const decrypt = { key: Buffer.alloc(32, 1) }

class TestClock implements Clock {
  time = 1_000
  readonly #timers = new Set<{ readonly at: number; readonly callback: () => void }>()

  now(): number {
    return this.time
  }

  monotonic(): number {
    return this.time
  }

  after(delayMs: number, callback: () => void): { cancel(): void } {
    const timer = { at: this.time + delayMs, callback }
    this.#timers.add(timer)
    return { cancel: () => void this.#timers.delete(timer) }
  }

  pass(ms: number): void {
    this.time += ms
    for (const timer of this.#timers) {
      if (timer.at > this.time) continue
      this.#timers.delete(timer)
      timer.callback()
    }
  }
}

let folder: string
let plain: Buffer
let encrypted: Buffer
let incremental: Buffer
let clock: TestClock
let db: Database

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stillpoint-imports-'))
  await using source = await open(join(folder, 'source'), { workers: 0, background: false })
  const points = await source.createCollection('points', { vectors: { '': { size: 4, distance: 'Dot' } } })
  const add = (from: number, to: number): Promise<unknown> =>
    points.upsert(
      Array.from({ length: to - from }, (_, i) => ({
        id: from + i,
        vectors: { '': [i, 1, 2, 3] },
        payload: { i },
      })),
    )
  const bytesOf = async (options: object): Promise<Buffer> => {
    await using archive = await (await points.createSnapshot()).archive(options)
    return Buffer.from(await collect(archive.stream()))
  }
  await add(0, 3000)
  const base = await points.createSnapshot()
  await source.flush()
  plain = await bytesOf({})
  encrypted = await bytesOf({ encrypt: decrypt, sign: keys.privateKey })
  await add(3000, 3100)
  incremental = await bytesOf({ since: base.id })
}, 60_000)

afterAll(() => rm(folder, { recursive: true, force: true }))

beforeEach(async () => {
  clock = new TestClock()
  db = await openTarget('target')
})

afterEach(async () => {
  await db.close()
  await rm(join(folder, 'target'), { recursive: true, force: true })
})

function openTarget(name: string): Promise<Database> {
  return open(join(folder, name), { workers: 0, background: false, clock })
}

/** Files below `segments` and `tmp`. */
async function files(name = 'target'): Promise<string[]> {
  const lists = ['segments', 'tmp'].map(async (below) => {
    const path = join(folder, name, below)
    const entries = await readdir(path, { recursive: true, withFileTypes: true }).catch(() => [])
    return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  })
  return (await Promise.all(lists)).flat()
}

async function count(name: string): Promise<number> {
  return db.getCollection(name).info().pointCount
}

/** Writes a range in pieces of random length. */
async function writeAll(
  session: ArchiveImport,
  bytes: Uint8Array,
  from = 0,
  to = bytes.byteLength,
): Promise<void> {
  for (let at = from; at < to;) {
    const end = Math.min(at + 1 + below(below(10) === 0 ? 5 : 70_000), to)
    expect(await session.write(bytes.subarray(at, end), at)).toBe(end)
    at = end
  }
}

describe(`imports, seed ${seed}`, () => {
  const forms = (): readonly (readonly [Buffer, ImportOptions, number])[] => [
    [plain, {}, 3000],
    [encrypted, { decrypt, trustedKeys: [keys.publicKey] }, 3000],
    [incremental, {}, 3100],
  ]

  test('cut anywhere and gone on with, they give what the uncut archive gives', async () => {
    for (const [bytes, options, points] of forms()) {
      for (let round = 0; round < 4; round++) {
        const into = `copy ${points} ${round} ${Object.keys(options).length}`
        const { id } = db.imports.start({ into, ...options })
        for (let at = 0; at < bytes.byteLength;) {
          const to = Math.min(at + 1 + below(bytes.byteLength), bytes.byteLength)
          // Another connection: it knows the id and asks where to go on.
          const session = db.imports.get(id)
          expect(session.offset).toBe(at)
          await writeAll(session, bytes, at, to)
          if (below(2) === 0) await db.collectGarbage()
          at = to
        }
        await db.imports.get(id).finish()
        expect(await count(into)).toBe(points)
        expect(db.imports.get(id).info()).toMatchObject({ state: 'completed', offset: bytes.byteLength })
      }
    }
    const before = await files()
    await db.collectGarbage()
    expect(await files()).toEqual(before)
  })

  test('a piece that does not begin where the last one ended is refused, and does no harm', async () => {
    const session = db.imports.start({ into: 'copy' })
    await session.write(plain.subarray(0, 1000), 0)
    for (const offset of [0, 999, 1001]) {
      const refused = { code: 'request-invalid', details: { offset, expected: 1000 } }
      await expect(session.write(plain.subarray(offset), offset)).rejects.toMatchObject(refused)
    }
    // Two at once are taken in turn.
    await Promise.all([session.write(plain.subarray(1000, 5000)), session.write(plain.subarray(5000))])
    await session.finish()
    await session.finish()
    expect(await count('copy')).toBe(3000)
    await expect(session.write(Buffer.from('more'))).rejects.toThrow('it is completed')
  })

  test('the buffer of a piece may be used again', async () => {
    const session = db.imports.start({ into: 'copy' })
    const buffer = Buffer.alloc(100)
    for (let at = 0; at < plain.byteLength; at += 100) {
      const bytes = plain.copy(buffer, 0, at, at + 100)
      await session.write(buffer.subarray(0, bytes))
      buffer.fill(255)
    }
    await session.finish()
    expect(await count('copy')).toBe(3000)
  })

  test('damage ends the session with its reason, and nothing is left', async () => {
    for (const [bytes, options] of forms().slice(0, 2)) {
      const damaged = Buffer.from(bytes)
      const at = Math.floor(bytes.byteLength / 2)
      damaged[at]! ^= 1
      const session = db.imports.start({ into: 'copy', ...options })
      const invalid = { code: 'archive-invalid' }
      await expect(writeAll(session, damaged).then(() => session.finish())).rejects.toMatchObject(invalid)
      expect(session.offset).toBeLessThanOrEqual(damaged.byteLength)
      await expect(session.write(bytes)).rejects.toMatchObject(invalid)
      await expect(session.finish()).rejects.toMatchObject(invalid)
      expect(session.info()).toMatchObject({ state: 'failed', error: invalid })
      expect(await files()).toEqual([])
    }
    expect(db.listCollections()).toEqual([])
  })

  test('finished too early', async () => {
    const session = db.imports.start({ into: 'copy' })
    await writeAll(session, plain, 0, plain.byteLength - 1500)
    await expect(session.finish()).rejects.toThrow('cut off')
    expect(await files()).toEqual([])
  })

  test('what may not be restored is said with the first pieces', async () => {
    await db.createCollection('there', { vectors: {} })
    const session = db.imports.start({ into: 'there' })
    await expect(writeAll(session, plain)).rejects.toMatchObject({ code: 'collection-exists' })
    const store = db.imports.start()
    await expect(writeAll(store, plain)).rejects.toThrow('it holds one collection')
    const untrusted = db.imports.start({ into: 'copy', trustedKeys: [keys.publicKey] })
    await expect(writeAll(untrusted, plain)).rejects.toMatchObject({ code: 'archive-untrusted' })
    const baseless = db.imports.start({ into: 'copy' })
    await expect(writeAll(baseless, incremental)).rejects.toMatchObject({ code: 'archive-base-missing' })
    expect(await files()).toEqual([])
  })

  test('an abandoned session is given up after its time, and nothing is left', async () => {
    const session = db.imports.start({ into: 'copy', idleMs: 1000 })
    await writeAll(session, plain, 0, plain.byteLength - 3000)
    expect((await files()).length).toBeGreaterThan(0)
    clock.pass(999)
    await session.write(plain.subarray(session.offset, session.offset + 10))
    clock.pass(999)
    expect(session.info()).toMatchObject({ state: 'open', expiresAt: clock.time + 1 })
    clock.pass(1)
    await session.cancel()
    expect(session.info().state).toBe('cancelled')
    expect(() => db.imports.get(session.id)).toThrow('it does not exist')
    expect(await files()).toEqual([])
    await expect(session.finish()).rejects.toThrow('it is cancelled')
  })

  test('one that has ended is forgotten after the same time', async () => {
    const session = db.imports.start({ into: 'copy', idleMs: 1000 })
    await session.write(plain)
    await session.finish()
    expect(db.imports.list()).toHaveLength(1)
    clock.pass(1000)
    expect(db.imports.list()).toEqual([])
    expect(await count('copy')).toBe(3000)
  })

  test('closing the database ends what is open, and nothing is left', async () => {
    const session = db.imports.start({ into: 'copy' })
    await writeAll(session, plain, 0, 20_000)
    await db.close()
    expect(session.info().state).toBe('cancelled')
    expect(await files()).toEqual([])
    expect(() => db.imports.start()).toThrow('closed')
  })

  test('a process that ended in the middle leaves nothing that garbage collection does not take', async () => {
    const session = db.imports.start({ into: 'copy' })
    await writeAll(session, plain, 0, plain.byteLength - 3000)
    await cp(join(folder, 'target'), join(folder, 'after'), {
      recursive: true,
      filter: (path) => !/lock/.test(path),
    })
    const after = await openTarget('after')
    expect(after.imports.list()).toEqual([])
    await after.collectGarbage()
    expect(await files('after')).toEqual([])
    await after.close()
    await rm(join(folder, 'after'), { recursive: true })
    await session.write(plain.subarray(session.offset))
    await session.finish()
    expect(await count('copy')).toBe(3000)
  })

  test('not too many at once, and no strange times', () => {
    for (let i = 0; i < 16; i++) db.imports.start({ into: `copy ${i}` })
    expect(() => db.imports.start({ into: 'one more' })).toThrow('16 are open')
    for (const idleMs of [0, -1, 1.5, 2 ** 31, Number.NaN])
      expect(() => db.imports.start({ idleMs })).toThrow('Cannot use idleMs')
  })
})
