import { DatabaseError } from '../errors/database-error.ts'
import { systemRandom, type Random } from '../runtime/random.ts'
import type { Disk, DiskFile, OpenFile } from './disk.ts'
import { makeDurableDirectory, parentOf } from './durable-directory.ts'
import { checkKey, checkPrefix, isReserved } from './object-key.ts'
import type { ObjectInfo, ObjectStore, PutOptions } from './object-store.ts'
import { copyInto, totalBytes } from './read-into.ts'

// Invariants:
//   - a file has its final name only after all its bytes are durable;
//   - a put resolves only after that name, and every folder above it, is durable;
//   - nothing below `tmp/` matters to anyone: it is emptied when the store is opened.

const streamChunkBytes = 2 ** 20
// Bulk data goes to the disk in steps, so that the log's next sync does not queue behind gigabytes.
const syncEveryBytes = 32 * 2 ** 20
// Each write wakes a thread of the system's, which may take longer than the writing: parts that stay go in groups.
const groupBytesMin = 4 * 2 ** 20
const groupPartsMax = 128

export interface LocalObjectStoreOptions {
  readonly disk: Disk
  /** The directory that holds the objects; made if it is not there. One store per directory: take a lock first. */
  readonly root: string
  readonly random?: Random
}

/** Opens the store and sweeps what interrupted puts left behind. */
export async function openLocalObjectStore(options: LocalObjectStoreOptions): Promise<LocalObjectStore> {
  const { disk, root } = options
  return onDisk('write-failed', 'open the object store', root, async () => {
    const staging = `${root}/tmp`
    await makeDurableDirectory(disk, staging)
    for (const entry of await disk.list(staging)) await disk.remove(`${staging}/${entry.name}`)
    return new LocalObjectStore(disk, root, options.random ?? systemRandom)
  })
}

/**
 * Objects as files of a directory. Errors of the disk become `write-failed` and `read-failed`; after a failed put
 * the object is absent or, if only the last sync failed, whole but perhaps not durable.
 */
export class LocalObjectStore implements ObjectStore {
  readonly #disk: Disk
  readonly #root: string
  readonly #random: Random
  /** Folders known to be durable. */
  readonly #durable = new Set<string>()
  /** The tail of the queue of publications and deletions. */
  #structure: Promise<unknown> = Promise.resolve()
  readonly openFile?: (key: string) => Promise<OpenFile>

