import * as fs from 'node:fs'
import { hostname } from 'node:os'
import { dirname } from 'node:path'
import { systemClock } from '../runtime/clock.ts'
import { systemRandom } from '../runtime/random.ts'
import type { Disk, DiskEntry, DiskFile } from './disk.ts'
import { takeProcessLock, type LockSystem } from './process-lock.ts'
import { behind } from './read-at-once.ts'

// One system call moves at most 2 GiB; stay well below.
const transferBytesMax = 2 ** 30
// What one vectored read asks for: a reader is not kept from the next thread for long, and no system takes fewer parts.
const callBytesMax = 64 * 2 ** 20
const partsMax = 16

/** The operating system's file system. */
export const nodeDisk: Disk = {
  async readFile(path) {
    return withFile(path, async (fd) => readAt(fd, 0, (await fstat(fd)).size))
  },
  async readRange(path, offset, length) {
    return withFile(path, async (fd) =>
      readAt(fd, offset, Math.max(0, Math.min(length, (await fstat(fd)).size - offset))),
    )
  },
  readInto: (path, offset, targets) => withFile(path, (fd) => fillFrom(fd, offset, targets)),
  async openFile(path) {
    const fd = await openFile(path, 'r')
    try {
      return {
        descriptor: fd,
        bytes: (await fstat(fd)).size,
        fill: (offset, targets) => fillFrom(fd, offset, targets),
        fingerprint: () => fingerprintOfOpen(fd),
        close: () => fs.closeSync(fd),
      }
    } catch (error) {
      fs.closeSync(fd)
      throw error
    }
  },
  async list(path) {
    const entries = await unless(['ENOENT'], [], fs.promises.readdir(path, { withFileTypes: true }))
    return entries.map((entry) => ({ name: entry.name, kind: kindOf(entry) }))
  },
  async stat(path) {
    const stat = await unless(['ENOENT', 'ENOTDIR'], undefined, fs.promises.stat(path, { bigint: true }))
    if (stat === undefined) return undefined
    const createdAt = Number(stat.birthtimeNs || stat.mtimeNs) / 1e6
    return { kind: kindOf(stat), bytes: Number(stat.size), createdAt, fingerprint: fingerprintOf(stat) }
  },
  async realPath(path) {
    return unless(['ENOENT', 'ENOTDIR'], undefined, fs.promises.realpath(path))
  },
  // O_APPEND: what is written lands at the end, wherever a truncation has put it.
  create: async (path) => new NodeFile(await openFile(path, 'ax')),
  append: async (path) => new NodeFile(await openFile(path, fs.constants.O_WRONLY | fs.constants.O_APPEND)),
  async makeDirectory(path) {
    await fs.promises.mkdir(path, { recursive: true })
  },
  rename: (from, to) => fs.promises.rename(from, to),
  remove: (path) => unless(['ENOENT'], undefined, fs.promises.unlink(path)),
  removeDirectory: (path) => unless(['ENOENT', 'ENOTEMPTY', 'EEXIST'], undefined, fs.promises.rmdir(path)),
  async syncDirectory(path) {
    const directory = await fs.promises.open(path, 'r')
    try {
      await directory.sync()
    } finally {
      await directory.close()
    }
  },
  async lock(path, owner) {
    await fs.promises.mkdir(dirname(path), { recursive: true })
    return takeProcessLock(lockSystem, path, owner)
  },
}

/** Plain callbacks instead of `fs.promises`: a group commit is two calls, and their overhead shows. */
class NodeFile implements DiskFile {
  readonly #fd: number

  constructor(fd: number) {
    this.#fd = fd
  }

