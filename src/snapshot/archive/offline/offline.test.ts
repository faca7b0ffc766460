import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  archiveBytes,
  collect,
  sampleArchive,
  sha256Of,
  type SampleArchive,
} from '../../../../test/support/archives.ts'
import { membersOf, rawTar } from '../../../../test/support/tar.ts'
import { seededRandom } from '../../../runtime/random.ts'
import { bytesInMemory, type ArchiveBytes } from '../archive-bytes.ts'
import { encryptArchive } from '../encryption/encrypt.ts'
import { chunkCount, chunkOffset } from '../encryption/format.ts'
import { contentKey, type ArchiveManifest } from '../format.ts'
import { bytesOfLayout, createLayout, identityOfLayout, type ArchiveLayout } from '../layout.ts'
import { createArchiveManifest, encodeArchiveManifest } from '../manifest-writer.ts'
import { createSigningKeys } from '../signature/keys.ts'
import { signManifest } from '../signature/signature.ts'
import { catArchiveEntry, listArchive } from './entries.ts'
import { inspectArchive } from './inspect.ts'
import { verifyArchive } from './verify.ts'

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31))
const random = seededRandom(seed)
const mine = createSigningKeys()
const key = { key: Buffer.alloc(32, 3) }

let folder: string
let path: string
let sample: SampleArchive
let plain: Uint8Array

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stillpoint-offline-'))
  path = join(folder, 'a.snapshot')
  sample = await sampleArchive(random, { scope: 'store', segmentsPerShard: 3, fileBytesMax: 30_000 })
  plain = await archiveBytes(sample.layout)
  await writeFile(path, plain)
})

afterEach(() => rm(folder, { recursive: true, force: true }))

function entryOf(name: string, content: Uint8Array): ArchiveLayout['entries'][number] {
  const { stream } = bytesInMemory(content)
  return { name, bytes: content.byteLength, sha256: sha256Of(content), source: (range) => stream(range) }
}

function signedLayout(manifest: ArchiveManifest): ArchiveLayout {
  const bytes = encodeArchiveManifest(manifest)
  const head = [
    entryOf('manifest.json', bytes),
    entryOf('manifest.sig', signManifest(bytes, mine.privateKey)),
  ]
  const { store } = sample
  return createLayout(
    head,
    manifest.files.map((file) => ({ ...file, source: (range) => store.stream(file.name, range) })),
  )
}

async function sealed(layout: ArchiveLayout): Promise<Uint8Array> {
  const options = { secret: key, identity: identityOfLayout(layout), saltSeed: 'x' }
  return collect((await encryptArchive(bytesOfLayout(layout), options)).stream())
}

/** An archive that leaves out what a base of the first half of the files has. */
function incremental(): ArchiveManifest {
  const { files, snapshot, database } = sample.manifest
  const known = files.filter((_, index) => index % 2 === 0).map(contentKey)
  const base = { database, snapshot: snapshot.id, name: 'base' }
  return createArchiveManifest(sample.manifest, { base, contents: new Set(known) })
}