  /** Use `openLocalObjectStore`. */
  constructor(disk: Disk, root: string, random: Random) {
    this.#disk = disk
    this.#root = root
    this.#random = random
    if (disk.openFile === undefined) return
    this.openFile = async (key) => {
      checkKey(key)
      return onDisk('read-failed', 'open', key, () => disk.openFile!(this.#pathOf(key)))
    }
  }

  async put(
    key: string,
    body: Uint8Array | AsyncIterable<Uint8Array>,
    options: PutOptions = {},
  ): Promise<ObjectInfo> {
    checkKey(key)
    const { ifAbsent = false, temporary = false, partsStay = false } = options
    if (ifAbsent) await this.#refuseIfPresent(key)
    const staged = `${this.#root}/tmp/${this.#random.uuid()}`
    try {
      const parts = body instanceof Uint8Array ? piecesOf(body) : body
      const bytes = await this.#stage(staged, key, partsStay ? grouped(parts) : alone(parts), temporary)
      await this.#exclusive(async () => {
        // Again, in the queue: of two puts of one key, the later one must see the earlier one's file.
        if (ifAbsent) await this.#refuseIfPresent(key)
        await onDisk('write-failed', 'write', key, () => this.#publish(staged, this.#pathOf(key), temporary))
      })
      return { key, bytes }
    } catch (error) {
      // What cannot be removed now is swept at the next open; the first error is the one to tell.
      await this.#disk.remove(staged).catch(() => undefined)
      throw error
    }
  }

  async get(key: string): Promise<Uint8Array> {
    checkKey(key)
    return onDisk('read-failed', 'read', key, () => this.#disk.readFile(this.#pathOf(key)))
  }

  async getRange(key: string, offset: number, length: number): Promise<Uint8Array> {
    checkKey(key)
    checkRange(key, offset, length)
    if (length === 0) return this.#emptyRange(key, offset)
    const bytes = await onDisk('read-failed', 'read', key, () =>
      this.#disk.readRange(this.#pathOf(key), offset, length),
    )
    if (bytes.length !== length) throw beyondEnd(key, offset, length)
    return bytes
  }

  async readInto(key: string, offset: number, targets: readonly Uint8Array[]): Promise<void> {
    checkKey(key)
    const length = totalBytes(targets)
    checkRange(key, offset, length)
    if (this.#disk.readInto === undefined) return copyInto(await this.getRange(key, offset, length), targets)
    const bytes = await onDisk('read-failed', 'read', key, () =>
      this.#disk.readInto!(this.#pathOf(key), offset, targets),
    )
    if (bytes !== length) throw beyondEnd(key, offset, length)
  }

  async *stream(
    key: string,
    range: { readonly offset?: number; readonly length?: number } = {},
  ): AsyncGenerator<Uint8Array> {
    const object = await this.head(key)
    if (object === undefined) throw objectNotFound(key)
    const offset = range.offset ?? 0
    const length = range.length ?? object.bytes - offset
    checkRange(key, offset, Math.max(length, 0))
    if (offset > object.bytes || offset + length > object.bytes) throw beyondEnd(key, offset, length)
    for (let at = 0; at < length; at += streamChunkBytes) {
      yield await this.getRange(key, offset + at, Math.min(streamChunkBytes, length - at))
    }
  }

  async head(key: string): Promise<ObjectInfo | undefined> {
    checkKey(key)
    const stat = await onDisk('read-failed', 'look up', key, () => this.#disk.stat(this.#pathOf(key)))
    if (stat?.kind !== 'file') return undefined
    const { bytes, fingerprint } = stat
    return { key, bytes, ...(fingerprint === undefined ? {} : { fingerprint }) }
  }

  async list(prefix: string): Promise<readonly ObjectInfo[]> {
    checkPrefix(prefix)
    const found: ObjectInfo[] = []
    await onDisk('read-failed', 'list', prefix, () =>
      this.#walk(prefix.slice(0, prefix.lastIndexOf('/') + 1), prefix, found),
    )
    return found.sort((a, b) => (a.key < b.key ? -1 : 1))
  }

  async delete(keys: readonly string[]): Promise<void> {
    for (const key of keys) checkKey(key)
    await this.#exclusive(() =>
      onDisk('write-failed', 'delete', keys[0] ?? '', async () => {
        const folders = new Set<string>()
        for (const key of keys) {
          await this.#disk.remove(this.#pathOf(key))
          folders.add(parentOf(this.#pathOf(key)))
        }
        for (const folder of folders) await this.#settleFolder(folder)
      }),
    )
  }

  /** Nothing to read, but the object must be there and reach so far. */
  async #emptyRange(key: string, offset: number): Promise<Uint8Array> {
    const object = await this.head(key)
    if (object === undefined) throw objectNotFound(key)
    if (offset > object.bytes) throw beyondEnd(key, offset, 0)
    return new Uint8Array(0)
  }

  #pathOf(key: string): string {
    return `${this.#root}/${key}`
  }

  async #refuseIfPresent(key: string): Promise<void> {
    if ((await this.head(key)) !== undefined) {
      throw new DatabaseError('object-exists', `Cannot write ${key}: an object of this key exists`, { key })
    }
  }

  /** Writes the body under a passing name and makes it durable there. Errors of the body pass through. */
  async #stage(
    path: string,
    key: string,
    body: AsyncIterable<readonly Uint8Array[]>,
    temporary: boolean,
  ): Promise<number> {
    const file = await onDisk('write-failed', 'write', key, () => this.#disk.create(path))
    try {
      const bytes = await writeBody(file, key, body)
      if (!temporary) await onDisk('write-failed', 'write', key, () => file.sync())
      return bytes
    } finally {
      // The bytes are durable or the put fails: closing has nothing to add.
      await file.close().catch(() => undefined)
    }
  }

  async #publish(staged: string, path: string, temporary: boolean): Promise<void> {
    const folder = parentOf(path)
    if (!this.#durable.has(folder)) {
      await makeDurableDirectory(this.#disk, folder)
      this.#durable.add(folder)
    }
    await this.#disk.rename(staged, path)
    // Durable from here: the name, and everything it stands for.
    if (!temporary) await this.#disk.syncDirectory(folder)
  }

  /** After removals: makes them durable, and removes the folder and those above it that have become empty. */
  async #settleFolder(folder: string): Promise<void> {
    let current = folder
    while (current !== this.#root && (await this.#disk.list(current)).length === 0) {
      this.#durable.delete(current)
      await this.#disk.removeDirectory(current)
      current = parentOf(current)
    }
    if ((await this.#disk.stat(current)) !== undefined) await this.#disk.syncDirectory(current)
  }

  async #walk(folder: string, prefix: string, found: ObjectInfo[]): Promise<void> {
    for (const entry of await this.#disk.list(`${this.#root}/${folder}`)) {
      const key = folder + entry.name
      if (!key.startsWith(prefix) && !prefix.startsWith(`${key}/`)) continue
      if (folder === '' && (entry.kind !== 'directory' || isReserved(entry.name))) continue
      if (entry.kind === 'directory') await this.#walk(`${key}/`, prefix, found)
      if (entry.kind !== 'file') continue
      const stat = await this.#disk.stat(this.#pathOf(key))
      if (stat !== undefined) found.push({ key, bytes: stat.bytes })
    }
  }

  /**
   * One publication or deletion at a time. Otherwise: a put makes its folder; a deletion finds it empty and removes
   * it; the put's rename fails. And two puts with `ifAbsent` both look before either renames.
   */
  #exclusive<T>(action: () => Promise<T>): Promise<T> {
    const result = this.#structure.then(action)
    // The queue goes on after a failure; the caller has it.
    this.#structure = result.catch(() => undefined)
    return result
  }
}

async function writeBody(
  file: DiskFile,
  key: string,
  body: AsyncIterable<readonly Uint8Array[]>,
): Promise<number> {
  let bytes = 0
  let unsynced = 0
  let syncing: Promise<void> = Promise.resolve()
  const sync = (): Promise<void> => {
    const synced = onDisk('write-failed', 'write', key, () => file.sync())
    // Its failure comes to light when it is awaited; until then it must not count as unhandled.
    synced.catch(() => undefined)
    return synced
  }
  try {
    for await (const parts of body) {
      await onDisk('write-failed', 'write', key, () => file.writeAll(parts))
      const written = totalBytes(parts)
      bytes += written
      unsynced += written
      if (unsynced < syncEveryBytes) continue
      // The device works while the next parts are made; no more than two steps are ever ahead of it.
      await syncing
      syncing = sync()
      unsynced = 0
    }
    await syncing
    return bytes
  } finally {
    // Nothing is closed that is still being synced; the first error is the one to tell.
    await syncing.catch(() => undefined)
  }
}

async function* alone(
  parts: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): AsyncGenerator<readonly Uint8Array[]> {
  for await (const part of parts) yield [part]
}

async function* grouped(
  parts: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): AsyncGenerator<readonly Uint8Array[]> {
  let group: Uint8Array[] = []
  let bytes = 0
  for await (const part of parts) {
    group.push(part)
    bytes += part.length
    if (bytes < groupBytesMin && group.length < groupPartsMax) continue
    yield group
    group = []
    bytes = 0
  }
  if (group.length > 0) yield group
}

function* piecesOf(body: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < body.length; at += syncEveryBytes) yield body.subarray(at, at + syncEveryBytes)
}

