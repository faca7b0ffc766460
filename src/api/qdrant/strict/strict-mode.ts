import type { CollectionReader } from '../../../index.ts'
import type { Clock } from '../../../runtime/clock.ts'
import { limitsOf } from './limits.ts'
import { StrictGate } from './strict-gate.ts'
import { TokenBucket } from './rates/token-bucket.ts'

export type RateKind = 'read' | 'write'

const bucketsMax = 10_000

/** What the strict modes of a server's collections remember from request to request: how much of a minute is used up. */
export class StrictMode {
  readonly #clock: Clock
  readonly #residentPercent: () => number | undefined
  readonly #buckets = new Map<string, TokenBucket>()

  constructor(clock: Clock, residentPercent: () => number | undefined) {
    this.#clock = clock
    this.#residentPercent = residentPercent
  }

  /** What a request to the collection has to pass; undefined where strict mode is off. */
  of(collection: CollectionReader): StrictGate | undefined {
    const config = collection.config()
    const limits = limitsOf(config)
    if (limits === undefined) return undefined
    return new StrictGate({
      guarded: { limits, config },
      collection,
      bucket: (kind, perMinute) => this.#bucket(collection.id, kind, perMinute),
      residentPercent: this.#residentPercent,
    })
  }

  /** Called when strict mode of a collection was configured, be it as before: its minutes begin anew. */
  configured(collectionId: string): void {
    for (const kind of ['read', 'write'] as const) this.#buckets.delete(`${kind} ${collectionId}`)
  }

  #bucket(collectionId: string, kind: RateKind, perMinute: number): TokenBucket {
    const key = `${kind} ${collectionId}`
    const known = this.#buckets.get(key)
    if (known?.perMinute === perMinute) return known
    // Collections that are gone stay in here: the oldest make room, and are full again if they are still used.
    const [oldest] = this.#buckets.keys()
    if (this.#buckets.size >= bucketsMax && oldest !== undefined) this.#buckets.delete(oldest)
    const bucket = new TokenBucket(perMinute, this.#clock)
    this.#buckets.set(key, bucket)
    return bucket
  }
}
