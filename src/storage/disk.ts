/**
 * The few things that Stillpoint asks of a file system. Everything durable goes through this interface, so that
 * tests can stop it before any single mutation, lose what was not synced, and tear writes.
 *
 * Paths are absolute or relative to the process; `/` separates. Errors of the operating system pass through
 * unchanged (`code: 'ENOENT'`, …); the object store and the log wrap them once.
 */
export interface Disk {
  /** The whole file. @throws ENOENT */
  readFile(path: string): Promise<Uint8Array>
  /** Up to `length` bytes from `offset`; shorter at the end of the file. @throws ENOENT */
  readRange(path: string, offset: number, length: number): Promise<Uint8Array>
  /**
   * Fills the targets, one after the other, with the bytes from `offset` on, and gives how many there were. Absent where
   * reading into memory of the caller's saves nothing. @throws ENOENT
   */
  readInto?(path: string, offset: number, targets: readonly Uint8Array[]): Promise<number>
  /**
   * Opens a file that is read at any place and by any thread: see read-at-once.ts. It can be read until it is closed, whatever
   * becomes of its name. Absent where files are none of the system's. @throws ENOENT
   */
  openFile?(path: string): Promise<OpenFile>
  /** Entries of a directory, unsorted; an absent directory has none. */
  list(path: string): Promise<readonly DiskEntry[]>
  stat(path: string): Promise<DiskStat | undefined>
  /** The absolute path with every symbolic link followed; undefined if nothing is there. */
  realPath(path: string): Promise<string | undefined>

  /** A new file for writing. @throws EEXIST */
  create(path: string): Promise<DiskFile>
  /** An existing file, positioned at its end. @throws ENOENT */
  append(path: string): Promise<DiskFile>
  /** With all parents; an existing directory is fine. */
  makeDirectory(path: string): Promise<void>
  /** Replaces `to` if it exists. Durable only after `syncDirectory` of the parents. */
  rename(from: string, to: string): Promise<void>
  /** Removes a file; an absent one is fine. */
  remove(path: string): Promise<void>
  /** Removes an empty directory; an absent or non-empty one is fine. */
  removeDirectory(path: string): Promise<void>
  /** Makes creations, renames and removals directly inside the directory durable. */
  syncDirectory(path: string): Promise<void>
  /**
   * An exclusive lock, held until released or the process ends, however it ends; kept in files that begin with `path`.
   * Names the holder, who may be this process, if the lock is taken.
   */
  lock(path: string, owner: string): Promise<DiskLock | { readonly heldBy: string }>
}

export interface OpenFile {
  /** The system's number of the file, the same in all threads of the process. */
  readonly descriptor: number
  readonly bytes: number
  /** Fills the targets, one after the other, with the bytes from `offset` on, and gives how many there were. */
  fill?(offset: number, targets: readonly Uint8Array[]): Promise<number>
  /** Of the file as it is now, whatever its name leads to: see DiskStat. */
  fingerprint?(): Promise<string>
  /** Once, when no thread reads any more: the number may be another file's from then on. */
  close(): void
}

export interface DiskFile {
  write(bytes: Uint8Array): Promise<void>
  /** Several buffers in order, as one write where the platform can. */
  writeAll(parts: readonly Uint8Array[]): Promise<void>
  /** fdatasync: the bytes written so far, and the length, survive power loss (the directory entry needs its own sync). */
  sync(): Promise<void>
  truncate(bytes: number): Promise<void>
  close(): Promise<void>
}

export interface DiskEntry {
  readonly name: string
  readonly kind: 'file' | 'directory' | 'other'
}

export interface DiskStat {
  readonly kind: 'file' | 'directory' | 'other'
  readonly bytes: number
  /** Milliseconds since the epoch; when the file came to be, as far as the file system tells. */
  readonly createdAt: number
  /**
   * Of a file: another one once it was written to, cut, or replaced, as far as the file system notices. Absent where
   * nothing can be said.
   */
  readonly fingerprint?: string
}

export interface DiskLock {
  release(): Promise<void>
}
