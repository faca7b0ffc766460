import type { DiskEntry, DiskStat } from '../../src/storage/disk.ts'
import type { ContentChange, Mutation, Place } from './disk-journal.ts'

export const rootNode = 0

export interface FileImage {
  readonly kind: 'file'
  readonly changes: readonly ContentChange[]
  readonly createdAt: number
}

export interface DirectoryImage {
  readonly kind: 'directory'
  readonly entries: ReadonlyMap<string, number>
}

/** Files and directories at rest. Never changed once made: many disks begin from one image. */
export class DiskImage {
  readonly nodes: ReadonlyMap<number, FileImage | DirectoryImage>
  readonly nextNode: number

  constructor(nodes: ReadonlyMap<number, FileImage | DirectoryImage>, nextNode: number) {
    this.nodes = nodes
    this.nextNode = nextNode
  }

  static empty(): DiskImage {
    return new DiskImage(new Map([[rootNode, { kind: 'directory', entries: new Map() }]]), rootNode + 1)
  }

  open(): FileTree {
    return new FileTree(this)
  }
}

/**
 * A file's bytes as the changes that made them; they are laid out only when somebody reads. So a disk after a crash
 * costs as much as its recovery reads, not as much as was ever written.
 */
export class SimulatedFile {
  readonly createdAt: number
  #changes: ContentChange[]
  #size = 0
  /** How often its bytes were changed. */
  #version: number
  #memory: Uint8Array | undefined
  /** How much of the memory is the file, as far as it has been laid out. */
  #laidOut = 0

  constructor(image: FileImage) {
    this.createdAt = image.createdAt
    this.#changes = [...image.changes]
    this.#version = image.changes.length
    for (const change of image.changes) this.#resize(change)
  }

  get size(): number {
    return this.#size
  }

  get version(): number {
    return this.#version
  }

  apply(change: ContentChange): void {
    this.#changes.push(change)
    this.#version += 1
    this.#resize(change)
  }

  bytes(): Uint8Array {
    let memory = this.#memory ?? new Uint8Array(0)
    let size = this.#laidOut
    for (const change of this.#changes) {
      const end =
        change.kind === 'truncate' ? change.bytes : Math.max(size, change.offset + change.bytes.length)
      if (end > memory.length) {
        const larger = new Uint8Array(Math.max(end, memory.length * 2, 1024))
        larger.set(memory.subarray(0, size))
        memory = larger
      }
      // Bytes beyond a truncation are gone: a later extension finds zeros.
      if (end < size) memory.fill(0, end, size)
      if (change.kind === 'write') memory.set(change.bytes, change.offset)
      size = end
    }
    this.#changes = []
    this.#memory = memory
    this.#laidOut = size
    return memory.subarray(0, size)
  }

  #resize(change: ContentChange): void {
    this.#size =
      change.kind === 'truncate' ? change.bytes : Math.max(this.#size, change.offset + change.bytes.length)
  }
}

/** A disk's present state: what programs see. */
export class FileTree {
  readonly #image: DiskImage
  /** Nodes that were used or changed since the image; the others are still as they are there. */
  readonly #files = new Map<number, SimulatedFile>()
  readonly #directories = new Map<number, Map<string, number>>()
  #nextNode: number

  constructor(image: DiskImage) {
    this.#image = image
    this.#nextNode = image.nextNode
  }

  newNode(): number {
    return this.#nextNode++
  }

