import { PlainError } from './wire-error.ts'

/**
 * Which shards are being restored through this door. Whole restores of one shard wait for each other, first come, first
 * served; a partial one that comes while another is under way is refused.
 */
export class ShardRecoveries {
  readonly #queues = new Map<string, Promise<unknown>>()
  readonly #partial = new Set<string>()

  /** After those of the same shard that came before. */
  async inTurn<T>(collection: string, shard: number, work: () => Promise<T>): Promise<T> {
    const key = `${collection}/${shard}`
    const before = this.#queues.get(key) ?? Promise.resolve()
    const own = before.then(work, work)
    this.#queues.set(key, own)
    try {
      return await own
    } finally {
      if (this.#queues.get(key) === own) this.#queues.delete(key)
    }
  }

  /** Gives the function that ends it. @throws PlainError 503 */
  startPartial(collection: string, shard: number): () => void {
    const key = `${collection}/${shard}`
    if (this.#partial.has(key)) throw alreadyInProgress()
    this.#partial.add(key)
    return () => this.#partial.delete(key)
  }
}

/** Qdrant's only answer whose status is another word. */
function alreadyInProgress(): PlainError {
  return new PlainError(503, '{"status":"already_in_progress","time":0.0}', 'application/json')
}
