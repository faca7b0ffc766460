import { mkdir, mkdtemp, readdir, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { chunked, collect, sha256Of } from '../../test/support/archives.ts'
import type { Disk, DiskFile } from '../storage/disk.ts'
import { nodeDisk } from '../storage/node-disk.ts'
import { ArchiveFolder } from './archive-folder.ts'

let base: string
let root: string
let folder: ArchiveFolder

beforeEach(async () => {
  base = await realpath(await mkdtemp(join(tmpdir(), 'archive-folder-')))
  root = join(base, 'snapshots')
  folder = new ArchiveFolder(nodeDisk, root)
})

afterEach(() => rm(base, { recursive: true, force: true }))

const bytesOf = (text: string): Uint8Array => Buffer.from(text)
const sourceOf = (text: string): AsyncIterable<Uint8Array> => chunked(bytesOf(text), 3)

async function filesIn(path: string): Promise<string[]> {
  return (await readdir(path, { recursive: true })).sort()
}

async function read(directory: string, name: string): Promise<string | undefined> {
  const found = await folder.find(directory, name)
  return found === undefined ? undefined : (await collect(found.stream())).toString()
}

describe('publish', () => {
  test('writes the archive and a sidecar of bare hex', async () => {
    const written = await folder.publish('plants', 'one.snapshot', sourceOf('the archive'))
    const sha256 = sha256Of(bytesOf('the archive'))
    expect(written).toEqual({ bytes: 11, sha256 })
    expect(await filesIn(root)).toEqual(['plants', 'plants/one.snapshot', 'plants/one.snapshot.checksum'])
    expect(await readFile(join(root, 'plants/one.snapshot.checksum'), 'latin1')).toBe(sha256)
    expect(await folder.list('plants')).toEqual([
      { name: 'one.snapshot', bytes: 11, createdAt: expect.any(Number), sha256 },
    ])
  })

  test('without a sidecar, and an old one does not stay beside it', async () => {
    await folder.publish('', 'one.snapshot', sourceOf('first'))
    await folder.publish('', 'one.snapshot', sourceOf('second'), { sidecar: false })
    expect(await filesIn(root)).toEqual(['one.snapshot'])
    const listing = await folder.list('')
    expect(listing).toHaveLength(1)
    expect(listing[0]).not.toHaveProperty('sha256')
    expect(await read('', 'one.snapshot')).toBe('second')
  })

  test('replaces an archive of that name with its sidecar', async () => {
    await folder.publish('', 'one.snapshot', sourceOf('first'))
    await folder.publish('', 'one.snapshot', sourceOf('second'))
    expect(await filesIn(root)).toEqual(['one.snapshot', 'one.snapshot.checksum'])
    expect((await folder.find('', 'one.snapshot'))?.sha256).toBe(sha256Of(bytesOf('second')))
  })

  test('many at once, of one name too', async () => {
    await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        folder.publish('c', `${index % 4}.snapshot`, sourceOf(`content ${index}`)),
      ),
    )
    expect(await filesIn(join(root, 'c'))).toHaveLength(8)
    for (const { name, sha256 } of await folder.list('c')) {
      expect(sha256).toBe(sha256Of(bytesOf((await read('c', name))!)))
    }
  })

  test('leaves nothing when the source fails, and what was there stays', async () => {
    await folder.publish('', 'one.snapshot', sourceOf('first'))
    async function* failing(): AsyncGenerator<Uint8Array> {
      yield* sourceOf('sec')
      throw new Error('broken')
    }
    await expect(folder.publish('', 'one.snapshot', failing())).rejects.toThrow('broken')
    expect(await filesIn(root)).toEqual(['one.snapshot', 'one.snapshot.checksum'])
    expect(await read('', 'one.snapshot')).toBe('first')
  })

  test('leaves nothing when it is cancelled', async () => {
    const controller = new AbortController()
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (let at = 0; ; at++) {
        if (at === 5) controller.abort()
        await Promise.resolve()
        yield bytesOf('more')
      }
    }
    const result = folder.publish('', 'one.snapshot', endless(), { signal: controller.signal })
    await expect(result).rejects.toMatchObject({ code: 'cancelled' })
    expect(await filesIn(root)).toEqual([])
  })

  test('every failure of the disk is told as such, and leaves the old or the new archive with its own checksum', async () => {
    for (let failing = 1; ; failing++) {
      await rm(root, { recursive: true, force: true })
      await folder.publish('c', 'one.snapshot', sourceOf('first'))
      const faulty = failAt(failing)
      const result = await new ArchiveFolder(faulty.disk, root)
        .publish('c', 'one.snapshot', sourceOf('second'))
        .catch((error: unknown) => error)
      if (!faulty.hasFailed()) break
      expect(result).toMatchObject({ code: 'archive-folder-failed', details: { system: 'ENOSPC' } })
      const listing = await folder.list('c')
      expect(listing.map(({ name }) => name)).toEqual(['one.snapshot'])
      const content = (await read('c', 'one.snapshot'))!
      expect(['first', 'second']).toContain(content)
      expect([undefined, sha256Of(bytesOf(content))]).toContain(listing[0]!.sha256)
      expect((await filesIn(root)).filter((name) => name.includes('partial'))).toEqual([])
      expect(failing).toBeLessThan(50)
    }
  })

  test('a failed publication of a new name leaves nothing', async () => {
    for (let failing = 1; ; failing++) {
      await rm(root, { recursive: true, force: true })
      const faulty = failAt(failing)
      const result = await new ArchiveFolder(faulty.disk, root)
        .publish('c', 'one.snapshot', sourceOf('first'))
        .catch((error: unknown) => error)
      if (!faulty.hasFailed()) break
      expect(result).toMatchObject({ code: 'archive-folder-failed' })
      expect(
        (await filesIn(base)).filter((name) => name.includes('snapshot.') || name.endsWith('.snapshot')),
      ).toEqual([])
      expect(failing).toBeLessThan(50)
    }
  })

  test.each([
    '',
    '.',
    '..',
    '../x',
    'a/b',
    '/etc/passwd',
    'a\\b',
    'a\0b',
    'a\nb',
    '.hidden',
    '\ud800',
    'x'.repeat(201),
    'ä'.repeat(101),
  ])('refuses the name %j', async (name) => {
    await expect(folder.publish('', name, sourceOf('x'))).rejects.toMatchObject({ code: 'request-invalid' })
    expect(await folder.find('', name)).toBeUndefined()
    expect(await folder.delete('', name)).toBe(false)
    expect(await filesIn(base)).toEqual([])
  })

  test.each(['..', 'a/..', '/etc', 'a//b', 'a/', '.', 'a\0'])(
    'refuses the directory %j',
    async (directory) => {
      const error = { code: 'request-invalid' }
      await expect(folder.publish(directory, 'x.snapshot', sourceOf('x'))).rejects.toMatchObject(error)
      await expect(folder.list(directory)).rejects.toMatchObject(error)
      await expect(folder.find(directory, 'x')).rejects.toMatchObject(error)
      await expect(folder.delete(directory, 'x')).rejects.toMatchObject(error)
      await expect(folder.directoryExists(directory)).rejects.toMatchObject(error)
    },
  )

  test('refuses the name of a directory', async () => {
    await mkdir(join(root, 'one.snapshot'), { recursive: true })
    await expect(folder.publish('', 'one.snapshot', sourceOf('x'))).rejects.toMatchObject({
      code: 'request-invalid',
    })
    expect(await filesIn(root)).toEqual(['one.snapshot'])
  })
})

