import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { chunked, collect } from '../../../test/support/archives.ts'
import { bytesInMemory } from '../../snapshot/archive/archive-bytes.ts'
import { manifestName } from '../../snapshot/archive/format.ts'
import { createSigningKeys } from '../../snapshot/archive/signature/keys.ts'
import { membersOf } from '../../../test/support/tar.ts'
import type { Archive } from '../../snapshot/snapshot-archive.ts'
import type { Collection } from '../collection-handle.ts'
import type { Database } from '../database.ts'
import { open } from '../open.ts'

const secret = { key: Buffer.alloc(32, 7) }
const mine = createSigningKeys()
const theirs = createSigningKeys()

let folder: string
let db: Database
let other: Database
let points: Collection

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stillpoint-archives-'))
  db = await open(join(folder, 'one'), { workers: 0, background: false })
  other = await open(join(folder, 'two'), { workers: 0, background: false })
  points = await db.createCollection('points', { vectors: { '': { size: 2, distance: 'Dot' } } })
})

afterEach(async () => {
  await db.close()
  await other.close()
  await rm(folder, { recursive: true, force: true })
})

async function add(from: number, to: number): Promise<void> {
  const ids = Array.from({ length: to - from }, (_, i) => from + i)
  await points.upsert(ids.map((id) => ({ id, vectors: { '': [id, -id] }, payload: { word: `word ${id}` } })))
}

async function bytesOf(archive: Archive): Promise<Uint8Array> {
  try {
    return await collect(archive.stream())
  } finally {
    archive.close()
  }
}

async function idsIn(db: Database, name: string): Promise<unknown[]> {
  const page = await db.getCollection(name).scroll({ limit: 10_000 })
  return page.points.map(({ id }) => id)
}

/** Files of segments that nothing reaches, and those that are half written. */
async function leftovers(of: 'one' | 'two'): Promise<readonly string[]> {
  const list = async (name: string): Promise<string[]> => {
    const entries = await readdir(join(folder, of, name), { recursive: true, withFileTypes: true }).catch(
      () => [],
    )
    return entries.filter((entry) => entry.isFile()).map((entry) => `${entry.parentPath}/${entry.name}`)
  }
  const [segments, partial] = [await list('segments'), await list('tmp')]
  await (of === 'one' ? db : other).collectGarbage()
  const kept = new Set(await list('segments'))
  return [...segments.filter((name) => !kept.has(name)), ...partial]
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i)

describe('encrypted and signed', () => {
  beforeEach(() => add(0, 500))

  test('the same bytes at every call, any range, and back in another database', async () => {
    const snapshot = await points.createSnapshot()
    const options = { encrypt: secret, sign: mine.privateKey }
    await using archive = await snapshot.archive(options)
    const whole = Buffer.from(await collect(archive.stream()))
    expect(whole.byteLength).toBe(archive.bytes)
    await using again = await snapshot.archive(options)
    expect(Buffer.compare(await collect(again.stream()), whole)).toBe(0)
    const part = await collect(again.stream({ offset: 70_000 % archive.bytes, length: 100 }))
    expect(Buffer.compare(part, whole.subarray(70_000 % archive.bytes).subarray(0, 100))).toBe(0)

    const trust = { decrypt: secret, trustedKeys: [theirs.publicKey, mine.publicKey] }
    await other.restoreArchive(chunked(whole, 1000), {
      into: 'copy',
      sha256: await archive.sha256(),
      ...trust,
    })
    expect(await idsIn(other, 'copy')).toEqual(range(0, 500))
  })

  test('a passphrase', async () => {
    const whole = await bytesOf(
      await (await points.createSnapshot()).archive({ encrypt: { passphrase: 'grün' } }),
    )
    // The same letter as two code points.
    const decrypt = { passphrase: 'gru\u0308n' }
    await other.restoreArchive(chunked(whole, 5000), { into: 'copy', decrypt })
    expect(await idsIn(other, 'copy')).toHaveLength(500)
  })

  test('whoever does not have the key, or is not trusted, restores nothing', async () => {
    const snapshot = await points.createSnapshot()
    const plain = await bytesOf(await snapshot.archive())
    const encrypted = await bytesOf(await snapshot.archive({ encrypt: secret }))
    const signed = await bytesOf(await snapshot.archive({ sign: mine.privateKey }))
    const cases: readonly (readonly [Uint8Array, object, string])[] = [
      [encrypted, {}, 'archive-key-wrong'],
      [encrypted, { decrypt: { key: Buffer.alloc(32, 8) } }, 'archive-key-wrong'],
      [plain, { decrypt: secret }, 'archive-key-wrong'],
      [plain, { trustedKeys: [mine.publicKey] }, 'archive-untrusted'],
      [plain, { trustedKeys: [] }, 'archive-untrusted'],
      [signed, { trustedKeys: [theirs.publicKey] }, 'archive-untrusted'],
      [signed, { trustedKeys: ['no key'] }, 'request-invalid'],
    ]
    for (const [bytes, options, code] of cases) {
      const result = other.restoreArchive(chunked(bytes, 3000), { into: 'copy', ...options })
      await expect(result).rejects.toMatchObject({ code })
    }
    expect(other.listCollections()).toEqual([])
    expect(await leftovers('two')).toEqual([])
    await other.restoreArchive(chunked(signed, 3000), { into: 'copy' })
  })

  test('bad keys are refused when the archive is made, and pin nothing', async () => {
    const snapshot = await points.createSnapshot()
    const invalid = { code: 'request-invalid' }
    await expect(snapshot.archive({ encrypt: { key: new Uint8Array(16) } })).rejects.toMatchObject(invalid)
    await expect(snapshot.archive({ sign: mine.publicKey })).rejects.toMatchObject(invalid)
    await snapshot.delete()
    await db.dropCollection('points')
    expect((await leftovers('one')).length).toBeGreaterThan(0)
  })
})

