import { isDatabaseError } from '../../errors/database-error.ts'
import type { SealedRef } from '../../manifest/format.ts'
import { Mutex } from '../../runtime/mutex.ts'
import { readSealed, type SealedContent } from '../../snapshot/seal.ts'
import type { ObjectStore } from '../../storage/object-store.ts'
import type { SnapshotState } from '../catalog-state.ts'

/** Bytes that a changing set of sealed snapshots reaches, each object counted once. Each snapshot is read once. */
export class PolicyBytes {
  readonly #store: ObjectStore
  readonly #mutex = new Mutex()
  /** What each sealed file names: places in the lists below. */
  readonly #reached = new Map<string, Uint32Array>()
  readonly #places = new Map<string, number>()
  readonly #names: string[] = []
  readonly #sizes: number[] = []
  /** How many sealed files name the object; places with 0 are free. */
  readonly #counts: number[] = []
  readonly #free: number[] = []
  #bytes = 0

  constructor(store: ObjectStore) {
    this.#store = store
  }

  of(own: readonly SnapshotState[]): Promise<number> {
    return this.#mutex.run(async () => {
      const refs = new Map(own.flatMap(({ sealed }) => sealed ?? []).map((ref) => [ref.key, ref]))
      for (const key of this.#reached.keys()) if (!refs.has(key)) this.#remove(key)
      for (const ref of refs.values()) if (!this.#reached.has(ref.key)) await this.#add(ref)
      return this.#bytes
    })
  }

  async #add(ref: SealedRef): Promise<void> {
    try {
      const objects = objectsOf(await readSealed(this.#store, ref))
      const places = Uint32Array.from(objects, ([name, bytes]) => this.#count(name, bytes))
      this.#reached.set(ref.key, places)
    } catch (error) {
      // Deleted, or sealed anew, since its name was read.
      if (!isDatabaseError(error, 'object-not-found')) throw error
    }
  }

  #count(name: string, bytes: number): number {
    const known = this.#places.get(name)
    if (known !== undefined) {
      this.#counts[known]! += 1
      return known
    }
    const place = this.#free.pop() ?? this.#sizes.length
    this.#places.set(name, place)
    this.#names[place] = name
    this.#sizes[place] = bytes
    this.#counts[place] = 1
    this.#bytes += bytes
    return place
  }

  #remove(key: string): void {
    for (const place of this.#reached.get(key)!) {
      this.#counts[place]! -= 1
      if (this.#counts[place] !== 0) continue
      this.#bytes -= this.#sizes[place]!
      this.#places.delete(this.#names[place]!)
      this.#free.push(place)
    }
    this.#reached.delete(key)
  }
}

/** Segments, whose files come and go together, and deltas, by name; in bytes. */
function objectsOf({ stored }: SealedContent): ReadonlyMap<string, number> {
  const objects = new Map<string, number>()
  for (const { id, files } of stored.segments)
    objects.set(
      id,
      files.reduce((sum, { bytes }) => sum + bytes, 0),
    )
  for (const { segment, inherited, deltas } of stored.shards.flat())
    for (const { name, bytes } of [...inherited, ...deltas]) objects.set(`${segment}/${name}`, bytes)
  return objects
}
