import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Clock } from '../runtime/clock.ts'
import { seededRandom, type Random } from '../runtime/random.ts'
import type { Collection } from './collection-handle.ts'
import type { Database } from './database.ts'
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

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stillpoint-history-'))
  clock = new TestClock()
  db = await reopen()
})

afterEach(async () => {
  await db.close()
  await rm(folder, { recursive: true, force: true })
})

function reopen(flushOnClose = false): Promise<Database> {
  return open(folder, { clock, workers: 0, background: false, flushOnClose })
}

async function restart(): Promise<void> {
  await db.close()
  db = await reopen()
}

const config = { vectors: { '': { size: 2, distance: 'Dot' as const } }, shardNumber: 2 }

function upsert(collection: Collection, ids: readonly number[], value: number): Promise<unknown> {
  return collection.upsert(ids.map((id) => ({ id, vectors: { '': [id, value] }, payload: { value } })))
}

async function hashAt(reference: string): Promise<string> {
  await using reader = await db.openReader(reference)
  return reader.contentHash()
}

describe('any moment within the window', () => {
  for (const seed of [11, 12, 13, 14]) {
    test(`reads as it was, after whatever came later (seed ${seed})`, async () => {
      const random = seededRandom(seed)
      await db.setRetention({ windowMs: 3_600_000 })
      await db.createCollection('c', config)
      const expected = new Map<number, string>()
      const times = new Map<number, string>()
      for (let step = 0; step < 60; step++) {
        clock.time += 1000
        await randomStep(random, step)
        const hash = await db.getCollection('c').contentHash()
        expected.set(db.stats().appliedSeq, hash)
        times.set(clock.time, hash)
      }
      for (let round = 0; round < 2; round++) {
        for (const [seq, hash] of expected) expect(await hashAt(`c@seq:${seq}`), `seq ${seq}`).toBe(hash)
        for (const [time, hash] of times)
          expect(await hashAt(`c@${new Date(time).toISOString()}`), `time ${time}`).toBe(hash)
        await db.flush()
        await db.optimize()
        await db.collectGarbage()
        await restart()
      }
    })
  }

  async function randomStep(random: Random, step: number): Promise<void> {
    const collection = db.getCollection('c')
    const id = () => Math.floor(random.next() * 40)
    const dice = Math.floor(random.next() * 12)
    if (dice < 5) await upsert(collection, [id(), id(), id()], step)
    else if (dice < 7) await collection.delete({ ids: [id(), id()] })
    else if (dice === 7) await db.flush()
    else if (dice === 8) {
      await db.flush()
      await db.optimize()
    } else if (dice === 9) await restart()
    else if (dice === 10) await db.collectGarbage()
    else await collection.rollback({ seq: Math.max(db.retention().horizon + 3, db.stats().appliedSeq - 5) })
  }

  test('clone and rollback go there, and the rollback can be undone', async () => {
    await db.setRetention({ windowMs: 3_600_000 })
    const collection = await db.createCollection('c', config)
    await upsert(collection, [1, 2, 3], 1)
    const then = db.stats().appliedSeq
    const before = await collection.contentHash()
    clock.time += 5000
    await upsert(collection, [2], 2)
    await collection.delete({ ids: [3] })
    const after = await collection.contentHash()
    const clone = await db.clone(`c@seq:${then}`, 'copy')
    expect(await clone.contentHash()).toBe(before)
    const undo = await db.rollback('c', new Date(start + 1000).toISOString())
    expect(await collection.contentHash()).toBe(before)
    expect(undo.info().reason).toBe('before-rollback')
    await restart()
    await db.getCollection('c').rollback(db.findSnapshot(undo.id)!)
    expect(await db.getCollection('c').contentHash()).toBe(after)
    expect(await db.getCollection('copy').contentHash()).toBe(before)
  })

  test('a dropped collection is still there, also under a name that another one took', async () => {
    await db.setRetention({ windowMs: 3_600_000 })
    const collection = await db.createCollection('c', config)
    await upsert(collection, [1, 2], 1)
    const hash = await collection.contentHash()
    const then = db.stats().appliedSeq
    await db.dropCollection('c')
    await db.flush()
    await db.collectGarbage()
    await upsert(await db.createCollection('c', config), [9], 9)
    await restart()
    expect(await hashAt(`c@seq:${then}`)).toBe(hash)
    expect(await (await db.clone(`c@seq:${then}`, 'back')).contentHash()).toBe(hash)
  })
})

