import { createHash } from 'node:crypto'
import { DatabaseError } from '../../errors/database-error.ts'
import { checkMembers, type Members } from '../../errors/known-members.ts'
import type { Clock } from '../../runtime/clock.ts'
import { readAhead } from '../../segment/file-reader.ts'
import type { ObjectStore } from '../../storage/object-store.ts'
import type { VerifiedObjects } from '../../storage/verified-objects.ts'
import { Pace } from './pace.ts'
import { isDamage, whyUnread, whyWrong, type PlannedFile, type Problem, type VerifyPlan } from './plan.ts'

export interface VerifyProgress {
  /** Of the whole snapshot, those before the position that the run began at included. */
  readonly bytes: number
  readonly totalBytes: number
  /** Key of the object that is being read. */
  readonly file: string
  /** How many were found so far. */
  readonly problems: number
}

export interface VerifyOptions {
  readonly signal?: AbortSignal
  /** Reads no faster. Default: as fast as it goes. */
  readonly bytesPerSecond?: number
  readonly onProgress?: (progress: VerifyProgress) => void
  /** `resumeFrom` of a run that did not come to its end. */
  readonly from?: string
}

const ofVerify: Members<VerifyOptions> = { signal: true, bytesPerSecond: true, onProgress: true, from: true }

/** @throws request-invalid naming the member */
export function checkVerifyOptions(options: VerifyOptions): void {
  checkMembers(options, ofVerify, { cannot: 'Cannot verify the snapshot', of: 'the options' })
}

export interface VerifyReport {
  /** True if every file was read and is what its manifest states. */
  readonly ok: boolean
  /** Everything that is wrong, not only the first. */
  readonly problems: readonly Problem[]
  /** Objects that were looked at. */
  readonly files: number
  /** Bytes that were read. */
  readonly bytes: number
  readonly durationMs: number
  /** Set if it was cancelled or the database was closed: pass it as `from` to go on. `ok` is false then. */
  readonly resumeFrom?: string
}

export interface VerifySource {
  readonly store: ObjectStore
  readonly clock: Clock
  /** True if the run has to end before its end. */
  readonly isStopped: () => boolean
  /** Objects before `from` that are read all the same: an earlier part of the run found them damaged. */
  readonly again: ReadonlySet<string>
  /** Objects that are not read: somebody knows that they are whole. */
  readonly known?: ReadonlySet<string>
  /** Learns of those that are read. */
  readonly verified?: VerifiedObjects
}

/** The bytes before a position. @throws request-invalid if it is none of this plan */
export function bytesBefore(plan: VerifyPlan, from: string | undefined): number {
  if (from === undefined) return 0
  if (!plan.files.some(({ key }) => key === from)) {
    throw new DatabaseError(
      'request-invalid',
      `Cannot go on verifying from "${from}": it is no file of this snapshot`,
      { from },
    )
  }
  return plan.files.reduce((sum, { key, bytes }) => (key < from ? sum + bytes : sum), 0)
}

/** Visits the plan's files in order, reads and hashes each. A run that is stopped says where it was. */
export async function runVerification(
  source: VerifySource,
  plan: VerifyPlan,
  options: VerifyOptions,
): Promise<VerifyReport> {
  const run = new VerifyRun(source, plan, options)
  return run.run()
}

class VerifyRun {
  readonly #source: VerifySource
  readonly #plan: VerifyPlan
  readonly #options: VerifyOptions
  readonly #pace: Pace
  readonly #problems: Problem[] = []
  readonly #startedAt: number
  #bytes = 0
  #files = 0
  /** Bytes of the files that are done. */
  #done: number

  constructor(source: VerifySource, plan: VerifyPlan, options: VerifyOptions) {
    this.#source = source
    this.#plan = plan
    this.#options = options
    this.#pace = new Pace(source.clock, options.bytesPerSecond)
    this.#startedAt = source.clock.monotonic()
    this.#done = bytesBefore(plan, options.from)
  }

  async run(): Promise<VerifyReport> {
    const { from } = this.#options
    for (const file of this.#plan.files) {
      const isBefore = from !== undefined && file.key < from
      if (isBefore && !this.#source.again.has(file.key)) continue
      if (this.#source.isStopped()) return this.#report(isBefore ? from : file.key)
      const isWhole = await this.#visit(file)
      if (!isWhole) return this.#report(isBefore ? from : file.key)
      this.#files += 1
      if (!isBefore) this.#done += file.bytes
      this.#progress(file, 0)
    }
    return this.#report(undefined)
  }

  /** False if it was stopped in the middle. */
  async #visit(file: PlannedFile): Promise<boolean> {
    if (file.sha256 === undefined) {
      this.#problems.push(...this.#plan.problems.filter((problem) => problem.file === file.key))
      this.#bytes += file.bytes
      await this.#pace.take(file.bytes, this.#options.signal)
      return true
    }
    if (this.#source.known?.has(file.key) === true) return true
    try {
      const why = await this.#hash(file, file.sha256)
      if (why === 'stopped') return false
      if (why !== undefined) this.#blame(file, why)
    } catch (error) {
      if (!isDamage(error)) throw error
      this.#blame(file, whyUnread(error))
    }
    return true
  }

  #blame({ key }: PlannedFile, why: string): void {
    this.#problems.push({ file: key, why })
    this.#source.verified?.forget([key])
  }

  async #hash(file: PlannedFile, sha256: string): Promise<string | undefined> {
    const { store, verified } = this.#source
    const object = await store.head(file.key)
    if (object === undefined) return 'missing'
    if (object.bytes !== file.bytes) return whyWrong(object.bytes, sha256, { ...file, sha256 })
    const hash = createHash('sha256')
    let bytes = 0
    for await (const chunk of readAhead(store.stream(file.key))) {
      hash.update(chunk)
      bytes += chunk.byteLength
      this.#bytes += chunk.byteLength
      this.#progress(file, Math.min(bytes, file.bytes))
      await this.#pace.take(chunk.byteLength, this.#options.signal)
      // At its end it may as well count: nothing has to be read again.
      if (bytes < file.bytes && this.#source.isStopped()) return 'stopped'
    }
    const why = whyWrong(bytes, hash.digest('hex'), { bytes: file.bytes, sha256 })
    if (why === undefined) await verified?.read(object, { bytes, sha256 })
    return why
  }

  #progress(file: PlannedFile, inFile: number): void {
    const { totalBytes } = this.#plan
    this.#options.onProgress?.({
      bytes: Math.min(this.#done + inFile, totalBytes),
      totalBytes,
      file: file.key,
      problems: this.#problems.length,
    })
  }

  #report(resumeFrom: string | undefined): VerifyReport {
    return {
      ok: this.#problems.length === 0 && resumeFrom === undefined,
      problems: this.#problems,
      files: this.#files,
      bytes: this.#bytes,
      durationMs: this.#source.clock.monotonic() - this.#startedAt,
      ...(resumeFrom === undefined ? {} : { resumeFrom }),
    }
  }
}
