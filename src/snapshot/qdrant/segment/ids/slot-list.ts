import { idOfWords, type IdKind } from '../../../../ids/point-id.ts'
import type { QdrantIds, QdrantSlot } from '../../types.ts'

/** The points of a segment by ascending slot: about 30 bytes each. */
export class SlotList {
  /** Slots that the segment has given away, those without a point included. */
  readonly slotCount: number
  readonly slots: Uint32Array
  readonly #versions: Float64Array
  readonly #kinds: Uint8Array
  /** Four for each point. */
  readonly #words: Uint32Array

  constructor(parts: {
    readonly slotCount: number
    readonly slots: Uint32Array
    readonly versions: Float64Array
    readonly kinds: Uint8Array
    readonly words: Uint32Array
  }) {
    this.slotCount = parts.slotCount
    this.slots = parts.slots
    this.#versions = parts.versions
    this.#kinds = parts.kinds
    this.#words = parts.words
  }

  static readonly empty = new SlotList({
    slotCount: 0,
    slots: new Uint32Array(0),
    versions: new Float64Array(0),
    kinds: new Uint8Array(0),
    words: new Uint32Array(0),
  })

  get pointCount(): number {
    return this.slots.length
  }

  get columns(): QdrantIds {
    return { slots: this.slots, versions: this.#versions, kinds: this.#kinds, words: this.#words }
  }

  at(index: number): QdrantSlot {
    const words = this.#words
    const id = idOfWords({
      kind: this.#kinds[index]! as IdKind,
      w0: words[4 * index]!,
      w1: words[4 * index + 1]!,
      w2: words[4 * index + 2]!,
      w3: words[4 * index + 3]!,
    })
    return { id, slot: this.slots[index]!, version: this.#versions[index]! }
  }

  *batches(pointsMax: number): Generator<readonly QdrantSlot[]> {
    for (let from = 0; from < this.pointCount; from += pointsMax) {
      const count = Math.min(pointsMax, this.pointCount - from)
      yield Array.from({ length: count }, (_, i) => this.at(from + i))
    }
  }
}