describe(`seed ${seed}`, () => {
  test('inspect, ls, cat and verify say the same of every form', async () => {
    const layout = signedLayout(sample.manifest)
    const forms: readonly (readonly [Uint8Array, object])[] = [
      [await archiveBytes(layout), {}],
      [await sealed(layout), { decrypt: key, trustedKeys: [mine.publicKey] }],
    ]
    for (const [bytes, options] of forms) {
      await writeFile(path, bytes)
      const { content, encryption, ...rest } = await inspectArchive(path, options)
      expect(rest.bytes).toBe(bytes.byteLength)
      expect(encryption === null).toBe(bytes === forms[0]![0])
      expect(content).toMatchObject({
        database: sample.manifest.database,
        snapshot: sample.manifest.snapshot,
        signature: { keyId: mine.keyId, isTrusted: encryption === null ? null : true },
        files: { count: sample.manifest.files.length },
        base: null,
      })
      const entries = await listArchive(path, options)
      expect(entries.map(({ name }) => name)).toEqual(layout.entries.map(({ name }) => name))
      for (const { name, sha256, offset, bytes: length } of entries) {
        const content = await collect(catArchiveEntry(path, name, options))
        expect(content.byteLength).toBe(length)
        expect(sha256Of(content)).toBe(sha256)
        if (encryption === null) expect(sha256Of(bytes.subarray(offset!, offset! + length))).toBe(sha256)
      }
      const report = await verifyArchive(path, options)
      const total = entries.reduce((sum, entry) => sum + entry.bytes, 0)
      expect(report).toEqual({ ok: true, problems: [], files: entries.length, bytes: total, unchecked: 0 })
    }
  })

  test('progress ends at the total', async () => {
    const seen: { done: number; total: number }[] = []
    await verifyArchive(path, { onProgress: (progress) => seen.push(progress) })
    expect(seen.map(({ done }) => done)).toEqual(seen.map(({ done }) => done).sort((a, b) => a - b))
    expect(seen.at(-1)!.done).toBe(seen.at(-1)!.total)
  })

  test('whatever byte is flipped, verify names the entry in which it lies', async () => {
    const entries = await listArchive(path)
    for (let i = 0; i < 200; i++) {
      const at = Math.floor(random.next() * plain.byteLength)
      const changed = Uint8Array.from(plain)
      changed[at]! ^= 1 << Math.floor(random.next() * 8)
      const report = await verifyArchive(bytesInMemory(changed))
      const hit = entries.find(({ offset, bytes }) => at >= offset! && at < offset! + bytes)
      if (hit === undefined) {
        // A header, whose checksum may be written in several ways, or zeros.
        const isChecksum = entries.some(({ offset }) => at >= offset! - 364 && at < offset! - 356)
        if (!isChecksum) expect(report.ok, `byte ${at}`).toBe(false)
      } else {
        expect(
          report.problems.map(({ entry }) => entry),
          `byte ${at}`,
        ).toEqual([hit.name])
        const cat = collect(catArchiveEntry(bytesInMemory(changed), hit.name))
        await expect(cat, `byte ${at}`).rejects.toMatchObject({ code: 'archive-invalid' })
      }
    }
  })

  test('all damaged entries are named, not only the first', async () => {
    const entries = (await listArchive(path)).filter(
      ({ name, bytes }) => name !== 'manifest.json' && bytes > 0,
    )
    const changed = Uint8Array.from(plain)
    for (const { offset } of entries) changed[offset!]! ^= 255
    const { problems } = await verifyArchive(bytesInMemory(changed))
    expect(problems.map(({ entry }) => entry)).toEqual(entries.map(({ name }) => name))
  })

  test('an encrypted archive names entry and chunk', async () => {
    const changed = await sealed(sample.layout)
    const last = chunkCount(sample.layout.bytes) - 1
    changed[chunkOffset(last) + 20]! ^= 4
    const { ok, problems } = await verifyArchive(bytesInMemory(changed), { decrypt: key })
    expect(ok).toBe(false)
    for (const { why } of problems) expect(why).toContain(`chunk ${last + 1} of`)
  })

  test('cut off anywhere', async () => {
    for (let i = 0; i < 60; i++) {
      const length = i < 5 ? i * 512 : Math.floor(random.next() * plain.byteLength)
      const { ok } = await verifyArchive(bytesInMemory(plain.subarray(0, length)))
      expect(ok, `${length} bytes`).toBe(false)
    }
    expect((await verifyArchive(bytesInMemory(Buffer.concat([plain, Buffer.from('x')])))).ok).toBe(false)
  })

  test('entries in another order, missing, doubled', async () => {
    const [first, ...others] = membersOf(plain)
    expect(await verifyArchive(bytesInMemory(rawTar([first!, ...others.toReversed()])))).toMatchObject({
      ok: true,
    })
    const missing = await verifyArchive(bytesInMemory(rawTar([first!, ...others.slice(1)])))
    expect(missing.problems).toEqual([
      { entry: others[0]!.name, why: 'the manifest lists it, but it is missing' },
    ])
    const twice = await verifyArchive(bytesInMemory(rawTar([first!, ...others, others[0]!])))
    expect(twice.problems).toEqual([{ entry: others[0]!.name, why: 'it occurs twice' }])
  })

  test('an incremental archive, alone, with its base, with a damaged base, with another one', async () => {
    const manifest = incremental()
    const bytes = await archiveBytes(signedLayout(manifest))
    const { content } = await inspectArchive(bytesInMemory(bytes))
    const external = manifest.external.length
    expect(content!.base).toMatchObject({ name: 'base', external: { count: external } })
    const listed = await listArchive(bytesInMemory(bytes))
    expect(listed.filter(({ offset }) => offset === null).map(({ name }) => name)).toEqual(
      manifest.external.map(({ name }) => name),
    )
    const verify = (...bases: ArchiveBytes[]): ReturnType<typeof verifyArchive> =>
      verifyArchive(bytesInMemory(bytes), { bases })
    expect(await verify()).toMatchObject({ ok: true, unchecked: external })
    expect(await verify(bytesInMemory(plain))).toMatchObject({ ok: true, unchecked: 0, files: listed.length })

    const victim = manifest.external.find((file) => file.bytes > 2)!
    const damaged = Uint8Array.from(plain)
    const place = (await listArchive(path)).find(({ name }) => name === victim.name)!
    damaged[place.offset! + 1]! ^= 1
    const withDamaged = await verify(bytesInMemory(damaged))
    expect(withDamaged.problems.map(({ entry }) => entry)).toEqual([victim.name])
    expect(await verify(bytesInMemory(damaged), bytesInMemory(plain))).toMatchObject({ ok: true })

    const other = await archiveBytes((await sampleArchive(random)).layout)
    const withOther = await verify(bytesInMemory(other))
    expect(withOther.ok).toBe(false)
    expect(withOther.problems[0]!.why).toContain('left to the base')
    const cat = collect(catArchiveEntry(bytesInMemory(bytes), victim.name))
    await expect(cat).rejects.toThrow('it is left to the base')
  })

  test('without the key an encrypted archive still names it; a wrong key, no trust, no file', async () => {
    const bytes = bytesInMemory(await sealed(sample.layout))
    const { encryption, content } = await inspectArchive(bytes)
    expect(encryption).toMatchObject({ kind: 'key' })
    expect(content).toBeNull()
    await expect(verifyArchive(bytes)).rejects.toThrow(encryption!.keyId)
    await expect(verifyArchive(bytes, { decrypt: { key: Buffer.alloc(32) } })).rejects.toMatchObject({
      code: 'archive-key-wrong',
    })
    await expect(verifyArchive(path, { trustedKeys: [mine.publicKey] })).rejects.toMatchObject({
      code: 'archive-untrusted',
    })
    await expect(verifyArchive(join(folder, 'nothing'))).rejects.toMatchObject({ code: 'archive-not-found' })
    await expect(verifyArchive(folder)).rejects.toMatchObject({ code: 'archive-not-found' })
    await expect(collect(catArchiveEntry(path, 'nothing'))).rejects.toMatchObject({
      code: 'archive-not-found',
    })
    const signal = AbortSignal.abort()
    await expect(verifyArchive(path, { signal })).rejects.toMatchObject({ code: 'cancelled' })
  })
})
