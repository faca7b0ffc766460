import type { Disk, OpenFile } from '../../storage/disk.ts'
import { nodeDisk } from '../../storage/node-disk.ts'
import { readFileChunks } from '../../storage/read-file-chunks.ts'
import { changedMeanwhile, onFolder } from '../stored-archive.ts'

/** A local file as a stream, which can also be read where it lies, in any order. */
export class FileBytes implements AsyncIterable<Uint8Array> {
  readonly #disk: Disk
  readonly #path: string
  readonly #stream: () => AsyncIterable<Uint8Array>
  /** As it was when it was found, if that is known. */
  readonly #fingerprint: string | undefined

  constructor(
    disk: Disk,
    path: string,
    stream: () => AsyncIterable<Uint8Array>,
    fingerprint: string | undefined,
  ) {
    this.#disk = disk
    this.#path = path
    this.#stream = stream
    this.#fingerprint = fingerprint
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return this.#stream()[Symbol.asyncIterator]()
  }

  /** To be closed in any case. Undefined where the disk keeps no files open. @throws archive-folder-failed */
  open(): Promise<PlacedFile | undefined> {
    return onFolder('open', this.#path, async () => {
      const file = await this.#disk.openFile?.(this.#path)
      if (file === undefined) return undefined
      try {
        const placed =
          file.fill && file.fingerprint && new PlacedFile(this.#path, file, await file.fingerprint())
        if (placed === undefined) file.close()
        else if (this.#fingerprint !== undefined && placed.fingerprint !== this.#fingerprint)
          throw changedMeanwhile(this.#path)
        return placed
      } catch (error) {
        file.close()
        throw error
      }
    })
  }
}

/** A file by its path: the stream has the system's own errors, such as ENOENT. */
export function readFileStream(path: string, disk: Disk = nodeDisk): AsyncIterable<Uint8Array> {
  return new FileBytes(disk, path, () => readFileChunks(path, disk), undefined)
}

/** An open file, of which any range can be read. */
export class PlacedFile {
  readonly bytes: number
  readonly fingerprint: string
  readonly #path: string
  readonly #file: OpenFile

  constructor(path: string, file: OpenFile, fingerprint: string) {
    this.#path = path
    this.#file = file
    this.bytes = file.bytes
    this.fingerprint = fingerprint
  }

  /** The range, in `into` if that is given and large enough. @throws archive-folder-failed */
  async read(offset: number, length: number, into?: Uint8Array): Promise<Uint8Array> {
    const target =
      into !== undefined && into.byteLength >= length
        ? into.subarray(0, length)
        : new Uint8Array(Buffer.allocUnsafeSlow(length).buffer)
    const filled = await onFolder('read', this.#path, () => this.#file.fill!(offset, [target]))
    if (filled === length) return target
    throw changedMeanwhile(this.#path)
  }

  /** To be asked when all has been read. @throws archive-folder-failed if it is another file than when it was opened */
  async checkUnchanged(): Promise<void> {
    const now = await onFolder('look up', this.#path, () => this.#file.fingerprint!())
    if (now !== this.fingerprint) throw changedMeanwhile(this.#path)
  }

  close(): void {
    this.#file.close()
  }
}
