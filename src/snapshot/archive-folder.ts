import { createHash } from 'node:crypto'
import { DatabaseError } from '../errors/database-error.ts'
import { Mutex } from '../runtime/mutex.ts'
import { systemRandom, type Random } from '../runtime/random.ts'
import type { Disk, DiskFile } from '../storage/disk.ts'
import { makeDurableDirectory } from '../storage/durable-directory.ts'
import { ByteSource } from './archive/byte-source.ts'
import {
  archiveSuffix,
  checkDirectory,
  checkFileName,
  isFileName,
  isPartialName,
  partialNameOf,
  sidecarSuffix,
} from './archive-names.ts'
import { FileBytes } from './archive/file-bytes.ts'
import { onFolder, streamFile, type StoredArchive } from './stored-archive.ts'

// Invariants, after a crash at any point too:
//   - an archive has its name only when all its bytes are durable.
//   - a sidecar beside an archive states that archive's checksum. So a new archive's sidecar comes before it, an old
//     one's goes before the archive is replaced, and an archive is deleted before its sidecar.
//   - everything else that an interruption leaves (partial files, sidecars without an archive) is removed by `sweep`.

const chunkBytesMax = 2 ** 20
// In steps, so that the log's next sync does not queue behind gigabytes.
const syncEveryBytes = 32 * 2 ** 20
const sweepDepthMax = 8

export interface ArchiveListing {
  readonly name: string
  readonly bytes: number
  /** Milliseconds since the epoch. */
  readonly createdAt: number
  /** From the sidecar, if there is one. */
  readonly sha256?: string
}

export interface PublishOptions {
  /** Whether a `.checksum` file is written beside the archive. Default true. */
  readonly sidecar?: boolean
  readonly signal?: AbortSignal | undefined
}

/**
 * A folder of archives as files, with folders in it: `directory` is `''` or their names with `/` between them.
 * Symbolic links are followed as long as they stay within the folder. One object per folder and process: publishing,
 * deleting and sweeping are kept apart within it. What the disk refuses becomes `archive-folder-failed`.
 */
export class ArchiveFolder {
  readonly #disk: Disk
  readonly #root: string
  readonly #random: Random
  readonly #structure = new Mutex()
  /** Partial files that are being written: `sweep` leaves them alone. */
  readonly #active = new Set<string>()

  constructor(disk: Disk, root: string, random: Random = systemRandom) {
    this.#disk = disk
    this.#root = root.length > 1 && root.endsWith('/') ? root.slice(0, -1) : root
    this.#random = random
  }

  /** The `.snapshot` files of a directory, by name; none if it is not there. @throws request-invalid */
  async list(directory: string): Promise<readonly ArchiveListing[]> {
    checkDirectory(directory)
    return onFolder('list', directory, async () => {
      const folder = await this.#realDirectory(directory)
      if (folder === undefined) return []
      const listings: ArchiveListing[] = []
      for (const entry of await this.#disk.list(folder)) {
        if (entry.kind === 'directory' || !entry.name.endsWith(archiveSuffix) || !isFileName(entry.name))
          continue
        const found = await this.#find(folder, entry.name)
        if (found === undefined) continue
        const { name, bytes, createdAt, sha256 } = found
        listings.push({ name, bytes, createdAt, ...(sha256 === undefined ? {} : { sha256 }) })
      }
      return listings.sort((a, b) => (a.name < b.name ? -1 : 1))
    })
  }

