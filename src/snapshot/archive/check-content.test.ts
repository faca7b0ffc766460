import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { chunked, collect } from '../../../test/support/archives.ts'
import { openQuietly } from '../../../test/support/crash-suite.ts'
import { rewriteArchive, type Rewriting } from '../../../test/support/rewrite-archive.ts'
import { SimulatedDisk } from '../../../test/support/simulated-disk.ts'
import type { Database } from '../../database/database.ts'
import { open } from '../../database/open.ts'
import { crc32c } from '../../encoding/crc32c.ts'
import { bytesInMemory } from './archive-bytes.ts'
import { inspectArchive } from './offline/inspect.ts'
import { archivePoints } from './offline/points.ts'

let disk: SimulatedDisk
let db: Database
let archive: Uint8Array

beforeEach(async () => {
  disk = new SimulatedDisk()
  db = await openQuietly(open, disk, 1)
  const source = await db.createCollection('source', {
    vectors: { v: { size: 2, distance: 'Dot' }, s: { kind: 'sparse', size: 0, distance: 'Dot' } },
  })
  await source.upsert([
    { id: 1, vectors: { v: [1, 2], s: { indices: [7], values: [0.5] } }, payload: { text: 'x'.repeat(400) } },
    { id: 2, vectors: { v: [3, 4] }, payload: { text: 'short' } },
    { id: 3, vectors: { v: [5, 6] } },
  ])
  await db.flush()
  await source.delete({ ids: [2] })
  await db.flush()
  await source.delete({ ids: [3] })
  archive = await collect((await (await source.createSnapshot()).archive()).stream())
})

afterEach(() => db.close())

async function refused(rewriting: Rewriting): Promise<string> {
  const hostile = rewriteArchive(archive, rewriting)
  const before = { paths: disk.paths(), seq: db.stats().appliedSeq }
  const error = await db.restoreArchive(chunked(hostile, 1_000), { into: 'new' }).then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(error).toMatchObject({ name: 'DatabaseError', code: 'archive-invalid' })
  expect({ paths: disk.paths(), seq: db.stats().appliedSeq }).toEqual(before)
  return (error as Error).message
}

function graphWith(component: number): NonNullable<Rewriting['file']> {
  return (name, body) => {
    if (!name.endsWith('.graph')) return body
    const offset = Number(body.readBigUInt64LE(40 + 24 + 8))
    const length = Number(body.readBigUInt64LE(40 + 24 + 16))
    body.writeFloatLE(component, offset)
    body.writeUInt32LE(crc32c(body.subarray(offset, offset + length)), 40 + 24 + 4)
    body.writeUInt32LE(crc32c(body.subarray(40, 40 + 48), crc32c(body.subarray(0, 36))), 36)
    return body
  }
}

const payload =
  (text: string): NonNullable<Rewriting['file']> =>
  (name, body) => {
    const at = body.indexOf(`"${'x'.repeat(400)}"`)
    if (name.endsWith('rows.parquet')) body.write(text.padEnd(402), at, 'latin1')
    return body
  }

describe('an archive whose checksums are right is refused', () => {
  test('if a component of a dense vector is not a number', async () => {
    expect(await refused({ file: graphWith(Number.NaN) })).toMatch(
      /v\.graph: vector "v" of point 1 has a component that is not a number$/,
    )
  })

  test('if a component of a sparse vector is not a number', async () => {
    const file: NonNullable<Rewriting['file']> = (name, body) => {
      if (!name.endsWith('.packed')) return body
      body.writeFloatLE(Number.NaN, body.length - 8)
      body.writeUInt32LE(crc32c(body.subarray(40, -4)), body.length - 4)
      return body
    }
    expect(await refused({ file })).toMatch(/s\.packed: vector "s" of point 1 has a component/)
  })

  test.each([
    ['is no UTF-8', '"\xff\xfe"'],
    ['nests deeper than requests may', '['.repeat(200) + ']'.repeat(200)],
    ['has half a character', '"\\ud800"'],
    ['is no JSON', '1,]'],
  ])('if a payload %s', async (_what, text) => {
    expect(await refused({ file: payload(text) })).toMatch(
      /rows\.parquet: the payload of point 1 is no JSON object$/,
    )
  })

  test('if a payload that it does not show is no UTF-8', async () => {
    const other = await db.createCollection('other', { vectors: {} })
    await other.upsert([{ id: 1 }])
    const snapshot = await other.createSnapshot()
    await other.upsert([{ id: 9, payload: { text: 'x'.repeat(400) } }])
    archive = await collect((await snapshot.archive()).stream())
    expect(await refused({ file: payload('"\xff\xfe"') })).toMatch(
      /the payload of point 9 is no JSON object$/,
    )
  })

  test.each([
    [
      'a dense vector without dimensions',
      { vectors: { v: { size: 0, distance: 'Dot' } } },
      /vectors\.v\.size is not a whole number from 1/,
    ],
    ['more shards than a collection may have', { shardNumber: 2_000 }, /shardNumber is 2000/],
    [
      'a sparse vector with a distance',
      { vectors: { s: { kind: 'sparse', size: 0, distance: 'Cosine' } } },
      /"s" is sparse/,
    ],
  ])('if it configures %s', async (_what, config, why) => {
    const message = await refused({
      manifest: (manifest) => {
        const [collection] = manifest.collections
        Object.assign(collection.config, config)
        collection.shards = Array.from(
          { length: collection.config.shardNumber },
          (_, i) => collection.shards[i] ?? [],
        )
      },
    })
    expect(message).toMatch(why)
    expect(message).toContain('entry manifest.json')
  })

  test('if a number of a record is too large to be written again', async () => {
    const message = await refused({ manifest: (manifest) => (manifest.segments[0].maxSeq = 2 ** 53 - 1) })
    expect(message).toContain('segments[0].maxSeq is not a whole number from 0 to 9007199254740990')
    // Nothing is left that a checkpoint could stumble over.
    await db.createCollection('other', { vectors: {} })
    await db.flush()
  })
})

test('vectors may have infinite components, as written ones may', async () => {
  const restored = await db.restoreArchive(
    chunked(rewriteArchive(archive, { file: graphWith(Infinity) }), 1_000),
    { into: 'new' },
  )
  const { points } = await restored.scroll({ vectors: ['v'] })
  expect(points[0]!.vectors!['v']).toEqual(Float32Array.of(Infinity, 2))
})

describe('offline', () => {
  const points = async (bytes: Uint8Array): Promise<number> => {
    let count = 0
    for await (const _point of archivePoints(bytesInMemory(bytes))) count += 1
    return count
  }

  test('points are not read from an archive with a payload that is no JSON object', async () => {
    expect(await points(archive)).toBe(1)
    await expect(points(rewriteArchive(archive, { file: payload('[') }))).rejects.toMatchObject({
      code: 'archive-invalid',
    })
  })

  test('files of deletions in a wrong order are damage', async () => {
    const swapped = rewriteArchive(archive, {
      manifest: (manifest) => manifest.collections[0].shards[0][0].deltas.reverse(),
    })
    await expect(points(swapped)).rejects.toMatchObject({
      code: 'segment-corrupt',
      message: expect.stringMatching(/its deletions are older than those of the file before$/) as string,
    })
  })

  test('a snapshot that was made when no date can say is refused', async () => {
    const late = rewriteArchive(archive, { manifest: (manifest) => (manifest.snapshot.createdAt = 9e15) })
    await expect(inspectArchive(bytesInMemory(late))).rejects.toThrow(
      'snapshot.createdAt is not a whole number',
    )
  })
})
