import { assert } from '../runtime/assert.ts'
import { systemClock } from '../runtime/clock.ts'
import { Mutex } from '../runtime/mutex.ts'
import type { buildFile, BuildJob, FileDigest } from './build-file.ts'
import { buildCancelled, buildClosed } from './build-protocol.ts'
import { WorkerBuilder, type WorkerOptions } from './worker-builder.ts'

/** Turns rows into the bytes of files. */
export interface SegmentBuilder {
  /**
   * Hands the file's bytes to `consume` while they are made: whoever reads them slowly slows the building down. Parts stay
   * as they are until then. Gives what the bytes amounted to, once `consume` is done with all of them.
   * @throws cancelled, database-closed, and what `consume` throws
   */
  build(
    job: BuildJob,
    consume: (parts: AsyncIterable<Uint8Array>) => Promise<void>,
    signal?: AbortSignal,
  ): Promise<FileDigest>
  /** Ends what is under way with `database-closed`, and the threads. */
  close(): Promise<void>
}

/** Builds on the calling thread, one file after the other: for tests and tools. */
export function createInlineBuilder(): SegmentBuilder {
  return new InlineBuilder()
}

/**
 * Builds in `threads` worker threads, which start with their first job. Nothing is copied on the way there, and parts
 * of files come back by transfer. The worker is a module of the built package: run from its TypeScript sources, and
 * without a worker of their own in `options`, files are built on the calling thread.
 */
export function createWorkerBuilder(threads: number, options: Partial<WorkerOptions> = {}): SegmentBuilder {
  assert(threads > 0, 'a worker builder has a thread')
  if (options.entry === undefined && import.meta.url.endsWith('.ts')) return createInlineBuilder()
  const entry = options.entry ?? new URL('./build-worker.js', import.meta.url)
  return new WorkerBuilder(threads, { execArgv: [], clock: systemClock, ...options, entry })
}

interface Building {
  readonly buildFile: typeof buildFile
}

let building: Promise<Building> | undefined

/** A database with worker threads needs none of it here. Loaded once: after that, building waits for nothing outside. */
function loadBuilding(): Promise<Building> {
  return (building ??= import('./build-file.ts'))
}

class InlineBuilder implements SegmentBuilder {
  readonly #mutex = new Mutex()
  #isClosed = false

  build(
    job: BuildJob,
    consume: (parts: AsyncIterable<Uint8Array>) => Promise<void>,
    signal?: AbortSignal,
  ): Promise<FileDigest> {
    return this.#mutex.run(async () => {
      const parts = (await loadBuilding()).buildFile(job)
      let digest: FileDigest | undefined
      const check = (): void => this.#check(signal)
      async function* checked(): AsyncGenerator<Uint8Array> {
        try {
          for (;;) {
            check()
            const { value, done } = await parts.next()
            if (done === true) {
              digest = value
              return
            }
            yield value
          }
        } finally {
          await parts.return({ bytes: 0, sha256: '' })
        }
      }
      await consume(checked())
      assert(digest !== undefined, 'a consumer takes all parts or throws')
      return digest
    })
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#mutex.run(async () => undefined)
  }

  #check(signal: AbortSignal | undefined): void {
    if (this.#isClosed) throw buildClosed()
    if (signal?.aborted === true) throw buildCancelled()
  }
}
