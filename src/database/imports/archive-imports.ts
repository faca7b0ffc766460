import { DatabaseError } from '../../errors/database-error.ts'
import { checkMembers, type Members } from '../../errors/known-members.ts'
import type { Timer } from '../../runtime/clock.ts'
import { Mutex } from '../../runtime/mutex.ts'
import { ChunkQueue } from './chunk-queue.ts'
import type { Engine } from '../engine.ts'
import {
  ofAnyArchive,
  restoreArchive,
  restoreStoreArchive,
  type RestoreStoreOptions,
} from '../restore-archive.ts'

// An archive that comes in pieces, over connections that break. The restore runs from the first piece on and waits
// where they stop: what was received is checked and stored, entry by entry, and its segments are pinned until the
// session ends. It ends in one way or another: finished, failed, cancelled, or given up after a time without a piece.
// Sessions live in memory: after a restart they are gone, and garbage collection takes what they had stored.

export const importStates = ['open', 'completed', 'failed', 'cancelled'] as const
export type ImportState = (typeof importStates)[number]

export interface ImportOptions extends Omit<RestoreStoreOptions, 'signal' | 'onProgress'> {
  /** Name of the collection to restore into; left out for an archive of the whole store. */
  readonly into?: string
  /** Milliseconds without a piece after which the session is given up. Default an hour. */
  readonly idleMs?: number
}

const ofImport: Members<ImportOptions> = { ...ofAnyArchive, replace: true, into: true, idleMs: true }

export interface ImportInfo {
  readonly id: string
  readonly state: ImportState
  readonly into: string | null
  /** Bytes of the archive that were received and checked: the next piece begins here. */
  readonly offset: number
  /** When it is given up, or forgotten, if nothing happens; milliseconds since the epoch. */
  readonly expiresAt: number
  /** Why it failed. */
  readonly error: DatabaseError | null
}

const idleMsDefault = 3_600_000
const openMax = 16

/** A restore whose archive comes in pieces. */
export class ArchiveImport {
  readonly id: string
  readonly #options: ImportOptions
  readonly #engine: Engine
  readonly #queue = new ChunkQueue()
  readonly #writes = new Mutex()
  readonly #controller = new AbortController()
  readonly #forget: () => void
  readonly #run: Promise<void>
  #state: ImportState = 'open'
  #error: DatabaseError | null = null
  #offset = 0
  #expiresAt = 0
  #timer: Timer | undefined

  constructor(engine: Engine, options: ImportOptions, forget: () => void) {
    this.id = engine.parts.random.uuid()
    this.#engine = engine
    this.#options = options
    this.#forget = forget
    this.#touch()
    this.#run = this.#restore()
    // Whoever writes or finishes hears of it.
    this.#run.catch(() => undefined)
  }

  /** Bytes of the archive that were received and checked: the next piece begins here. */
  get offset(): number {
    return this.#offset
  }

  info(): ImportInfo {
    return {
      id: this.id,
      state: this.#state,
      into: this.#options.into ?? null,
      offset: this.#offset,
      expiresAt: this.#expiresAt,
      error: this.#error,
    }
  }