describe('incremental', () => {
  let base: Uint8Array
  let next: Uint8Array

  beforeEach(async () => {
    await add(0, 300)
    base = await bytesOf(await (await points.createSnapshot({ name: 'base' })).archive())
    await add(300, 330)
    await points.delete({ ids: [1, 2, 3] })
    next = await bytesOf(await (await points.createSnapshot({ name: 'next' })).archive({ since: 'base' }))
  })

  const expected = [0, ...range(4, 330)]

  test('is what the base lacks', async () => {
    expect(next.byteLength).toBeLessThan(base.byteLength)
    const last = points.listSnapshots().find(({ name }) => name === 'next')!
    const full = await bytesOf(await last.archive())
    const names = (bytes: Uint8Array): string[] => membersOf(bytes).map(({ name }) => name)
    const [inBase, inNext, inFull] = [names(base), names(next), names(full)]
    expect(inNext.filter((name) => name !== manifestName).every((name) => !inBase.includes(name))).toBe(true)
    expect(inFull.every((name) => inBase.includes(name) || inNext.includes(name))).toBe(true)
    const manifest = JSON.parse(Buffer.from(membersOf(next)[0]!.body!).toString()) as Record<string, unknown>
    expect(manifest).toMatchObject({ formatVersion: 2, base: { database: db.id, name: 'base' } })
  })

  test('a store that has the base, from any snapshot or collection, restores it', async () => {
    await db.restoreArchive(chunked(next, 1000), { into: 'here' })
    expect(await idsIn(db, 'here')).toEqual(expected)
    await other.restoreArchive(chunked(base, 1000), { into: 'copy' })
    await other.restoreArchive(chunked(next, 1000), { into: 'newer' })
    expect(await idsIn(other, 'newer')).toEqual(expected)
    // Only a snapshot has it by now.
    await other.getCollection('copy').createSnapshot()
    await other.flush()
    await other.dropCollection('copy')
    await other.dropCollection('newer')
    await other.collectGarbage()
    await other.restoreArchive(chunked(next, 1000), { into: 'newest' })
    expect(await idsIn(other, 'newest')).toEqual(expected)
    expect(await leftovers('two')).toEqual([])
  })

  test('without the base it is refused, naming the first file, and nothing is left', async () => {
    const result = other.restoreArchive(chunked(next, 1000), { into: 'copy' })
    await expect(result).rejects.toMatchObject({ code: 'archive-base-missing' })
    await expect(result).rejects.toThrow(
      /segments\/.* is left to its base: neither the store nor a given base/,
    )
    expect(other.listCollections()).toEqual([])
    expect(await leftovers('two')).toEqual([])
  })

  test('a base archive may be given, encrypted as well', async () => {
    const encrypted = await bytesOf(
      await (
        await points.createSnapshot()
      ).archive({ since: 'base', encrypt: secret, sign: mine.privateKey }),
    )
    const options = { decrypt: secret, trustedKeys: [mine.publicKey], bases: [bytesInMemory(base)] }
    await other.restoreArchive(chunked(encrypted, 1000), { into: 'copy', ...options })
    expect(await idsIn(other, 'copy')).toEqual(expected)
  })

  test('a damaged base is not believed', async () => {
    const graph = membersOf(base).find(({ name }) => name.endsWith('.graph'))!
    const damaged = Uint8Array.from(base)
    const at = Buffer.from(base).indexOf(graph.body!)
    damaged[at + 100]! ^= 1
    const result = other.restoreArchive(chunked(next, 1000), {
      into: 'copy',
      bases: [bytesInMemory(damaged)],
    })
    await expect(result).rejects.toMatchObject({
      code: 'archive-base-missing',
      details: { entry: graph.name },
    })
    expect(await leftovers('two')).toEqual([])
    const bases = [bytesInMemory(damaged), bytesInMemory(base)]
    await other.restoreArchive(chunked(next, 1000), { into: 'copy', bases })
    expect(await idsIn(other, 'copy')).toEqual(expected)
  })

  test('since what the other side says that it has', async () => {
    await other.restoreArchive(chunked(base, 1000), { into: 'copy' })
    const theirArchive = await bytesOf(await (await other.getCollection('copy').createSnapshot()).archive())
    const since = membersOf(theirArchive)[0]!.body!
    const bytes = await bytesOf(await (await points.createSnapshot()).archive({ since }))
    expect(bytes.byteLength).toBeLessThan(base.byteLength)
    await other.restoreArchive(chunked(bytes, 1000), { into: 'copy', replace: true })
    expect(await idsIn(other, 'copy')).toEqual(expected)
  })

  test('since a snapshot that is not there, or no manifest', async () => {
    const snapshot = await points.createSnapshot()
    await expect(snapshot.archive({ since: 'nothing' })).rejects.toMatchObject({ code: 'snapshot-not-found' })
    await expect(snapshot.archive({ since: Buffer.from('{}') })).rejects.toMatchObject({
      code: 'archive-invalid',
    })
  })
})