describe('find, list and delete', () => {
  test('list gives archives only, by name; an absent directory has none', async () => {
    await folder.publish('c', 'b.snapshot', sourceOf('b'))
    await folder.publish('c', 'a.snapshot', sourceOf('a'))
    await folder.publish('c', 'upload.tar', sourceOf('u'), { sidecar: false })
    await mkdir(join(root, 'c/shards/0'), { recursive: true })
    await mkdir(join(root, 'c/d.snapshot'))
    await writeFile(join(root, 'c/.e.snapshot'), 'hidden')
    expect((await folder.list('c')).map(({ name }) => name)).toEqual(['a.snapshot', 'b.snapshot'])
    expect(await folder.list('c/shards/0')).toEqual([])
    expect(await folder.list('none')).toEqual([])
    expect(await new ArchiveFolder(nodeDisk, join(base, 'nothing')).list('')).toEqual([])
  })

  test('a sidecar that holds no checksum states none', async () => {
    await folder.publish('', 'one.snapshot', sourceOf('x'))
    for (const content of ['', 'not a checksum', 'A'.repeat(64), '0'.repeat(1000)]) {
      await writeFile(join(root, 'one.snapshot.checksum'), content)
      expect((await folder.list(''))[0]).not.toHaveProperty('sha256')
    }
    await writeFile(join(root, 'one.snapshot.checksum'), `${'0'.repeat(64)}\n`)
    expect((await folder.list(''))[0]).toHaveProperty('sha256', '0'.repeat(64))
  })

  test('find gives any file by name, sidecars too, and any range of it', async () => {
    await folder.publish('c', 'one.snapshot', sourceOf('0123456789'))
    const found = (await folder.find('c', 'one.snapshot'))!
    expect(found.bytes).toBe(10)
    expect((await collect(found.stream({ offset: 3, length: 4 }))).toString()).toBe('3456')
    expect((await collect(found.stream({ offset: 8 }))).toString()).toBe('89')
    expect(() => found.stream({ offset: 5, length: 6 })).toThrow(
      expect.objectContaining({ code: 'request-invalid' }),
    )
    expect(() => found.stream({ offset: 11 })).toThrow(expect.objectContaining({ code: 'request-invalid' }))
    expect(await read('c', 'one.snapshot.checksum')).toBe(sha256Of(bytesOf('0123456789')))
    expect(await folder.find('c', 'two.snapshot')).toBeUndefined()
    expect(await folder.find('', 'c')).toBeUndefined()
  })

  test('a file that is replaced while it is read does not come in two halves', async () => {
    await folder.publish('', 'one.snapshot', chunked(Buffer.alloc(3 * 2 ** 20, 'a'), 2 ** 20))
    const found = (await folder.find('', 'one.snapshot'))!
    let bytes = 0
    const reading = async (): Promise<void> => {
      for await (const chunk of found.stream()) {
        expect(Buffer.from(chunk).includes('b')).toBe(false)
        if (bytes === 0)
          await folder.publish('', 'one.snapshot', chunked(Buffer.alloc(3 * 2 ** 20 + 1, 'b'), 2 ** 20))
        bytes += chunk.byteLength
      }
    }
    await expect(reading()).rejects.toMatchObject({ code: 'archive-folder-failed' })
    expect(bytes).toBe(2 ** 20)
  })

  test('delete takes the sidecar along; a sidecar can be deleted by itself', async () => {
    await folder.publish('c', 'one.snapshot', sourceOf('x'))
    await folder.publish('c', 'two.snapshot', sourceOf('x'))
    expect(await folder.delete('c', 'one.snapshot')).toBe(true)
    expect(await folder.delete('c', 'one.snapshot')).toBe(false)
    expect(await folder.delete('none', 'one.snapshot')).toBe(false)
    expect(await folder.delete('c', 'two.snapshot.checksum')).toBe(true)
    expect(await folder.delete('', 'c')).toBe(false)
    expect(await filesIn(root)).toEqual(['c', 'c/two.snapshot'])
  })

  test('directories', async () => {
    await folder.publish('c/shards/0', 'one.snapshot', sourceOf('x'))
    await folder.publish('.ä'.repeat(85), `${'n'.repeat(191)}.snapshot`, sourceOf('longest names'))
    expect((await folder.list('.ä'.repeat(85))).map(({ bytes }) => bytes)).toEqual([13])
    expect(
      await Promise.all(
        ['', 'c', 'c/shards/0', 'd', 'c/shards/0/one.snapshot'].map((name) => folder.directoryExists(name)),
      ),
    ).toEqual([true, true, true, false, false])
  })
})

