import type { ObjectInfo, ObjectStore } from './object-store.ts'

/** What a manifest states of an object. */
export interface StatedObject {
  readonly bytes: number
  /** Lower-case hex. */
  readonly sha256: string
}

interface Known extends StatedObject {
  readonly fingerprint: string
}

/**
 * Objects of which this opening of the store knows that they are what a manifest states: it has hashed their bytes when
 * it wrote them or when it read them back. They need not be read again as long as their fingerprints say that nobody has
 * touched them. What lies below the file system, such as a bit that flips on the disk, has no part in a fingerprint:
 * whoever wants to know of that reads. Nothing of this outlives the process.
 */
export class VerifiedObjects {
  readonly #store: Pick<ObjectStore, 'head'>
  readonly #known = new Map<string, Known>()

  constructor(store: Pick<ObjectStore, 'head'>) {
    this.#store = store
  }

  /** How many are known. */
  get size(): number {
    return this.#known.size
  }

  /** After a put of ours has resolved, of bytes that were hashed on their way: they are durable by now. */
  async written(key: string, stated: StatedObject): Promise<void> {
    const object = await this.#look(key)
    if (object !== undefined) this.#remember(object, stated)
  }

  /** After all bytes were read and were what is stated; `before` is what `head` gave before the first was read. */
  async read(before: ObjectInfo, stated: StatedObject): Promise<void> {
    const object = await this.#look(before.key)
    // Changed while it was read: then it is open which bytes were hashed.
    if (object?.fingerprint !== before.fingerprint) this.#known.delete(before.key)
    else if (object !== undefined) this.#remember(object, stated)
  }

  /** True if it is known to be what is stated, and untouched since. */
  async isKnown(key: string, { bytes, sha256 }: StatedObject): Promise<boolean> {
    const known = this.#known.get(key)
    if (known === undefined || known.bytes !== bytes || known.sha256 !== sha256) return false
    const object = await this.#look(key)
    if (object?.fingerprint === known.fingerprint) return true
    this.#known.delete(key)
    return false
  }

  /** They are gone, or not what they should be. */
  forget(keys: Iterable<string>): void {
    for (const key of keys) this.#known.delete(key)
  }

  #remember({ key, bytes, fingerprint }: ObjectInfo, stated: StatedObject): void {
    if (fingerprint === undefined || bytes !== stated.bytes) this.#known.delete(key)
    else this.#known.set(key, { ...stated, fingerprint })
  }

  /** Nothing depends on what is known: an object that cannot be looked at is one that has to be read. */
  #look(key: string): Promise<ObjectInfo | undefined> {
    return this.#store.head(key).catch(() => undefined)
  }
}
