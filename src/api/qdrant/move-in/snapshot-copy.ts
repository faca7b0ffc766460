import { isDatabaseError, type Collection } from '../../../index.ts'
import { isObject, integerOf, memberOf } from '../decode.ts'
import type { CopyingOptions, CopyReport, OneCopy } from './copy-collection.ts'
import { beginDraft, keepCopy, type CopyState } from './copy-state.ts'
import { notUnderstood, routeOf, type Source } from './source.ts'
import { countPoints, type SourceCollection } from './source-collection.ts'

/** A snapshot that the source has made for us. */
interface MadeSnapshot {
  readonly name: string
  readonly bytes: number
  /** SHA-256 in hex, if the source has told. */
  readonly checksum: string | undefined
}

export interface SnapshotCopyOptions extends CopyingOptions {
  /** Asks the source though the job has been cancelled. */
  readonly afterwards: Source
  readonly onBytes: (bytes: number, total: number) => void
}

/** A source that makes a snapshot writes it to a disk before it answers. */
const creationTimeoutMs = 6 * 3_600_000
const attemptsMax = 5

/** One collection as a snapshot of the source holds it: one moment, read as an archive. */
export class SnapshotCopy implements OneCopy {
  readonly draft: Collection
  readonly copiedBefore = 0
  readonly #collection: SourceCollection
  readonly #options: SnapshotCopyOptions
  #state: CopyState

  private constructor(
    collection: SourceCollection,
    state: CopyState,
    draft: Collection,
    options: SnapshotCopyOptions,
  ) {
    this.draft = draft
    this.#collection = collection
    this.#options = options
    this.#state = state
  }

  static async begin(collection: SourceCollection, options: SnapshotCopyOptions): Promise<SnapshotCopy> {
    const begun = await beginDraft(options.database, collection, {
      source: options.source.url,
      into: options.into,
      kind: 'snapshot',
      newRanges: () => Promise.resolve([]),
    })
    return new SnapshotCopy(collection, begun.state, begun.draft, options)
  }

  get state(): CopyState {
    return this.#state
  }

  async copy(): Promise<void> {
    const { database, signal } = this.#options
    if (this.#state.snapshot === true) return
    await this.#deleteLeft()
    const made = await this.#make()
    await this.#keep(made.name)
    let isClosing = false
    try {
      await database.restoreArchive(this.#bytes(made), {
        into: this.draft.name,
        replace: true,
        signal,
        ...(made.checksum === undefined ? {} : { sha256: made.checksum }),
      })
      await this.#keep(true)
    } catch (error) {
      isClosing = isDatabaseError(signal.reason) && signal.reason.details['isClosing'] === true
      throw error
    } finally {
      // Nobody waits for other servers when this one stops: the next attempt deletes it.
      if (!isClosing) await this.#delete(made.name)
    }
  }

  async finish(): Promise<CopyReport> {
    const { source } = this.#options
    return {
      source: this.#collection.name,
      name: this.#state.into,
      pointCount: this.draft.info().pointCount,
      sourcePointCount: await countPoints(source, this.#collection.name),
      contentHash: null,
      isIdentical: null,
      changedPoints: 0,
    }
  }

  async #make(): Promise<MadeSnapshot> {
    const path = routeOf`/collections/${this.#collection.name}/snapshots` + '?wait=true'
    const result = await this.#options.source.result(path, { json: '', answerTimeoutMs: creationTimeoutMs })
    const { name, checksum } = isObject(result) ? result : {}
    const bytes = integerOf(isObject(result) ? memberOf(result, 'size') : undefined)
    if (typeof name !== 'string' || bytes === undefined) throw notUnderstood(path, 'it names no snapshot')
    const isHash = typeof checksum === 'string' && /^[0-9a-f]{64}$/i.test(checksum)
    return { name, bytes: Number(bytes), checksum: isHash ? checksum.toLowerCase() : undefined }
  }

  /** A connection that breaks is made again; what came before is read over. */
  async *#bytes({ name, bytes: total }: MadeSnapshot): AsyncGenerator<Uint8Array> {
    const { source, onBytes } = this.#options
    const path = routeOf`/collections/${this.#collection.name}/snapshots/${name}`
    let read = 0
    for (let attempt = 1; ; attempt++) {
      let passed = 0
      try {
        for await (const chunk of await source.open(path)) {
          const fresh = chunk.subarray(Math.min(chunk.byteLength, Math.max(0, read - passed)))
          passed += chunk.byteLength
          read += fresh.byteLength
          onBytes(read, Math.max(read, total))
          if (fresh.byteLength > 0) yield fresh
        }
        return
      } catch (error) {
        if (attempt === attemptsMax || !isDatabaseError(error, 'download-failed')) throw error
      }
    }
  }

  /** Of an attempt that a crash ended. */
  async #deleteLeft(): Promise<void> {
    if (typeof this.#state.snapshot === 'string') await this.#delete(this.#state.snapshot)
  }

  async #delete(name: string): Promise<void> {
    try {
      await this.#options.afterwards.delete(
        routeOf`/collections/${this.#collection.name}/snapshots/${name}` + '?wait=true',
      )
    } catch (error) {
      // What was copied is good, or why it failed is what has to be told; the file stays at the source.
      this.#options.logger?.info('a snapshot stays at the source of an import', {
        collection: this.#collection.name,
        snapshot: name,
        error: String(error),
      })
    }
  }

  async #keep(snapshot: string | true): Promise<void> {
    this.#state = { ...this.#state, snapshot }
    await keepCopy(this.#options.database, this.#state)
  }
}
