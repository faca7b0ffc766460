import { createHash } from 'node:crypto'
import { mkdtemp, rm, truncate, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { openQuietly } from '../../../../test/support/crash-suite.ts'
import { collectionArchive } from '../../../../test/support/qdrant-archive/archive.ts'
import { everyKind, everyPoint } from '../../../../test/support/qdrant-archive/samples.ts'
import { SimulatedDisk } from '../../../../test/support/simulated-disk.ts'
import { bytesInMemory } from '../../../snapshot/archive/archive-bytes.ts'
import { readFileStream } from '../../../snapshot/archive/file-bytes.ts'
import type { Disk } from '../../../storage/disk.ts'
import { nodeDisk } from '../../../storage/node-disk.ts'
import type { Database } from '../../database.ts'
import { open } from '../../open.ts'
import type { QdrantImportReport } from './import-qdrant.ts'

const archive = collectionArchive({
  vectors: everyKind,
  shards: [{ segments: [{ points: everyPoint, vectors: everyKind, tracker: 'immutable' }] }],
})
const sha256 = createHash('sha256').update(archive).digest('hex')

const cleanups: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup()
})

async function database(): Promise<{ one: Database; disk: SimulatedDisk }> {
  const disk = new SimulatedDisk()
  const one = await openQuietly(open, disk, 1)
  cleanups.push(() => one.close())
  return { one, disk }
}

async function archiveFile(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'stillpoint-'))
  cleanups.push(() => rm(folder, { recursive: true }))
  const path = join(folder, 'a.snapshot')
  await writeFile(path, archive)
  return path
}

/** The system's disk; `during` is called before the nth read of an open file. */
function watchedDisk(during: (read: number) => Promise<void>): { disk: Disk; openFiles: () => number } {
  let reads = 0
  let openFiles = 0
  const disk: Disk = {
    ...nodeDisk,
    async openFile(path) {
      const file = await nodeDisk.openFile!(path)
      openFiles += 1
      return {
        ...file,
        fill: async (offset, targets) => {
          await during((reads += 1))
          return file.fill!(offset, targets)
        },
        close: () => {
          openFiles -= 1
          file.close()
        },
      }
    },
  }
  return { disk, openFiles: () => openFiles }
}

async function contentOf(one: Database): Promise<unknown> {
  const { points } = await one.getCollection('c').scroll({ limit: 100, payload: true, vectors: true })
  return points.map(({ id, payload, vectors, version }) => ({ id, version, vectors, payload: payload?.text }))
}

test('a local file is read where it lies, and gives what a stream of it gives', async () => {
  const [{ one }, { one: other }] = [await database(), await database()]
  let report: QdrantImportReport | undefined
  let progress = 0
  const { disk, openFiles } = watchedDisk(() => Promise.resolve())
  await one.restoreArchive(readFileStream(await archiveFile(), disk), {
    into: 'c',
    onImported: (told) => (report = told),
    onProgress: ({ bytes }) => (progress = bytes),
  })
  await other.restoreArchive(bytesInMemory(archive).stream(), { into: 'c' })
  expect(await contentOf(one)).toEqual(await contentOf(other))
  expect(one.getCollection('c').info().pointCount).toBe(everyPoint.length)
  expect(report).toMatchObject({ bytes: archive.byteLength })
  expect(report!.sha256).toBeUndefined()
  expect([progress > 0, openFiles()]).toEqual([true, 0])
})

test('with a checksum it is hashed before anything else', async () => {
  const { one } = await database()
  const path = await archiveFile()
  const { disk, openFiles } = watchedDisk(() => Promise.resolve())
  const wrong = sha256.replace(/^./, (digit) => (digit === '0' ? '1' : '0'))
  await expect(
    one.restoreArchive(readFileStream(path, disk), { into: 'c', sha256: wrong }),
  ).rejects.toMatchObject({ code: 'checksum-mismatch', details: { actual: sha256 } })
  expect([one.listCollections(), openFiles()]).toEqual([[], 0])
  let report: QdrantImportReport | undefined
  await one.restoreArchive(readFileStream(path, disk), {
    into: 'c',
    sha256,
    onImported: (told) => (report = told),
  })
  expect([report!.sha256, openFiles()]).toEqual([sha256, 0])
})

test.each([
  ['is written to', (path: string) => writeFile(path, archive)],
  ['gets another time', (path: string) => utimes(path, 1, 1)],
  ['is cut', (path: string) => truncate(path, archive.byteLength / 2)],
  ['grows', (path: string) => writeFile(path, 'x', { flag: 'a' })],
])('one that %s meanwhile is refused, and nothing is left', async (_, change) => {
  const { one } = await database()
  const path = await archiveFile()
  let reads = 0
  const counting = watchedDisk((read) => Promise.resolve(void (reads = read)))
  await one.restoreArchive(readFileStream(path, counting.disk), { into: 'before' })
  expect(reads).toBeGreaterThan(10)
  for (const at of [2, Math.ceil(reads / 2), reads]) {
    await writeFile(path, archive)
    const { disk, openFiles } = watchedDisk(async (read) => {
      if (read === at) await change(path)
    })
    const changed = one.restoreArchive(readFileStream(path, disk), { into: 'c' })
    await expect(changed, `at read ${at} of ${reads}`).rejects.toMatchObject({
      code: 'archive-folder-failed',
      details: { path },
    })
    expect([one.listCollections().map(({ name }) => name), openFiles()]).toEqual([['before'], 0])
  }
})