  /**
   * The next piece, and where it begins if the caller wants that compared; gives the new offset. Pieces that are
   * written at once are taken one after another. A damaged archive ends the session, and nothing of it is left.
   * @throws request-invalid if the piece does not begin at `offset` or the session has ended, and as `restoreArchive`
   */
  write(piece: Uint8Array, offset?: number): Promise<number> {
    return this.#writes.run(async () => {
      this.#checkOpen()
      if (offset !== undefined && offset !== this.#offset) {
        const text = `Cannot write to import ${this.id} at ${offset}: it goes on at ${this.#offset}`
        throw new DatabaseError('request-invalid', text, { offset, expected: this.#offset })
      }
      this.#timer?.cancel()
      // The caller may use its buffer again; what has been received by then may still wait to be stored.
      if (piece.byteLength > 0) await Promise.race([this.#queue.push(Buffer.from(piece)), this.#run])
      this.#checkOpen()
      this.#offset += piece.byteLength
      this.#touch()
      return this.#offset
    })
  }

  /** To be called when everything is written: makes it known, at once. @throws as `restoreArchive` */
  finish(): Promise<void> {
    return this.#writes.run(async () => {
      if (this.#state === 'completed') return
      this.#checkOpen()
      this.#timer?.cancel()
      this.#queue.end()
      await this.#run
    })
  }

  /** Ends it; nothing of it is left. Does nothing if it has ended. */
  async cancel(): Promise<void> {
    this.#controller.abort()
    await this.#run.catch(() => undefined)
  }

  /** Ends it for good: it will not be forgotten later, either. */
  async close(): Promise<void> {
    await this.cancel()
    this.#timer?.cancel()
  }

  async #restore(): Promise<void> {
    const { into, idleMs: _, ...rest } = this.#options
    const options = { ...rest, signal: this.#controller.signal }
    try {
      if (into === undefined) await restoreStoreArchive(this.#engine, this.#queue, options)
      else await restoreArchive(this.#engine, this.#queue, { ...options, into })
      this.#state = 'completed'
    } catch (error) {
      this.#state = this.#controller.signal.aborted ? 'cancelled' : 'failed'
      if (error instanceof DatabaseError) this.#error = error
      throw error
    } finally {
      this.#touch()
    }
  }

  #checkOpen(): void {
    if (this.#state === 'open') return
    if (this.#state === 'failed' && this.#error !== null) throw this.#error
    const text = `Cannot go on with import ${this.id}: it is ${this.#state}`
    throw new DatabaseError('request-invalid', text, { id: this.id, state: this.#state })
  }

  /** From now on it has its time again: an open one until it is given up, an ended one until it is forgotten. */
  #touch(): void {
    const { clock } = this.#engine.parts
    const idleMs = this.#options.idleMs ?? idleMsDefault
    this.#timer?.cancel()
    this.#expiresAt = clock.now() + idleMs
    this.#timer = clock.after(idleMs, () => {
      this.#forget()
      void this.cancel()
    })
  }
}

/** The imports of one open database. */
export class ArchiveImports {
  readonly #engine: Engine
  readonly #imports = new Map<string, ArchiveImport>()
  #isClosed = false

  constructor(engine: Engine) {
    this.#engine = engine
  }

  /** @throws request-invalid, overloaded if too many are open, database-closed */
  start(options: ImportOptions = {}): ArchiveImport {
    this.#engine.checkOpen()
    if (this.#isClosed)
      throw new DatabaseError('database-closed', 'Cannot start an import: the database is being closed')
    checkMembers(options, ofImport, { cannot: 'Cannot start an import', of: 'the options' })
    checkIdleMs(options.idleMs)
    if (this.list().filter(({ state }) => state === 'open').length >= openMax)
      throw new DatabaseError('overloaded', `Cannot start an import: ${openMax} are open`, { openMax })
    const started: ArchiveImport = new ArchiveImport(this.#engine, options, () =>
      this.#imports.delete(started.id),
    )
    this.#imports.set(started.id, started)
    return started
  }

  /** Those that are open, and those that have ended a short time ago. */
  list(): readonly ImportInfo[] {
    return [...this.#imports.values()].map((one) => one.info())
  }

  /** @throws import-not-found */
  get(id: string): ArchiveImport {
    const found = this.#imports.get(id)
    if (found !== undefined) return found
    throw new DatabaseError('import-not-found', `Cannot go on with import ${id}: it does not exist`, { id })
  }

  /** Cancels what is open; nothing of it is left. */
  async close(): Promise<void> {
    this.#isClosed = true
    await Promise.all([...this.#imports.values()].map((one) => one.close()))
    this.#imports.clear()
  }
}

function checkIdleMs(idleMs: number | undefined): void {
  // The longest time that a timer can take.
  if (idleMs === undefined || (Number.isSafeInteger(idleMs) && idleMs > 0 && idleMs < 2 ** 31)) return
  throw new DatabaseError(
    'request-invalid',
    `Cannot use idleMs ${idleMs}: it is no positive number of milliseconds`,
    {
      idleMs,
    },
  )
}