function checkRange(key: string, offset: number, length: number): void {
  if (Number.isSafeInteger(offset) && Number.isSafeInteger(length) && offset >= 0 && length >= 0) return
  throw new DatabaseError(
    'request-invalid',
    `Cannot read ${key}: ${length} bytes from ${offset} is no range`,
    { key, offset, length },
  )
}

function beyondEnd(key: string, offset: number, length: number): DatabaseError {
  return new DatabaseError(
    'request-invalid',
    `Cannot read ${key}: ${length} bytes from ${offset} reach beyond its end`,
    {
      key,
      offset,
      length,
    },
  )
}

function objectNotFound(key: string, cause?: unknown): DatabaseError {
  return new DatabaseError('object-not-found', `Cannot read ${key}: there is no such object`, { key }, cause)
}

/** The one place where errors of the disk become errors of the store. */
async function onDisk<T>(
  code: 'write-failed' | 'read-failed',
  action: string,
  key: string,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof DatabaseError) throw error
    const { code: system, message } = error as NodeJS.ErrnoException
    if (system === undefined) throw error
    if (code === 'read-failed' && ['ENOENT', 'ENOTDIR', 'EISDIR'].includes(system))
      throw objectNotFound(key, error)
    throw new DatabaseError(code, `Cannot ${action} ${key}: ${message}`, { key, system }, error)
  }
}