describe('paths and symbolic links', () => {
  beforeEach(async () => {
    await folder.publish('c', 'one.snapshot', sourceOf('inside'))
    await writeFile(join(base, 'secret.snapshot'), 'secret')
  })

  test('by absolute path', async () => {
    const found = await folder.findByPath(join(root, 'c/one.snapshot'))
    expect(found).toMatchObject({ name: 'one.snapshot', bytes: 6, sha256: sha256Of(bytesOf('inside')) })
    expect(await folder.findByPath(join(root, 'c/../c/./one.snapshot'))).toMatchObject({ bytes: 6 })
    expect(await folder.findByPath(join(root, 'c/none.snapshot'))).toBeUndefined()
    expect(await folder.findByPath(join(root, 'c'))).toBeUndefined()
  })

  test('what lies outside is not found, whichever way the path goes', async () => {
    for (const path of [join(base, 'secret.snapshot'), `${root}/../secret.snapshot`, root, '/']) {
      expect(await folder.findByPath(path), path).toBe('outside')
    }
    for (const path of [
      join(base, 'none.snapshot'),
      `${root}/c/../../none.snapshot`,
      `${root}-other/x`,
      '',
      'c/one.snapshot',
      `${base}/x\0`,
    ]) {
      expect(await folder.findByPath(path), path).toBeUndefined()
    }
  })

  test('a link that leads out of the folder is not followed', async () => {
    await symlink(join(base, 'secret.snapshot'), join(root, 'c/link.snapshot'))
    await symlink(base, join(root, 'out'))
    await symlink(join(base, 'nowhere'), join(root, 'c/dangling.snapshot'))
    expect(await folder.find('c', 'link.snapshot')).toBeUndefined()
    expect(await folder.find('c', 'dangling.snapshot')).toBeUndefined()
    expect((await folder.list('c')).map(({ name }) => name)).toEqual(['one.snapshot'])
    expect(await folder.findByPath(join(root, 'c/link.snapshot'))).toBe('outside')
    expect(await folder.list('out')).toEqual([])
    expect(await folder.find('out', 'secret.snapshot')).toBeUndefined()
    expect(await folder.delete('out', 'secret.snapshot')).toBe(false)
    expect(await folder.directoryExists('out')).toBe(false)
    await expect(folder.publish('out', 'x.snapshot', sourceOf('x'))).rejects.toMatchObject({
      code: 'request-invalid',
    })
    expect(await filesIn(base)).toContain('secret.snapshot')
    expect(await filesIn(base)).not.toContain('x.snapshot')
  })

  test('a link that stays within it is, and so is the folder itself as a link', async () => {
    await symlink(join(root, 'c/one.snapshot'), join(root, 'link.snapshot'))
    await symlink(root, join(base, 'alias'))
    const aliased = new ArchiveFolder(nodeDisk, `${join(base, 'alias')}/`)
    expect((await aliased.list('')).map(({ name }) => name)).toEqual(['link.snapshot'])
    expect(await aliased.findByPath(join(root, 'c/one.snapshot'))).toMatchObject({ bytes: 6 })
    expect(await aliased.findByPath(join(base, 'alias/c/one.snapshot'))).toMatchObject({ bytes: 6 })
    expect(await aliased.findByPath(join(base, 'alias/c/none'))).toBeUndefined()
    expect(await aliased.delete('', 'link.snapshot')).toBe(true)
    expect(await read('c', 'one.snapshot')).toBe('inside')
  })
})

