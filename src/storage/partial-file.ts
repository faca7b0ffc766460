import { basename, dirname } from 'node:path'
import type { Disk, DiskFile } from './disk.ts'
import { nodeDisk } from './node-disk.ts'

// A local file that is fetched in one or more attempts. Until it is whole it is called `<name>.<tag>.part`; the tag names
// the version that is fetched, so that parts of two versions are never put together.

/** Open it with `openPartialFile`; end it with `publish`, or with `close` to go on another time. */
export class PartialFile {
  readonly #path: string
  readonly #disk: Disk
  #tag: string | undefined
  #bytes: number
  #file: DiskFile | undefined

  constructor(path: string, disk: Disk, part: { readonly tag: string; readonly bytes: number } | undefined) {
    this.#path = path
    this.#disk = disk
    this.#tag = part?.tag
    this.#bytes = part?.bytes ?? 0
  }

  /** Of the version that an earlier attempt began with; undefined if there was none. */
  get tag(): string | undefined {
    return this.#tag
  }

  /** How much of it is there. */
  get bytes(): number {
    return this.#bytes
  }

  /** Begins anew with another version. `tag`: letters, digits and hyphens. */
  async begin(tag: string): Promise<void> {
    if (this.#tag !== undefined) await this.#disk.remove(this.#partPath)
    this.#tag = tag
    this.#bytes = 0
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.#file ??= await this.#open()
    await this.#file.write(bytes)
    this.#bytes += bytes.byteLength
  }

  /** It is whole: durable, and under its own name, in place of what had it. */
  async publish(): Promise<void> {
    this.#file ??= await this.#open()
    await this.#file.sync()
    await this.close()
    await this.#disk.rename(this.#partPath, this.#path)
    await this.#disk.syncDirectory(dirname(this.#path))
  }

  /** The part stays for another attempt. */
  async close(): Promise<void> {
    await this.#file?.close()
    this.#file = undefined
  }

  get #partPath(): string {
    return `${this.#path}.${this.#tag ?? ''}.part`
  }

  #open(): Promise<DiskFile> {
    return this.#bytes === 0 ? this.#disk.create(this.#partPath) : this.#disk.append(this.#partPath)
  }
}

/** Finds what an earlier attempt has left. @throws what the system says of the folder */
export async function openPartialFile(path: string, disk: Disk = nodeDisk): Promise<PartialFile> {
  const directory = dirname(path)
  const prefix = `${basename(path)}.`
  const parts = (await disk.list(directory)).filter(
    ({ name }) => name.startsWith(prefix) && /^[A-Za-z0-9-]+\.part$/.test(name.slice(prefix.length)),
  )
  let kept: { readonly tag: string; readonly bytes: number } | undefined
  for (const { name } of parts) {
    const stat = await disk.stat(`${directory}/${name}`)
    const tag = name.slice(prefix.length, -'.part'.length)
    // An empty one says nothing, and a new one could not be made in its place.
    if (stat?.kind !== 'file' || stat.bytes === 0 || kept !== undefined)
      await disk.remove(`${directory}/${name}`)
    else kept = { tag, bytes: stat.bytes }
  }
  return new PartialFile(path, disk, kept)
}