describe('what the window has passed', () => {
  test('is let go: files too, and asking for it says so', async () => {
    await db.setRetention({ windowMs: 60_000 })
    expect(db.retention().horizonTime).toBe(clock.time)
    const collection = await db.createCollection('c', config)
    await upsert(collection, [1, 2], 1)
    const then = db.stats().appliedSeq
    await db.dropCollection('c')
    await db.flush()
    await db.collectGarbage()
    expect(await hashAt(`c@seq:${then}`)).toMatch(/^[0-9a-f]{64}$/)
    clock.time += 120_000
    await db.createCollection('other', config)
    clock.time += 61_000
    const { deletedObjects } = await db.collectGarbage()
    expect(deletedObjects).toBeGreaterThan(0)
    await expect(db.openReader(`c@seq:${then}`)).rejects.toMatchObject({ kind: 'not-found' })
    await restart()
    await expect(db.openReader(`c@seq:${then}`)).rejects.toMatchObject({ kind: 'not-found' })
  })

  test('without a window only the present can be read', async () => {
    const collection = await db.createCollection('c', config)
    await upsert(collection, [1], 1)
    const then = db.stats().appliedSeq
    await upsert(collection, [1], 2)
    await expect(db.openReader(`c@seq:${then}`)).rejects.toMatchObject({ code: 'moment-not-kept' })
    await expect(db.openReader(`c@seq:${then + 9}`)).rejects.toMatchObject({ code: 'moment-not-kept' })
    await expect(db.openReader(`c@2020-01-01T00:00:00Z`)).rejects.toMatchObject({ code: 'moment-not-kept' })
  })
})

describe('several collections', () => {
  test('are one cut, restored in place with one undo or under other names, all or none', async () => {
    const a = await db.createCollection('a', config)
    const b = await db.createCollection('b', config)
    await upsert(a, [1], 1)
    await upsert(b, [2], 2)
    await db.updateAliases([{ kind: 'create', alias: 'now', collection: 'a' }])
    const cut = await db.createSnapshot({ collections: ['a', 'b'], name: 'cut', labels: { kind: 'test' } })
    const hashes = [await a.contentHash(), await b.contentHash()]
    await upsert(a, [5], 5)
    await db.dropCollection('b')
    await restart()
    const found = db.findSnapshot(cut.id)!
    await expect(db.restoreAll(found)).rejects.toMatchObject({ code: 'collection-exists' })
    expect(db.findCollection('b')).toBeUndefined()
    const { undo } = await db.restoreAll(found, { replace: true })
    expect(await Promise.all(['a', 'b'].map((name) => db.getCollection(name).contentHash()))).toEqual(hashes)
    expect(undo!.info().collections.map(({ name }) => name)).toEqual(['a'])
    await db.restoreAll(found, { collections: { a: 'a2', b: 'b2' } })
    expect(await db.getCollection('b2').contentHash()).toBe(hashes[1])
    expect(await hashAt('b2')).toBe(hashes[1])
    expect(await hashAt('b@cut')).toBe(hashes[1])
  })
})

describe('snapshots', () => {
  test('are renamed, labelled, held and listed in pages', async () => {
    const collection = await db.createCollection('c', config)
    for (let i = 0; i < 25; i++) {
      clock.time += 1000
      await collection.createSnapshot({
        name: `s${String(i).padStart(2, '0')}`,
        labels: { half: String(i % 2) },
      })
    }
    const names = (page: { snapshots: readonly { name: string }[] }) => page.snapshots.map(({ name }) => name)
    const first = db.querySnapshots({ labels: { half: '1' }, limit: 5 })
    expect(names(first)).toEqual(['s23', 's21', 's19', 's17', 's15'])
    const second = db.querySnapshots({ labels: { half: '1' }, limit: 100, after: first.next! })
    expect(names(second)).toEqual(['s13', 's11', 's09', 's07', 's05', 's03', 's01'])
    expect(second.next).toBeUndefined()
    expect(names(db.querySnapshots({ name: '*1*4', sort: 'name' }))).toEqual(['s14'])
    expect(names(db.querySnapshots({ sort: 'name', limit: 2 }))).toEqual(['s00', 's01'])
    const snapshot = collection.getSnapshot('s03')
    const hold = await snapshot.hold({ until: clock.time + 5000, reason: 'audit' })
    await expect(snapshot.delete()).rejects.toMatchObject({ code: 'snapshot-held' })
    await snapshot.update({ name: 'kept', labels: { a: 'b' }, description: 'd', reason: 'r' })
    await expect(snapshot.update({ name: 's04' })).rejects.toMatchObject({ code: 'snapshot-exists' })
    await restart()
    const again = db.getCollection('c').getSnapshot('kept')
    expect(again.info()).toMatchObject({ labels: { a: 'b' }, description: 'd', reason: 'r' })
    expect(again.info().holds).toEqual([hold])
    expect(names(db.querySnapshots({ isHeld: true }))).toEqual(['kept'])
    clock.time += 6000
    expect(await again.delete()).toBe(true)
    await restart()
    expect(db.findSnapshot(again.id)).toBeUndefined()
  })
})