describe('sweep', () => {
  test('removes what interruptions leave, and nothing else', async () => {
    await folder.publish('c', 'one.snapshot', sourceOf('x'))
    const uuid = '0b5c1d5e-6c6a-4d39-9d4f-6d3a9f6f8a11'
    const leftovers = [
      `.x.snapshot.${uuid}.partial`,
      `c/.one.snapshot.checksum.${uuid}.partial`,
      'c/gone.snapshot.checksum',
    ]
    const others = ['c/.x.partial', 'c/notes.checksum', 'c/x.partial', 'c/upload.tar', 'c/.keep']
    for (const name of leftovers) await writeFile(join(root, name), '0'.repeat(64))
    for (const name of others) await writeFile(join(root, name), 'not ours')
    await folder.sweep()
    await folder.sweep()
    expect(await filesIn(root)).toEqual(['c', 'c/one.snapshot', 'c/one.snapshot.checksum', ...others].sort())
    await new ArchiveFolder(nodeDisk, join(base, 'nothing')).sweep()
  })

  test('leaves a publication that is under way alone', async () => {
    async function* slow(): AsyncGenerator<Uint8Array> {
      yield bytesOf('first ')
      await folder.sweep()
      yield bytesOf('second')
    }
    await folder.publish('', 'one.snapshot', slow())
    expect(await read('', 'one.snapshot')).toBe('first second')
  })
})

/** The real disk, whose n-th change fails as if there were no space left. */
function failAt(failing: number): { readonly disk: Disk; hasFailed(): boolean } {
  let changes = 0
  const change = <T>(work: () => Promise<T>): Promise<T> => {
    changes += 1
    if (changes !== failing) return work()
    return Promise.reject(Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' }))
  }
  const disk: Disk = {
    ...nodeDisk,
    create: (path) => change(async () => faultyFile(await nodeDisk.create(path))),
    makeDirectory: (path) => change(() => nodeDisk.makeDirectory(path)),
    rename: (from, to) => change(() => nodeDisk.rename(from, to)),
    syncDirectory: (path) => change(() => nodeDisk.syncDirectory(path)),
  }
  const faultyFile = (file: DiskFile): DiskFile => ({
    write: (bytes) => change(() => file.write(bytes)),
    writeAll: (parts) => change(() => file.writeAll(parts)),
    sync: () => change(() => file.sync()),
    truncate: (bytes) => file.truncate(bytes),
    close: () => file.close(),
  })
  return { disk, hasFailed: () => changes >= failing }
}
