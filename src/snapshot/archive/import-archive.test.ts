import { beforeEach, describe, expect, test } from 'vitest'
import {
  archiveBytes,
  chunked,
  contentOf,
  sampleArchive,
  sha256Of,
  type SampleArchive,
} from '../../../test/support/archives.ts'
import { membersOf, rawFile, rawTar } from '../../../test/support/tar.ts'
import { DatabaseError } from '../../errors/database-error.ts'
import { segmentIdOf, type SegmentId } from '../../ids/brands.ts'
import { seededRandom } from '../../runtime/random.ts'
import { MemoryObjectStore } from '../../storage/memory-object-store.ts'
import type { ArchiveManifest } from './format.ts'
import { importArchive, type ImportOptions, type SegmentIds } from './import-archive.ts'

const random = seededRandom(17)
let sample: SampleArchive
let whole: Uint8Array
let store: MemoryObjectStore
let before: ReadonlyMap<string, string>

beforeEach(async () => {
  sample ??= await sampleArchive(random, { scope: 'store' })
  whole ??= await archiveBytes(sample.layout)
  store = new MemoryObjectStore()
  await store.put('segments/other/rows.parquet', Buffer.from('somebody else'))
  before = await contentOf(store)
})

function freshIds(manifest: ArchiveManifest): SegmentIds {
  return new Map(manifest.segments.map(({ id }) => [id, segmentIdOf(random.uuid())]))
}

function run(options: Partial<ImportOptions> = {}): ReturnType<typeof importArchive> {
  return importArchive({ source: chunked(whole, 1000), store, accept: freshIds, ...options })
}

async function expectUntouched(result: Promise<unknown>, error: object): Promise<void> {
  await expect(result).rejects.toMatchObject(error)
  expect(await contentOf(store)).toEqual(before)
}

describe('importArchive', () => {
  test('stores every file below the new id of its segment', async () => {
    let ids: SegmentIds = new Map<SegmentId, SegmentId>()
    const { manifest, sha256, bytes } = await run({ accept: (read) => (ids = freshIds(read)) })
    expect(manifest).toEqual(sample.manifest)
    expect(sha256).toBe(sha256Of(whole))
    expect(bytes).toBe(whole.byteLength)
    const expected = new Map(before)
    for (const file of manifest.files) {
      const [, segment, name] = file.name.split('/')
      expected.set(`segments/${ids.get(segmentIdOf(segment!))!}/${name!}`, file.sha256)
    }
    expect(await contentOf(store)).toEqual(expected)
  })

  test('an archive that came through the store is the same archive', async () => {
    let ids: SegmentIds = new Map<SegmentId, SegmentId>()
    await run({ accept: (read) => (ids = new Map(read.segments.map(({ id }) => [id, id]))) })
    expect(ids.size).toBeGreaterThan(0)
    const { layoutOf } = await import('../../../test/support/archives.ts')
    expect(sha256Of(await archiveBytes(layoutOf(sample.manifest, store)))).toBe(sha256Of(whole))
  })

  test('a checksum may be given in any case', async () => {
    const { sha256 } = await run({ sha256: sha256Of(whole).toUpperCase() })
    expect(sha256).toBe(sha256Of(whole))
  })

  test('progress counts every byte', async () => {
    const seen: number[] = []
    await run({ onProgress: ({ bytes }) => seen.push(bytes) })
    expect(seen).toEqual([...seen].sort((a, b) => a - b))
    expect(seen.at(-1)).toBe(whole.byteLength)
  })
})

describe('a failed import leaves the store as it was', () => {
  test('another checksum than the caller gave', async () => {
    const expected = '0'.repeat(64)
    await expectUntouched(run({ sha256: expected }), {
      code: 'checksum-mismatch',
      details: { expected, actual: sha256Of(whole) },
    })
  })

  test('a checksum that is none', async () => {
    await expectUntouched(run({ sha256: 'abc' }), { code: 'request-invalid' })
  })

  test('a damaged archive, with and without its checksum', async () => {
    const damaged = Buffer.from(whole)
    damaged[whole.byteLength - 3000]! ^= 1
    const source = (): AsyncIterable<Uint8Array> => chunked(damaged, 1000)
    await expectUntouched(run({ source: source() }), { code: 'archive-invalid' })
    await expectUntouched(run({ source: source(), sha256: sha256Of(whole) }), {
      code: 'checksum-mismatch',
      details: { actual: sha256Of(damaged) },
    })
    await expectUntouched(run({ source: source(), sha256: sha256Of(damaged) }), { code: 'archive-invalid' })
    await expectUntouched(run({ source: source(), sha256: sha256Of(whole), limits: { drainBytesMax: 10 } }), {
      code: 'archive-invalid',
    })
  })

  test('a refusal by the caller, before anything is stored', async () => {
    const accept = async (): Promise<SegmentIds> => {
      expect(await contentOf(store)).toEqual(before)
      throw new DatabaseError('snapshot-incompatible', 'not this one')
    }
    await expectUntouched(run({ accept }), { code: 'snapshot-incompatible' })
  })

  test('cancelled half-way', async () => {
    const controller = new AbortController()
    const onProgress = ({ bytes }: { readonly bytes: number }): void => {
      if (bytes > whole.byteLength / 2) controller.abort()
    }
    await expectUntouched(run({ signal: controller.signal, onProgress }), { code: 'cancelled' })
  })

  test('a disk that is full', async () => {
    let puts = 0
    const put = store.put.bind(store)
    store.put = async (key, body, options) => {
      puts += 1
      if (puts === 5) throw new DatabaseError('write-failed', 'no space left')
      return put(key, body, options)
    }
    await expectUntouched(run(), { code: 'write-failed', message: 'no space left' })
    expect(puts).toBe(5)
  })

  test('deleting that fails as well does not hide the first error', async () => {
    store.delete = () => Promise.reject(new Error('still full'))
    await expect(run({ sha256: '0'.repeat(64) })).rejects.toMatchObject({ code: 'checksum-mismatch' })
  })

  test('an object that is there already is neither replaced nor deleted', async () => {
    const { id } = sample.manifest.segments[0]!
    await store.put(`segments/${id}/rows.parquet`, Buffer.from('older'))
    before = await contentOf(store)
    const accept = (read: ArchiveManifest): SegmentIds =>
      new Map(read.segments.map((segment) => [segment.id, segment.id]))
    await expectUntouched(run({ accept }), { code: 'object-exists' })
  })

  test('ids that are missing or shared are our own mistake', async () => {
    const one = segmentIdOf(random.uuid())
    await expectUntouched(run({ accept: () => new Map() }), { name: 'InvariantViolation' })
    await expectUntouched(run({ accept: (read) => new Map(read.segments.map(({ id }) => [id, one])) }), {
      name: 'InvariantViolation',
    })
  })
})

