import type { SegmentId } from '../ids/brands.ts'

/** Segments that a running job writes or reads: garbage collection keeps their whole folders. Other objects by their keys. */
export class Pins {
  readonly #counts = new Map<SegmentId, number>()
  readonly #keys = new Set<string>()

  /** Gives the function that releases the pin; a second call does nothing. */
  pin(segments: Iterable<SegmentId>): () => void {
    const held = [...segments]
    for (const id of held) this.#counts.set(id, (this.#counts.get(id) ?? 0) + 1)
    let isHeld = true
    return () => {
      if (!isHeld) return
      isHeld = false
      for (const id of held) {
        const count = this.#counts.get(id)! - 1
        if (count === 0) this.#counts.delete(id)
        else this.#counts.set(id, count)
      }
    }
  }

  /** For an object that one job alone has. */
  pinKey(key: string): () => void {
    this.#keys.add(key)
    return () => this.#keys.delete(key)
  }

  prefixes(): string[] {
    return [...[...this.#counts.keys()].map((id) => `segments/${id}/`), ...this.#keys]
  }
}
