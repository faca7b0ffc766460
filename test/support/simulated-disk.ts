import type { Disk, DiskEntry, DiskFile, DiskLock, DiskStat } from '../../src/storage/disk.ts'
import { DiskImage, type FileTree } from './disk-image.ts'
import type { Mutation } from './disk-journal.ts'
import { crashImage, type CrashVariant } from './disk-crash.ts'

export type { CrashVariant } from './disk-crash.ts'
export type { Mutation } from './disk-journal.ts'

export interface SimulatedDiskOptions {
  /** Called before mutation `index` happens: what was acknowledged by now must survive a crash before it. */
  readonly onMutation?: (index: number, description: string) => void
  /** Creation times of files, in milliseconds; 0 by default. */
  readonly now?: () => number
}

/**
 * A disk in memory that remembers every mutation in order. A test runs a history once, and then asks for the disk as
 * a crash just before any of its mutations could have left it.
 *
 * Its rules are those of POSIX and no more: a file's bytes survive power loss once the file was synced, a name once
 * its directory was; a rename is atomic, and what was not synced may survive in any part. Writes go to the end of a file.
 */
export class SimulatedDisk implements Disk {
  readonly #options: SimulatedDiskOptions
  /** What was there, durably, before the first mutation of the journal. */
  readonly #base: DiskImage
  readonly #journal: Mutation[]
  readonly #tree: FileTree
  readonly #locks = new Map<string, string>()
  /** Where this disk's own history begins: after `stateAt(k, 'all')` the journal holds the k mutations before it too. */
  readonly journalStart: number

  constructor(
    options: SimulatedDiskOptions = {},
    base = DiskImage.empty(),
    journal: readonly Mutation[] = [],
  ) {
    this.#options = options
    this.#base = base
    this.#journal = [...journal]
    this.#tree = base.open()
    for (const mutation of journal) this.#tree.apply(mutation)
    this.journalStart = journal.length
  }

  get journal(): readonly Mutation[] {
    return this.#journal
  }

  /**
   * The disk after a crash just before mutation `index`; `journal.length` is a crash after the last. It takes no
   * account of what this disk does later, and its locks are free. After `all`, a killed process, the journal goes
   * on: what was not synced can still be lost by a second crash. After the others it starts anew.
   */
  stateAt(index: number, variant: CrashVariant, options: SimulatedDiskOptions = {}): SimulatedDisk {
    const before = this.#journal.slice(0, index)
    if (variant === 'all') return new SimulatedDisk(options, this.#base, before)
    return new SimulatedDisk(options, crashImage(this.#base, before, variant))
  }

  /** All paths of files, sorted: for assertions and messages. */
  paths(): readonly string[] {
    return this.#tree.paths()
  }

  async readFile(path: string): Promise<Uint8Array> {
    return this.#tree.fileAt(path).bytes().slice()
  }

  async readRange(path: string, offset: number, length: number): Promise<Uint8Array> {
    return this.#tree
      .fileAt(path)
      .bytes()
      .slice(offset, offset + length)
  }

  async list(path: string): Promise<readonly DiskEntry[]> {
    return this.#tree.list(path)
  }

  async stat(path: string): Promise<DiskStat | undefined> {
    return this.#tree.stat(path)
  }

  async realPath(path: string): Promise<string | undefined> {
    return this.#tree.stat(path) === undefined ? undefined : this.#tree.canonical(path)
  }

  async create(path: string): Promise<DiskFile> {
    const { directory, name } = this.#tree.newName(path)
    const file = this.#tree.newNode()
    this.#mutate({ kind: 'create', path, directory, name, node: file, createdAt: this.#options.now?.() ?? 0 })
    return this.#open(path, file)
  }

  async append(path: string): Promise<DiskFile> {
    return this.#open(path, this.#tree.nodeOfFile(path))
  }

  async makeDirectory(path: string): Promise<void> {
    for (const { directory, name, path: made } of this.#tree.missingDirectories(path)) {
      this.#mutate({
        kind: 'make-directory',
        path: made,
        directory: directory(),
        name,
        node: this.#tree.newNode(),
      })
    }
  }

  async rename(from: string, to: string): Promise<void> {
    const source = this.#tree.existingName(from)
    const target = this.#tree.placeFor(to)
    const node = this.#tree.nodeAt(from)
    if (this.#tree.isDirectory(node) || this.#tree.stat(to)?.kind === 'directory') {
      throw new Error(`the simulated disk renames files only, not ${from} to ${to}`)
    }
    this.#mutate({ kind: 'rename', path: from, to, node, from: source, target })
  }

  async remove(path: string): Promise<void> {
    const stat = this.#tree.stat(path)
    if (stat === undefined) return
    this.#tree.nodeOfFile(path)
    this.#mutate({ kind: 'remove', path, ...this.#tree.existingName(path) })
  }

  async removeDirectory(path: string): Promise<void> {
    if (this.#tree.stat(path)?.kind !== 'directory' || this.#tree.list(path).length > 0) return
    this.#mutate({ kind: 'remove', path, ...this.#tree.existingName(path) })
  }

  async syncDirectory(path: string): Promise<void> {
    this.#mutate({ kind: 'sync-directory', path, node: this.#tree.nodeOfDirectory(path) })
  }

  async lock(path: string, owner: string): Promise<DiskLock | { readonly heldBy: string }> {
    const key = this.#tree.canonical(path)
    const heldBy = this.#locks.get(key)
    if (heldBy !== undefined) return { heldBy }
    this.#locks.set(key, owner)
    return { release: async () => void this.#locks.delete(key) }
  }

  #open(path: string, node: number): DiskFile {
    const write = (bytes: Uint8Array): void => {
      if (bytes.length === 0) return
      // A copy: the caller may use the memory again.
      this.#mutate({ kind: 'write', path, node, offset: this.#tree.sizeOf(node), bytes: bytes.slice() })
    }
    return {
      write: async (bytes) => write(bytes),
      writeAll: async (parts) => write(Buffer.concat(parts)),
      sync: async () => this.#mutate({ kind: 'sync-file', path, node }),
      truncate: async (bytes) => this.#mutate({ kind: 'truncate', path, node, bytes }),
      close: async () => undefined,
    }
  }

  #mutate(mutation: Mutation): void {
    this.#options.onMutation?.(this.#journal.length, `${mutation.kind} ${mutation.path}`)
    this.#journal.push(mutation)
    this.#tree.apply(mutation)
  }
}