describe('random damage', () => {
  type Mutation = (bytes: Uint8Array, pick: (below: number) => number) => Uint8Array

  const mutations: Readonly<Record<string, Mutation>> = {
    flip(bytes, pick) {
      const changed = Buffer.from(bytes)
      changed[pick(bytes.byteLength)]! ^= 1 << pick(8)
      return changed
    },
    cut: (bytes, pick) => bytes.subarray(0, pick(bytes.byteLength)),
    remove(bytes, pick) {
      const at = pick(bytes.byteLength)
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + pick(2000))])
    },
    insert(bytes, pick) {
      const at = pick(bytes.byteLength)
      return Buffer.concat([
        bytes.subarray(0, at),
        Buffer.alloc(1 + pick(1500), pick(256)),
        bytes.subarray(at),
      ])
    },
    zero(bytes, pick) {
      const changed = Buffer.from(bytes)
      const at = pick(bytes.byteLength)
      return changed.fill(0, at, Math.min(bytes.byteLength, at + 1 + pick(1500)))
    },
    swapBytes(bytes, pick) {
      const changed = Buffer.from(bytes)
      const [a, b] = [pick(bytes.byteLength), pick(bytes.byteLength)]
      changed[a] = bytes[b]!
      changed[b] = bytes[a]!
      return changed
    },
    duplicateEntry(bytes, pick) {
      const members = membersOf(bytes)
      members.splice(pick(members.length + 1), 0, members[pick(members.length)]!)
      return rawTar(members)
    },
    dropEntry(bytes, pick) {
      const members = membersOf(bytes)
      members.splice(pick(members.length), 1)
      return rawTar(members)
    },
    reorderEntries(bytes, pick) {
      const members = membersOf(bytes)
      const [member] = members.splice(pick(members.length), 1)
      members.splice(pick(members.length + 1), 0, member!)
      return rawTar(members)
    },
    renameEntry(bytes, pick) {
      const members = membersOf(bytes)
      const at = pick(members.length)
      const names = [
        ...members.map(({ name }) => name),
        `${members[at]!.name}x`,
        `../${members[at]!.name}`.slice(0, 99),
      ]
      members[at] = { name: '', ...rawFile(names[pick(names.length)]!, members[at]!.body!) }
      return rawTar(members)
    },
    swapBodies(bytes, pick) {
      const members = membersOf(bytes)
      const [a, b] = [pick(members.length), pick(members.length)]
      return rawTar(
        members.map((member, at) => {
          if (at === a) return rawFile(member.name, members[b]!.body!)
          return at === b ? rawFile(member.name, members[a]!.body!) : member
        }),
      )
    },
    repeatWhole: (bytes) => Buffer.concat([bytes, bytes]),
  }

  test.each(Object.keys(mutations))('%s: refused without a trace, or the same content', async (name) => {
    const seed = Number(process.env['STILLPOINT_TEST_SEED'] ?? 20_261)
    const random = seededRandom(seed)
    const pick = (below: number): number => Math.floor(random.next() * below)
    const small = await sampleArchive(seededRandom(4), { segmentsPerShard: 1, fileBytesMax: 300 })
    const bytes = await archiveBytes(small.layout)
    let refused = 0
    for (let round = 0; round < 60; round++) {
      const damaged = mutations[name]!(bytes, pick)
      const target = new MemoryObjectStore()
      try {
        const accept = (read: ArchiveManifest): SegmentIds => new Map(read.segments.map(({ id }) => [id, id]))
        const { manifest } = await importArchive({
          source: chunked(damaged, 1 + pick(2000)),
          store: target,
          accept,
        })
        expect(manifest, `seed ${seed}, round ${round}`).toEqual(small.manifest)
        expect(await contentOf(target), `seed ${seed}, round ${round}`).toEqual(await contentOf(small.store))
      } catch (error) {
        expect(error, `seed ${seed}, round ${round}`).toMatchObject({ code: 'archive-invalid' })
        expect(await contentOf(target), `seed ${seed}, round ${round}`).toEqual(new Map())
        refused += 1
      }
    }
    expect(refused, `seed ${seed}`).toBeGreaterThan(0)
  })
})
