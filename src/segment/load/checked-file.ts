import type { OpenFile } from '../../storage/disk.ts'
import { readInto } from '../../storage/read-into.ts'
import type { ObjectStore } from '../../storage/object-store.ts'
import { checkLength, type StatedFile } from '../file-reader.ts'
import { corruptFile } from '../format.ts'
import { sharedBytes } from '../shared-array.ts'
import { sumBytes, type BlockSums } from './block-sums.ts'
import type { RunLoadJob } from './load-threads.ts'

// Bytes that are read and hashed in one step, at least: while they are hashed, the next are read.
const stepBytes = 8 * 2 ** 20

/**
 * A file of a segment, of which no byte is given before its SHA-256 was compared with what the manifest states: block by
 * block where the segment has sums of the file, otherwise whole.
 */
export class CheckedFile {
  readonly #store: ObjectStore
  readonly #file: StatedFile
  readonly #sums: BlockSums
  readonly #run: RunLoadJob
  /** All of it, if it is one block. */
  #whole: Promise<Uint8Array> | undefined

  private constructor(store: ObjectStore, file: StatedFile, sums: BlockSums, run: RunLoadJob) {
    this.#store = store
    this.#file = file
    this.#sums = sums
    this.#run = run
  }

  /** @throws segment-corrupt if its length is another than stated, object-not-found */
  static async open(
    store: ObjectStore,
    file: StatedFile,
    sums: BlockSums | undefined,
    run: RunLoadJob,
  ): Promise<CheckedFile> {
    // Nothing is allocated by a length that only the manifest claims.
    await checkLength(store, file)
    const whole = { blockBytes: Math.max(file.bytes, 1), sums: Buffer.from(file.sha256, 'hex') }
    return new CheckedFile(store, file, sums ?? whole, run)
  }

  get key(): string {
    return this.#file.key
  }

  get bytes(): number {
    return this.#file.bytes
  }

  /** False if a part of it costs as much as all of it. */
  get isInBlocks(): boolean {
    return this.#sums.blockBytes < this.#file.bytes
  }

  /** Whether it is a local file, which can be read later on as well. */
  get canStayOpen(): boolean {
    return this.#store.openFile !== undefined
  }

  /** The caller closes it. Nothing that is read from it has been checked. @throws segment-corrupt if its length is another than stated */
  async keepOpen(): Promise<OpenFile> {
    const opened = await this.#store.openFile!(this.key)
    if (opened.bytes === this.bytes) return opened
    opened.close()
    throw this.#corrupt(`it has ${opened.bytes} bytes, its manifest says ${this.bytes}`)
  }

  /**
   * The bytes from `start` to `end`, in shared memory; a view of more where they are no whole blocks. `room`: shared memory that
   * may be used for it, if it is large enough. @throws segment-corrupt
   */
  async read(start: number, end: number, room?: Uint8Array): Promise<Uint8Array> {
    if (start < 0 || end < start || end > this.bytes) throw this.#corrupt('it is too short')
    if (!this.isInBlocks)
      return (await (this.#whole ??= this.#readBlocks(0, this.bytes))).subarray(start, end)
    const { blockBytes } = this.#sums
    const from = Math.floor(start / blockBytes) * blockBytes
    const to = Math.min(Math.ceil(end / blockBytes) * blockBytes, this.bytes)
    return (await this.#readBlocks(from, to, room)).subarray(start - from, end - from)
  }

  /** Reads the whole file into the targets, which are as long as it is, one after the other. @throws segment-corrupt */
  async readInto(targets: readonly Uint8Array[]): Promise<void> {
    const checks: Promise<void>[] = []
    try {
      const { blockBytes } = this.#sums
      const step = Math.max(1, Math.ceil(stepBytes / blockBytes)) * blockBytes
      for (const { offset, pieces } of stepsOf(targets, step)) {
        await readInto(this.#store, this.key, offset, pieces)
        const check = this.#check(offset, pieces)
        // Its failure comes to light below; until then it must not count as unhandled.
        check.catch(() => undefined)
        checks.push(check)
      }
    } finally {
      // Nobody looks into the targets any more when this ends, however it does.
      await Promise.allSettled(checks)
    }
    await Promise.all(checks)
  }

  async #readBlocks(from: number, to: number, room?: Uint8Array): Promise<Uint8Array> {
    const bytes =
      room !== undefined && room.length >= to - from ? room.subarray(0, to - from) : sharedBytes(to - from)
    await readInto(this.#store, this.key, from, [bytes])
    await this.#check(from, [bytes])
    return bytes
  }

  /** `pieces` are what was read from `offset`, where a block begins. */
  async #check(offset: number, pieces: readonly Uint8Array[]): Promise<void> {
    const { blockBytes, sums } = this.#sums
    const first = offset / blockBytes
    const bytes = pieces.reduce((sum, { length }) => sum + length, 0)
    const count = this.bytes === 0 ? 0 : Math.ceil(bytes / blockBytes)
    const expected = sums.subarray(first * sumBytes, (first + count) * sumBytes)
    const { wrongBlock, sha256 } = await this.#run({ kind: 'check', pieces, blockBytes, sums: expected })
    if (wrongBlock < 0) return
    if (!this.isInBlocks)
      throw this.#corrupt(`its SHA-256 is ${sha256}, its manifest says ${this.#file.sha256}`)
    const at = offset + wrongBlock * blockBytes
    const end = Math.min(at + blockBytes, this.bytes)
    throw this.#corrupt(`the SHA-256 of bytes ${at} to ${end} is not the one in the segment's sums`)
  }

  #corrupt(why: string): Error {
    return corruptFile(this.key, why)
  }
}

interface Step {
  readonly offset: number
  readonly pieces: readonly Uint8Array[]
}

/** The targets cut at each multiple of `stepBytes`. */
function* stepsOf(targets: readonly Uint8Array[], stepLength: number): Iterable<Step> {
  let offset = 0
  let pieces: Uint8Array[] = []
  let bytes = 0
  for (const target of targets) {
    for (let at = 0; at < target.length;) {
      const piece = target.subarray(at, at + stepLength - bytes)
      pieces.push(piece)
      bytes += piece.length
      at += piece.length
      if (bytes < stepLength) continue
      yield { offset, pieces }
      offset += bytes
      pieces = []
      bytes = 0
    }
  }
  if (bytes > 0) yield { offset, pieces }
}
