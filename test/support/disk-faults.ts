import type { Disk, DiskFile } from '../../src/storage/disk.ts'

// Two kinds of decorators. `failing` is a fault of the disk: the engine must survive it. The others are mistakes
// planted into the engine's use of the disk: a crash suite that does not notice them proves nothing.

export type DiskOperation =
  | 'create'
  | 'append'
  | 'makeDirectory'
  | 'rename'
  | 'remove'
  | 'removeDirectory'
  | 'syncDirectory'
  | 'write'
  | 'sync'
  | 'truncate'
  | 'readFile'
  | 'readRange'

/** Runs in place of an operation: `proceed` is the operation itself, `half` for a write one that stops half-way. */
export type Interceptor = (
  operation: DiskOperation,
  path: string,
  proceed: () => Promise<unknown>,
  half: () => Promise<unknown>,
) => Promise<unknown>

/** The same disk with an interceptor around its operations. */
export function intercepted(disk: Disk, around: Interceptor): Disk {
  const run = <T>(
    operation: DiskOperation,
    path: string,
    proceed: () => Promise<T>,
    half: () => Promise<unknown> = async () => undefined,
  ): Promise<T> => around(operation, path, proceed, half) as Promise<T>
  const wrap = (path: string, file: DiskFile): DiskFile => {
    const write = (bytes: Uint8Array): Promise<void> =>
      run(
        'write',
        path,
        () => file.write(bytes),
        () => file.write(bytes.subarray(0, bytes.length >> 1)),
      )
    return {
      write,
      writeAll: (parts) => write(Buffer.concat(parts)),
      sync: () => run('sync', path, () => file.sync()),
      truncate: (bytes) => run('truncate', path, () => file.truncate(bytes)),
      close: () => file.close(),
    }
  }
  return {
    readFile: (path) => run('readFile', path, () => disk.readFile(path)),
    readRange: (path, offset, length) => run('readRange', path, () => disk.readRange(path, offset, length)),
    list: (path) => disk.list(path),
    stat: (path) => disk.stat(path),
    realPath: (path) => disk.realPath(path),
    create: async (path) => wrap(path, await run('create', path, () => disk.create(path))),
    append: async (path) => wrap(path, await run('append', path, () => disk.append(path))),
    makeDirectory: (path) => run('makeDirectory', path, () => disk.makeDirectory(path)),
    rename: (from, to) => run('rename', from, () => disk.rename(from, to)),
    remove: (path) => run('remove', path, () => disk.remove(path)),
    removeDirectory: (path) => run('removeDirectory', path, () => disk.removeDirectory(path)),
    syncDirectory: (path) => run('syncDirectory', path, () => disk.syncDirectory(path)),
    lock: (path, owner) => disk.lock(path, owner),
  }
}

/**
 * Fails the operations that `select` picks, with an error of the operating system. A write that fails has written
 * its first half, as on a disk that fills up.
 */
export function failing(
  disk: Disk,
  select: (operation: DiskOperation, path: string) => boolean,
  code: 'EIO' | 'ENOSPC' | 'EMFILE' = 'EIO',
): Disk {
  return intercepted(disk, async (operation, path, proceed, half) => {
    if (!select(operation, path)) return proceed()
    await half()
    throw Object.assign(new Error(`${code}: ${operation} ${path}`), { code })
  })
}

/** Mistake: a file is never synced, though the caller is told so. */
export function skipFileSync(disk: Disk, path: (path: string) => boolean = () => true): Disk {
  return intercepted(disk, async (operation, file, proceed) => {
    if (operation !== 'sync' || !path(file)) return proceed()
    return undefined
  })
}

/** Mistake: a directory is never synced. */
export function skipDirectorySync(disk: Disk, path: (path: string) => boolean = () => true): Disk {
  return intercepted(disk, async (operation, directory, proceed) => {
    if (operation !== 'syncDirectory' || !path(directory)) return proceed()
    return undefined
  })
}

/**
 * Mistake: a file gets its final name before its bytes are durable; the sync comes right after the rename. By
 * default for the files that are written under a passing name: those below `tmp/` and those that end in `.new`.
 */
export function swappedRename(
  disk: Disk,
  path: (path: string) => boolean = (path) => path.includes('/tmp/') || path.endsWith('.new'),
): Disk {
  const postponed = new Map<string, () => Promise<unknown>>()
  // A handle keeps its first path after the rename: from then on its syncs are honest.
  const renamed = new Set<string>()
  return intercepted(disk, async (operation, file, proceed) => {
    if (operation === 'sync' && path(file) && !renamed.has(file)) {
      postponed.set(file, proceed)
      return undefined
    }
    const result = await proceed()
    if (operation === 'rename') {
      renamed.add(file)
      await postponed.get(file)?.()
    }
    return result
  })
}
