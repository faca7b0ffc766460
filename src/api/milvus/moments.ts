import type { CollectionReader, Database, SnapshotReader } from '../../index.ts'
import type { Clock, Timer } from '../../runtime/clock.ts'

interface Moment {
  readonly collectionId: string
  readonly reader: SnapshotReader
  lastUsed: number
}

/** Of all iterators together. */
const momentsMax = 256
/** An iterator that has not asked for so long is not waited for. */
const idleMsMax = 10 * 60_000

/**
 * Iterators read one moment: a collection as it was when they began, under the timestamp that the first answer told. What
 * is remembered here ends with the process, or when too many began later; such an iterator reads on in what is there now.
 */
export class Moments {
  readonly #database: Database
  readonly #clock: Clock
  // Those that were used last stand last.
  readonly #moments = new Map<bigint, Moment>()
  #timer: Timer | undefined

  constructor(database: Database, clock: Clock) {
    this.#database = database
    this.#clock = clock
  }

  /** From now on a collection's rows can be read as they are at this moment. @throws collection-not-found */
  async keep(timestamp: bigint, { name, id }: CollectionReader): Promise<CollectionReader> {
    const reader = await this.#database.openReader(name)
    this.#moments.set(timestamp, { collectionId: id, reader, lastUsed: this.#clock.now() })
    this.#letGo()
    return reader
  }

  /** The moment of a timestamp that an answer told; undefined if none is kept of this collection. */
  find(timestamp: bigint, collection: CollectionReader): CollectionReader | undefined {
    const moment = this.#moments.get(timestamp)
    this.#letGo()
    if (moment === undefined || moment.collectionId !== collection.id) return undefined
    if (!this.#moments.delete(timestamp)) return undefined
    moment.lastUsed = this.#clock.now()
    this.#moments.set(timestamp, moment)
    return moment.reader
  }

  #letGo(): void {
    const now = this.#clock.now()
    for (const [timestamp, { reader, lastUsed }] of this.#moments) {
      if (this.#moments.size <= momentsMax && now - lastUsed < idleMsMax)
        return this.#wakeIn(lastUsed + idleMsMax - now)
      reader.close()
      this.#moments.delete(timestamp)
    }
  }

  /** What a moment holds in memory is let go also when nobody asks any more. */
  #wakeIn(milliseconds: number): void {
    this.#timer ??= this.#clock.after(milliseconds, () => {
      this.#timer = undefined
      this.#letGo()
    })
  }
}