  /**
   * Writes a file under a passing name, and gives it its own when it is durable; one of that name is replaced. On
   * any failure nothing of it is left, and what was there stays; only if the very last sync fails may it be the new one.
   * @throws request-invalid, archive-folder-failed, cancelled, and whatever the source throws
   */
  async publish(
    directory: string,
    name: string,
    source: AsyncIterable<Uint8Array>,
    options: PublishOptions = {},
  ): Promise<{ readonly bytes: number; readonly sha256: string }> {
    checkDirectory(directory)
    checkFileName(name)
    const folder = await onFolder('make', directory, () => this.#makeDirectory(directory))
    const partial = `${folder}/${partialNameOf(name, this.#random.uuid())}`
    const sidecar = `${folder}/${partialNameOf(name + sidecarSuffix, this.#random.uuid())}`
    this.#active.add(partial).add(sidecar)
    try {
      const written = await this.#write(partial, source, options.signal)
      const hasSidecar = options.sidecar ?? true
      if (hasSidecar) await onFolder('write', sidecar, () => this.#writeSidecar(sidecar, written.sha256))
      await onFolder('publish', name, () =>
        this.#structure.run(() =>
          this.#commit(`${folder}/${name}`, partial, hasSidecar ? sidecar : undefined),
        ),
      )
      return written
    } catch (error) {
      // What cannot be removed now is swept later; the first error is the one to tell.
      await this.#disk.remove(partial).catch(() => undefined)
      await this.#disk.remove(sidecar).catch(() => undefined)
      throw error
    } finally {
      this.#active.delete(partial)
      this.#active.delete(sidecar)
    }
  }

  /** An archive, or any other file there: a sidecar, say. A name that no file can have finds nothing. */
  async find(directory: string, name: string): Promise<StoredArchive | undefined> {
    checkDirectory(directory)
    if (!isFileName(name)) return undefined
    return onFolder('find', name, async () => {
      const folder = await this.#realDirectory(directory)
      return folder === undefined ? undefined : this.#find(folder, name)
    })
  }

  /**
   * By absolute path. A path that leads nowhere gives undefined, inside the folder or not: Qdrant's clients are told
   * "does not exist" before "outside", and its own tests expect it.
   */
  async findByPath(path: string): Promise<StoredArchive | undefined | 'outside'> {
    return onFolder('find', path, async () => {
      const root = await this.#disk.realPath(this.#root)
      const real = path.startsWith('/') && !path.includes('\0') ? await this.#disk.realPath(path) : undefined
      if (real === undefined) return undefined
      if (root === undefined || !isInside(real, root)) return 'outside'
      const slash = real.lastIndexOf('/')
      const name = real.slice(slash + 1)
      return isFileName(name) ? this.#find(real.slice(0, slash), name) : undefined
    })
  }

  /** With its sidecar. False if there is no such file. */
  async delete(directory: string, name: string): Promise<boolean> {
    checkDirectory(directory)
    if (!isFileName(name)) return false
    return onFolder('delete', name, () =>
      this.#structure.run(async () => {
        const folder = await this.#realDirectory(directory)
        if (folder === undefined || (await this.#disk.stat(`${folder}/${name}`))?.kind !== 'file')
          return false
        await this.#disk.remove(`${folder}/${name}`)
        await this.#disk.syncDirectory(folder)
        // Gone from here; a crash before the next line leaves a sidecar without an archive.
        await this.#removeSidecar(`${folder}/${name}${sidecarSuffix}`)
        return true
      }),
    )
  }

  async directoryExists(directory: string): Promise<boolean> {
    checkDirectory(directory)
    return onFolder('find', directory, async () => (await this.#realDirectory(directory)) !== undefined)
  }

  /** Removes what interrupted publications and deletions have left, in every directory. */
  async sweep(): Promise<void> {
    await onFolder('sweep', this.#root, async () => {
      const root = await this.#disk.realPath(this.#root)
      if (root !== undefined && (await this.#disk.stat(root))?.kind === 'directory')
        await this.#sweep(root, 0)
    })
  }

  async #makeDirectory(directory: string): Promise<string> {
    const path = this.#pathOf(directory)
    await makeDurableDirectory(this.#disk, path)
    const folder = await this.#realDirectory(directory)
    if (folder !== undefined) return folder
    throw new DatabaseError(
      'request-invalid',
      `Cannot use ${path} as a folder of archives: it is no directory within ${this.#root}`,
      { directory },
    )
  }

  #pathOf(directory: string): string {
    return directory === '' ? this.#root : `${this.#root}/${directory}`
  }

  async #realDirectory(directory: string): Promise<string | undefined> {
    const root = await this.#disk.realPath(this.#root)
    const path = await this.#disk.realPath(this.#pathOf(directory))
    if (root === undefined || path === undefined || (path !== root && !isInside(path, root))) return undefined
    return (await this.#disk.stat(path))?.kind === 'directory' ? path : undefined
  }

  /** A file of a directory whose path has no symbolic links. */
  async #find(folder: string, name: string): Promise<StoredArchive | undefined> {
    const root = await this.#disk.realPath(this.#root)
    // Apart from publications: neither an archive beside another's checksum nor the other way round.
    return this.#structure.run(async () => {
      const path = await this.#disk.realPath(`${folder}/${name}`)
      if (path === undefined || root === undefined || !isInside(path, root)) return undefined
      const stat = await this.#disk.stat(path)
      if (stat?.kind !== 'file') return undefined
      const sha256 = name.endsWith(sidecarSuffix)
        ? undefined
        : await this.#readSidecar(`${folder}/${name}${sidecarSuffix}`)
      const { bytes, createdAt } = stat
      return {
        name,
        bytes,
        createdAt,
        ...(sha256 === undefined ? {} : { sha256 }),
        stream: (range) => {
          const stream = (): AsyncIterable<Uint8Array> => streamFile(this.#disk, path, stat, range)
          return range === undefined ? new FileBytes(this.#disk, path, stream, stat.fingerprint) : stream()
        },
      }
    })
  }

  /** The checksum that a sidecar states; undefined if it is absent or holds anything else. */
  async #readSidecar(path: string): Promise<string | undefined> {
    const stat = await this.#disk.stat(path)
    if (stat?.kind !== 'file' || stat.bytes > 128) return undefined
    const text = Buffer.from(await this.#disk.readFile(path))
      .toString('latin1')
      .trim()
    return /^[0-9a-f]{64}$/.test(text) ? text : undefined
  }

  async #write(
    path: string,
    source: AsyncIterable<Uint8Array>,
    signal: AbortSignal | undefined,
  ): Promise<{ readonly bytes: number; readonly sha256: string }> {
    const file = await onFolder('write', path, () => this.#disk.create(path))
    const chunks = new ByteSource(source, { signal })
    try {
      const written = await writeChunks(file, path, chunks)
      await onFolder('write', path, () => file.sync())
      return written
    } finally {
      // The bytes are durable or the publication fails: closing has nothing to add.
      await file.close().catch(() => undefined)
      await chunks.close()
    }
  }

  async #writeSidecar(path: string, sha256: string): Promise<void> {
    const file = await this.#disk.create(path)
    try {
      await file.write(Buffer.from(sha256))
      await file.sync()
    } finally {
      await file.close()
    }
  }

  async #commit(path: string, partial: string, sidecar: string | undefined): Promise<void> {
    const folder = path.slice(0, path.lastIndexOf('/'))
    const target = await this.#disk.stat(path)
    if (target?.kind === 'directory') {
      throw new DatabaseError('request-invalid', `Cannot publish ${path}: it is a directory`, { path })
    }
    const isNew = target === undefined
    if (!isNew || sidecar === undefined) await this.#removeSidecar(path + sidecarSuffix)
    try {
      if (isNew && sidecar !== undefined) await this.#place(sidecar, path + sidecarSuffix, folder)
      await this.#place(partial, path, folder)
    } catch (error) {
      if (isNew) await this.#withdraw(path)
      throw error
    }
    // Published from here.
    if (!isNew && sidecar !== undefined) await this.#place(sidecar, path + sidecarSuffix, folder)
  }