  apply(mutation: Mutation): void {
    if ('node' in mutation) this.#nextNode = Math.max(this.#nextNode, mutation.node + 1)
    switch (mutation.kind) {
      case 'create':
        this.#files.set(
          mutation.node,
          new SimulatedFile({ kind: 'file', changes: [], createdAt: mutation.createdAt }),
        )
        return this.#link(mutation, mutation.node)
      case 'make-directory':
        this.#directories.set(mutation.node, new Map())
        return this.#link(mutation, mutation.node)
      case 'remove':
        this.#directory(mutation.directory)!.delete(mutation.name)
        return
      case 'rename':
        this.#directory(mutation.from.directory)!.delete(mutation.from.name)
        return this.#link(mutation.target, mutation.node)
      case 'write':
      case 'truncate':
        this.#file(mutation.node)!.apply(mutation)
        return
      case 'sync-file':
      case 'sync-directory':
        return
    }
  }

  fileAt(path: string): SimulatedFile {
    return this.#file(this.nodeOfFile(path))!
  }

  nodeOfFile(path: string): number {
    const node = this.nodeAt(path)
    if (this.isDirectory(node)) throw systemError('EISDIR', path)
    return node
  }

  nodeOfDirectory(path: string): number {
    const node = this.nodeAt(path)
    if (!this.isDirectory(node)) throw systemError('ENOTDIR', path)
    return node
  }

  nodeAt(path: string): number {
    const node = this.#find(path)
    if (node === undefined) throw systemError('ENOENT', path)
    return node
  }

  isDirectory(node: number): boolean {
    return this.#directory(node) !== undefined
  }

  sizeOf(node: number): number {
    return this.#file(node)!.size
  }

  stat(path: string): DiskStat | undefined {
    const node = this.#find(path)
    if (node === undefined) return undefined
    const file = this.#file(node)
    if (file === undefined) return { kind: 'directory', bytes: 0, createdAt: 0 }
    const fingerprint = `${node}:${file.size}:${file.version}`
    return { kind: 'file', bytes: file.size, createdAt: file.createdAt, fingerprint }
  }

  list(path: string): readonly DiskEntry[] {
    const node = this.#find(path)
    if (node === undefined) return []
    const entries = this.#directory(node)
    if (entries === undefined) throw systemError('ENOTDIR', path)
    return [...entries].map(([name, child]) => ({
      name,
      kind: this.isDirectory(child) ? 'directory' : 'file',
    }))
  }

  canonical(path: string): string {
    return `/${partsOf(path).join('/')}`
  }

  existingName(path: string): Place {
    this.nodeAt(path)
    return this.placeFor(path)
  }

  newName(path: string): Place {
    if (this.#find(path) !== undefined) throw systemError('EEXIST', path)
    return this.placeFor(path)
  }

  placeFor(path: string): Place {
    const parts = partsOf(path)
    const name = parts.pop()
    if (name === undefined) throw systemError('EINVAL', path)
    return { directory: this.nodeOfDirectory(`/${parts.join('/')}`), name }
  }

  /** The directories to make for a path, from the top; each one's parent exists once those before it were made. */
  missingDirectories(path: string): { path: string; name: string; directory: () => number }[] {
    const missing: { path: string; name: string; directory: () => number }[] = []
    const parts = partsOf(path)
    for (let count = 1; count <= parts.length; count++) {
      const made = `/${parts.slice(0, count).join('/')}`
      const stat = this.stat(made)
      if (stat !== undefined && stat.kind !== 'directory') throw systemError('EEXIST', made)
      if (stat !== undefined) continue
      const parent = `/${parts.slice(0, count - 1).join('/')}`
      missing.push({ path: made, name: parts[count - 1]!, directory: () => this.nodeAt(parent) })
    }
    return missing
  }

  paths(): readonly string[] {
    const found: string[] = []
    const walk = (node: number, path: string): void => {
      for (const [name, child] of this.#directory(node)!) {
        if (this.isDirectory(child)) walk(child, `${path}/${name}`)
        else found.push(`${path}/${name}`)
      }
    }
    walk(rootNode, '')
    return found.sort()
  }

  #find(path: string): number | undefined {
    let node = rootNode
    for (const part of partsOf(path)) {
      const child = this.#directory(node)?.get(part)
      if (child === undefined) return undefined
      node = child
    }
    return node
  }

  #link(place: Place, node: number): void {
    this.#directory(place.directory)!.set(place.name, node)
  }

  #file(node: number): SimulatedFile | undefined {
    const image = this.#image.nodes.get(node)
    if (!this.#files.has(node) && image?.kind === 'file') this.#files.set(node, new SimulatedFile(image))
    return this.#files.get(node)
  }

  #directory(node: number): Map<string, number> | undefined {
    const image = this.#image.nodes.get(node)
    if (!this.#directories.has(node) && image?.kind === 'directory')
      this.#directories.set(node, new Map(image.entries))
    return this.#directories.get(node)
  }
}

function partsOf(path: string): string[] {
  return path.split('/').filter((part) => part !== '' && part !== '.')
}

function systemError(code: string, path: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: ${path}`), { code, path })
}
