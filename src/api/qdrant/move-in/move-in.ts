import { DatabaseError, type Database, type Job, type JobContext, type JsonObject } from '../../../index.ts'
import type { Clock } from '../../../runtime/clock.ts'
import type { Logger } from '../../../runtime/logger.ts'
import type { Random } from '../../../runtime/random.ts'
import { DecodeError } from '../decode.ts'
import { WireError } from '../wire-error.ts'
import { dropCopy, dropLostDrafts, listCopies, settleReceipts } from './copy-state.ts'
import { MoveRun, type MoveResult } from './move-run.ts'
import { Source, type AskSource } from './source.ts'

export const moveKind = 'import-qdrant'

/** What is to be copied. */
export interface MoveRequest {
  readonly url: string
  /** Name here by name there. Left out: every collection, under its own name. */
  readonly collections?: Readonly<Record<string, string>>
  /** Collections and aliases of these names are replaced. Default false: they are refused. */
  readonly replace?: boolean
  /** Aliases of what is copied come with it. Default true. */
  readonly aliases?: boolean
  /** Requests under way at once, 1 to 32. Default 4. */
  readonly parallel?: number
  /** Reads the source a second time and compares it point by point. Default true. */
  readonly compare?: boolean
  /** The source makes a snapshot of each collection, which is read instead: one moment. Default false. */
  readonly snapshot?: boolean
}

export interface MoveInOptions {
  readonly database: Database
  readonly ask: AskSource
  readonly clock: Clock
  readonly random: Random
  /** False: requests to other servers are switched off in the configuration. */
  readonly isAllowed: boolean
  /** Defaults of new collections, as of the door. */
  readonly settings?: unknown
  readonly logger?: Logger
}

/** An unfinished copy that the next attempt goes on with. */
export interface UnfinishedCopy {
  readonly into: string
  readonly source: string
  readonly collection: string
  readonly copiedPoints: number
}

type MoveInput = MoveRequest & { readonly hasApiKey: boolean }

/** Copies collections of running Qdrant servers, as jobs that go on after a restart. */
export class MoveIn {
  readonly #options: MoveInOptions
  /** Names of what is being copied, by job. */
  readonly #busy = new Map<string, string>()
  /** Once, before anything is copied: later there are drafts whose document is not written yet. */
  #settled: Promise<void> | undefined

  /** Copies that a restart interrupted go on at once. */
  constructor(options: MoveInOptions) {
    this.#options = options
    options.database.jobs.register(moveKind, {
      resume: (input, context) => this.#resume(input as unknown as MoveInput, context),
    })
  }

  /** The key is kept in memory only: a copy that needs one does not go on after a restart by itself. @throws request-invalid */
  start(request: MoveRequest, apiKey: string | undefined): Job<MoveResult> {
    if (!this.#options.isAllowed) {
      throw new DatabaseError(
        'download-refused',
        'Cannot copy from another server: service.enable_snapshot_url_recovery is switched off',
      )
    }
    // Whatever is wrong with the URL is said at once.
    const { url } = this.#sourceOf(request.url, apiKey, new AbortController().signal)
    const input = { ...request, url, hasApiKey: apiKey !== undefined }
    return this.#options.database.jobs.start(moveKind, input, (context) => this.#run(input, apiKey, context))
  }

  unfinished(): readonly UnfinishedCopy[] {
    return listCopies(this.#options.database).map(({ into, source, collection, ranges }) => ({
      into,
      source,
      collection,
      copiedPoints: ranges.reduce((sum, { points }) => sum + points, 0),
    }))
  }

  /** False if there is none. @throws collection-exists while a job is at it */
  async discard(into: string): Promise<boolean> {
    this.#checkFree(into)
    const isThere = this.unfinished().some((copy) => copy.into === into)
    await dropCopy(this.#options.database, into)
    return isThere
  }

  async #resume(input: MoveInput, context: JobContext): Promise<MoveResult> {
    if (input.hasApiKey)
      throw new DatabaseError(
        'request-invalid',
        'Cannot go on by itself: the key of the source is not kept. Start it again, and it goes on where it was',
      )
    return this.#run(input, undefined, context)
  }

  async #run(request: MoveRequest, apiKey: string | undefined, context: JobContext): Promise<MoveResult> {
    const { database, clock } = this.#options
    const source = this.#sourceOf(request.url, apiKey, context.signal)
    const afterwards = this.#sourceOf(request.url, apiKey, new AbortController().signal)
    const run = new MoveRun({ source, afterwards }, request, context, {
      database,
      clock,
      logger: this.#options.logger,
      defaults: (this.#options.settings ?? {}) as JsonObject,
      claim: (into) => {
        this.#checkFree(into)
        this.#busy.set(into, context.id)
      },
    })
    try {
      await (this.#settled ??= settle(database))
      return await run.run()
    } catch (caught) {
      const error = inWords(caught)
      if (isGivenUp(error, context.signal)) await run.drop()
      throw error
    } finally {
      for (const [into, job] of this.#busy) if (job === context.id) this.#busy.delete(into)
    }
  }

  #sourceOf(url: string, apiKey: string | undefined, signal: AbortSignal): Source {
    const { ask, clock, random } = this.#options
    return new Source({ url, apiKey, ask, clock, random: () => random.next(), signal })
  }

  #checkFree(into: string): void {
    const job = this.#busy.get(into)
    if (job === undefined) return
    const text = `Cannot copy into "${into}": job ${job} is doing that`
    throw new DatabaseError('collection-exists', text, { name: into, job })
  }
}

/** What copies of an earlier process left that nobody goes on with. */
async function settle(database: Database): Promise<void> {
  await settleReceipts(database)
  await dropLostDrafts(database)
}

/** Cancelled by somebody, rather than by the end of the process, or what would be as wrong the next time. */
function isGivenUp(error: unknown, signal: AbortSignal): boolean {
  if (!signal.aborted) {
    // A key may have run out: with another one it goes on.
    return error instanceof DatabaseError && error.kind === 'invalid' && error.code !== 'download-refused'
  }
  const { reason } = signal as { readonly reason: unknown }
  return reason instanceof DatabaseError && reason.details['isClosing'] !== true
}

/** What the door would answer to a client is what is wrong with the source. */
function inWords(error: unknown): unknown {
  if (!(error instanceof WireError) && !(error instanceof DecodeError)) return error
  return new DatabaseError('source-invalid', `Cannot copy: ${error.message}`, {}, error)
}