  /** Of a publication that failed; what cannot be removed now is an archive like any other, or is swept later. */
  async #withdraw(path: string): Promise<void> {
    await this.#disk.remove(path).catch(() => undefined)
    await this.#disk.remove(path + sidecarSuffix).catch(() => undefined)
  }

  async #place(from: string, to: string, folder: string): Promise<void> {
    await this.#disk.rename(from, to)
    await this.#disk.syncDirectory(folder)
  }

  async #removeSidecar(path: string): Promise<void> {
    if ((await this.#disk.stat(path)) === undefined) return
    await this.#disk.remove(path)
    await this.#disk.syncDirectory(path.slice(0, path.lastIndexOf('/')))
  }

  async #sweep(folder: string, depth: number): Promise<void> {
    const directories: string[] = []
    await this.#structure.run(async () => {
      const entries = await this.#disk.list(folder)
      const names = new Set(entries.map(({ name }) => name))
      let removed = 0
      for (const { name, kind } of entries) {
        if (kind === 'directory') directories.push(name)
        if (kind !== 'file' || !(await this.#isLeftover(folder, name, names))) continue
        await this.#disk.remove(`${folder}/${name}`)
        removed += 1
      }
      if (removed > 0) await this.#disk.syncDirectory(folder)
    })
    if (depth === sweepDepthMax) return
    for (const name of directories) await this.#sweep(`${folder}/${name}`, depth + 1)
  }

  async #isLeftover(folder: string, name: string, names: ReadonlySet<string>): Promise<boolean> {
    const path = `${folder}/${name}`
    if (isPartialName(name)) return !this.#active.has(path)
    if (!name.endsWith(sidecarSuffix) || names.has(name.slice(0, -sidecarSuffix.length))) return false
    // Somebody's own file may end in .checksum as well: only what reads as one of ours goes.
    return (await this.#readSidecar(path)) !== undefined
  }
}

async function writeChunks(
  file: DiskFile,
  path: string,
  chunks: ByteSource,
): Promise<{ readonly bytes: number; readonly sha256: string }> {
  const hash = createHash('sha256')
  let unsynced = 0
  for (;;) {
    const chunk = await chunks.next(chunkBytesMax)
    if (chunk === undefined) return { bytes: chunks.position, sha256: hash.digest('hex') }
    hash.update(chunk)
    await onFolder('write', path, () => file.write(chunk))
    unsynced += chunk.byteLength
    if (unsynced < syncEveryBytes) continue
    await onFolder('write', path, () => file.sync())
    unsynced = 0
  }
}

function isInside(path: string, root: string): boolean {
  return path.startsWith(root.endsWith('/') ? root : `${root}/`)
}
