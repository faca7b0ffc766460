import { DatabaseError } from '../../errors/database-error.ts'
import { allEnded } from '../../runtime/all-ended.ts'
import type { OpenFile } from '../../storage/disk.ts'
import { copyInto, readInto, totalBytes } from '../../storage/read-into.ts'
import type { ObjectStore } from '../../storage/object-store.ts'
import { checkLength, type StatedFile } from '../file-reader.ts'
import { corruptFile } from '../format.ts'
import { sharedBytes } from '../shared-array.ts'
import type { BlockSums } from './block-sums.ts'
import { blocksAround, type BlockFault, type CheckStep, type FileSource } from './checked-blocks.ts'
import type { LoadJob, LoadResult, SharedCounter } from './load-job.ts'
import type { RunLoadJob } from './load-threads.ts'

// Bytes that are read and hashed in one step, at least: other threads do the next ones meanwhile, or they are read while these
// are hashed.
const stepBytes = 8 * 2 ** 20

/** Bytes of a file from `offset` on, and where they are to go, one target after the other. */
export interface Stretch {
  readonly offset: number
  readonly targets: readonly Uint8Array[]
}

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
    const { from, to } = blocksAround(start, end, { bytes: this.bytes, ...this.#sums })
    return (await this.#readBlocks(from, to, room)).subarray(start - from, end - from)
  }

  /**
   * Runs jobs that read the file themselves, one in each thread, and gives what they give; undefined where they cannot read, or
   * not in parts. @throws segment-corrupt
   */
  async inThreads<J extends LoadJob>(
    jobOf: (source: FileSource, next: SharedCounter) => J,
  ): Promise<readonly LoadResult<J>[] | undefined> {
    const { threads } = this.#run
    if (threads === 0 || !this.canStayOpen || !this.isInBlocks) return undefined
    return this.#inThreads((source, next) =>
      allEnded(Array.from({ length: threads }, () => this.#run(jobOf(source, next)))),
    )
  }

  /**
   * Reads the whole file into the targets, which are as long as it is, one after the other. Nobody looks into them any more when
   * this ends, however it does. @throws segment-corrupt
   */
  async readInto(targets: readonly Uint8Array[]): Promise<void> {
    await this.#readSteps([...stepsOf({ offset: 0, targets }, this.#stepBytes)])
  }

  /**
   * Reads stretches of the file, which follow each other in it and lie in it, to where they are to go: shared memory. Nobody looks
   * into that any more when this ends, however it does. @throws segment-corrupt
   */
  async readStretches(stretches: readonly Stretch[]): Promise<void> {
    if (!this.isInBlocks) {
      for (const { offset, targets } of stretches)
        copyInto(await this.read(offset, offset + totalBytes(targets)), targets)
      return
    }
    const source = { bytes: this.bytes, ...this.#sums }
    const whole = [...wholeBlocks(stretches, source)]
    await this.#readSteps(whole.flatMap((stretch) => [...stepsOf(stretch, this.#stepBytes)]))
  }

  get #stepBytes(): number {
    const { blockBytes } = this.#sums
    return Math.max(1, Math.ceil(stepBytes / blockBytes)) * blockBytes
  }

  async #readBlocks(from: number, to: number, room?: Uint8Array): Promise<Uint8Array> {
    const bytes =
      room !== undefined && room.length >= to - from ? room.subarray(0, to - from) : sharedBytes(to - from)
    await this.#readSteps([{ offset: from, pieces: [bytes] }])
    return bytes
  }

  async #readSteps(steps: readonly CheckStep[]): Promise<void> {
    if (this.#run.threads > 0 && this.canStayOpen) {
      await this.#inThreads(async ({ descriptor }, next) => {
        if (steps.length < 2) return this.#check(steps, { descriptor })
        const jobs = Math.min(this.#run.threads, steps.length)
        await allEnded(Array.from({ length: jobs }, () => this.#check(steps, { next, descriptor })))
        return undefined
      })
      return
    }
    const checks: Promise<void>[] = []
    try {
      for (const step of steps) {
        await readInto(this.#store, this.key, step.offset, step.pieces)
        const check = this.#check([step])
        // Its failure comes to light below; until then it must not count as unhandled.
        check.catch(() => undefined)
        checks.push(check)
      }
    } finally {
      await Promise.allSettled(checks)
    }
    await Promise.all(checks)
  }

  async #inThreads<T>(work: (source: FileSource, next: SharedCounter) => Promise<T>): Promise<T> {
    const opened = await this.keepOpen()
    try {
      const source = { ...this.#sums, descriptor: opened.descriptor, bytes: this.bytes }
      return await work(source, new Int32Array(new SharedArrayBuffer(4)))
    } finally {
      opened.close()
    }
  }

  /** What has been read; or what is to be read first, by several threads, from a descriptor. */
  async #check(
    steps: readonly CheckStep[],
    where: { readonly next?: SharedCounter; readonly descriptor?: number } = {},
  ): Promise<void> {
    const fault = await this.#run({ kind: 'check', steps, ...where, blocks: this.#sums })
    if (fault !== undefined) throw this.faulty(fault)
  }

  /** What is thrown for a fault. */
  faulty(fault: BlockFault): DatabaseError {
    if ('unread' in fault) {
      const { key } = this
      return new DatabaseError('read-failed', `Cannot read ${key}: ${fault.unread}`, { key })
    }
    if (!this.isInBlocks)
      return this.#corrupt(`its SHA-256 is ${fault.sha256}, its manifest says ${this.#file.sha256}`)
    const { blockBytes } = this.#sums
    const at = fault.block * blockBytes
    const end = Math.min(at + blockBytes, this.bytes)
    return this.#corrupt(`the SHA-256 of bytes ${at} to ${end} is not the one in the segment's sums`)
  }

  #corrupt(why: string): DatabaseError {
    return corruptFile(this.key, why)
  }
}

/**
 * The same stretches with the rest of the blocks that they are in, in memory that nobody wants: one for all whose blocks follow
 * each other.
 */
function* wholeBlocks(
  stretches: readonly Stretch[],
  file: BlockSums & { readonly bytes: number },
): Iterable<Stretch> {
  let offset = 0
  let end = 0
  let targets: Uint8Array[] = []
  const skipTo = (at: number): void => {
    if (at > end) targets.push(sharedBytes(at - end))
    end = at
  }
  for (const stretch of stretches) {
    const { from } = blocksAround(stretch.offset, stretch.offset, file)
    const { to } = blocksAround(offset, end, file)
    if (targets.length > 0 && from >= to) {
      skipTo(to)
      yield { offset, targets }
      targets = []
    }
    if (targets.length === 0) offset = end = from
    skipTo(stretch.offset)
    targets.push(...stretch.targets)
    end += totalBytes(stretch.targets)
  }
  if (targets.length === 0) return
  skipTo(blocksAround(offset, end, file).to)
  yield { offset, targets }
}

/** The targets cut at each multiple of `stepLength`, counted from the first. */
function* stepsOf({ offset: start, targets }: Stretch, stepLength: number): Iterable<CheckStep> {
  let offset = start
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