  async write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;)
      at += await writeSome(this.#fd, [bytes.subarray(at, at + transferBytesMax)])
  }

  async writeAll(parts: readonly Uint8Array[]): Promise<void> {
    let rest = parts
    while (rest.length > 0) rest = await this.#writeFirst(rest)
  }

  sync(): Promise<void> {
    return new Promise((resolve, reject) =>
      fs.fdatasync(this.#fd, (error) => (error ? reject(error) : resolve())),
    )
  }

  truncate(bytes: number): Promise<void> {
    return new Promise((resolve, reject) =>
      fs.ftruncate(this.#fd, bytes, (error) => (error ? reject(error) : resolve())),
    )
  }

  close(): Promise<void> {
    return new Promise((resolve, reject) =>
      fs.close(this.#fd, (error) => (error ? reject(error) : resolve())),
    )
  }

  /** Writes as many parts as one call takes and gives the ones that remain. */
  async #writeFirst(parts: readonly Uint8Array[]): Promise<readonly Uint8Array[]> {
    let count = 0
    let bytes = 0
    while (count < parts.length && bytes + parts[count]!.length <= transferBytesMax)
      bytes += parts[count++]!.length
    if (count === 0) {
      await this.write(parts[0]!)
      return parts.slice(1)
    }
    const written =
      bytes === 0 ? 0 : await writeSome(this.#fd, count === parts.length ? parts : parts.slice(0, count))
    return behind(parts, written)
  }
}

/** @returns how many bytes were written; the kernel may take fewer than it was given */
function writeSome(fd: number, parts: readonly Uint8Array[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const done = (error: Error | null, written: number): void => (error ? reject(error) : resolve(written))
    if (parts.length === 1) fs.write(fd, parts[0]!, 0, parts[0]!.length, null, done)
    else fs.writev(fd, parts, done)
  })
}

async function withFile<T>(path: string, use: (fd: number) => Promise<T>): Promise<T> {
  const fd = await openFile(path, 'r')
  try {
    return await use(fd)
  } finally {
    await new Promise<void>((resolve) => fs.close(fd, () => resolve()))
  }
}

function openFile(path: string, flags: string | number): Promise<number> {
  return new Promise((resolve, reject) =>
    fs.open(path, flags, 0o666, (error, fd) => (error ? reject(error) : resolve(fd))),
  )
}

function fstat(fd: number): Promise<fs.Stats> {
  return new Promise((resolve, reject) =>
    fs.fstat(fd, (error, stat) => (error ? reject(error) : resolve(stat))),
  )
}

function fingerprintOfOpen(fd: number): Promise<string> {
  return new Promise((resolve, reject) =>
    fs.fstat(fd, { bigint: true }, (error, stat) => (error ? reject(error) : resolve(fingerprintOf(stat)))),
  )
}

async function readAt(fd: number, offset: number, length: number): Promise<Uint8Array> {
  // Memory of its own, so that typed arrays over it are aligned and nothing else is kept alive by it.
  const bytes = Buffer.allocUnsafeSlow(length)
  let filled = 0
  while (filled < length) {
    const wanted = Math.min(length - filled, transferBytesMax)
    const read = await readSome(fd, bytes, filled, wanted, offset + filled)
    if (read === 0) break
    filled += read
  }
  return bytes.subarray(0, filled)
}

function readSome(fd: number, target: Buffer, at: number, length: number, offset: number): Promise<number> {
  return new Promise((resolve, reject) =>
    fs.read(fd, target, at, length, offset, (error, read) => (error ? reject(error) : resolve(read))),
  )
}

/** As many bytes as there are, in few calls. Those of a call go to several targets, and may be fewer than it was asked for. */
async function fillFrom(fd: number, offset: number, targets: readonly Uint8Array[]): Promise<number> {
  let filled = 0
  let rest: readonly Uint8Array[] = targets.filter(({ length }) => length > 0)
  while (rest.length > 0) {
    const parts: Uint8Array[] = []
    let bytes = 0
    while (parts.length < Math.min(rest.length, partsMax) && bytes < callBytesMax) {
      const next = rest[parts.length]!
      parts.push(next.subarray(0, callBytesMax - bytes))
      bytes += parts.at(-1)!.length
    }
    const read = await readParts(fd, parts, offset + filled)
    if (read === 0) return filled
    filled += read
    rest = behind(rest, read)
  }
  return filled
}

function readParts(fd: number, parts: readonly Uint8Array[], offset: number): Promise<number> {
  return new Promise((resolve, reject) =>
    fs.readv(fd, parts, offset, (error, read) => (error ? reject(error) : resolve(read))),
  )
}

/** A rename over the file changes the inode; whoever sets the time of the last write back changes that of the last change. */
function fingerprintOf({ dev, ino, size, mtimeNs, ctimeNs }: fs.BigIntStats): string {
  return [dev, ino, size, mtimeNs, ctimeNs].join(':')
}

function kindOf(entry: { isFile(): boolean; isDirectory(): boolean }): DiskEntry['kind'] {
  if (entry.isFile()) return 'file'
  return entry.isDirectory() ? 'directory' : 'other'
}

async function unless<T, F>(codes: readonly string[], fallback: F, result: Promise<T>): Promise<T | F> {
  try {
    return await result
  } catch (error) {
    if (codes.includes((error as NodeJS.ErrnoException).code ?? '')) return fallback
    throw error
  }
}

const lockSystem: LockSystem = {
  clock: systemClock,
  async self() {
    return {
      pid: process.pid,
      started: (await this.startedAt(process.pid)) ?? '',
      boot: (await readText('/proc/sys/kernel/random/boot_id')) ?? '',
      namespace: (await fs.promises.readlink('/proc/self/ns/pid').catch(() => '')) || '',
      host: hostname(),
    }
  },
  async startedAt(pid) {
    try {
      process.kill(pid, 0)
    } catch (error) {
      // EPERM: it lives, under another user.
      if ((error as NodeJS.ErrnoException).code === 'ESRCH') return undefined
    }
    // The name in parentheses may hold spaces; the state is the first field after it, the start time the 20th.
    const fields = (await readText(`/proc/${pid}/stat`))?.replace(/^.*\) /s, '').split(' ')
    if (fields === undefined) return ''
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19]
  },
  list: (directory) => unless(['ENOENT'], [], fs.promises.readdir(directory)),
  read: (path) => unless(['ENOENT'], undefined, fs.promises.readFile(path, 'utf8')),
  createWhole: (path, content) =>
    fromFinishedFile(path, content, async (finished) => {
      try {
        return await unless(['EEXIST'], false, linkOrCopy(finished, path))
      } finally {
        await fs.promises.unlink(finished)
      }
    }),
  // A directory that is gone needs no lock.
  replaceWhole: (path, content) =>
    unless(
      ['ENOENT'],
      undefined,
      fromFinishedFile(path, content, (finished) => fs.promises.rename(finished, path)),
    ),
  remove: (path) => nodeDisk.remove(path),
  async touch(path) {
    const now = systemClock.now() / 1000
    await fs.promises.utimes(path, now, now)
  },
  touchedAt: async (path) => (await unless(['ENOENT'], undefined, fs.promises.stat(path)))?.mtimeMs,
}

async function linkOrCopy(finished: string, path: string): Promise<true> {
  try {
    await fs.promises.link(finished, path)
  } catch (error) {
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'].includes((error as NodeJS.ErrnoException).code ?? ''))
      throw error
    // Some file systems have no hard links. A copy is exclusive as well, but for a moment the file is empty.
    await fs.promises.copyFile(finished, path, fs.constants.COPYFILE_EXCL)
  }
  return true
}

async function fromFinishedFile<T>(
  path: string,
  content: string,
  use: (finished: string) => Promise<T>,
): Promise<T> {
  const finished = `${path}.${systemRandom.uuid()}`
  await fs.promises.writeFile(finished, content, { flag: 'wx' })
  return use(finished)
}

async function readText(path: string): Promise<string | undefined> {
  // Absent outside Linux, and for a process that has just ended.
  return fs.promises.readFile(path, 'utf8').then(
    (text) => text.trim(),
    () => undefined,
  )
}
