import { IdTable } from '../../../ids/id-table.ts'
import { wordsOfId, type IdWords } from '../../../ids/point-id.ts'
import { IdColumn } from '../../../segment/id-column.ts'
import type { QdrantSlot } from '../../../snapshot/qdrant/types.ts'

const firstCapacity = 1024

/**
 * Where the newest version of each point of a shard is: segments hold older ones of each other's points. Some 50 bytes per
 * point, whatever it holds.
 */
export class NewestPoints {
  readonly #ids = new IdColumn()
  readonly #table = new IdTable(this.#ids)
  #versions = new Float64Array(firstCapacity)
  #segments = new Uint32Array(firstCapacity)
  #slots = new Uint32Array(firstCapacity)
  #count = 0

  add(segment: number, { id, slot, version }: QdrantSlot): void {
    const words = wordsOfId(id)
    const known = this.#table.find(words)
    if (known !== undefined) {
      if (version > this.#versions[known]!) this.#set(known, segment, slot, version)
      return
    }
    const place = this.#count
    if (place === this.#versions.length) this.#grow()
    this.#ids.append(words)
    this.#table.insert(words, place)
    this.#set(place, segment, slot, version)
    this.#count += 1
  }

  /** Places of the points that this segment holds the newest version of, by ascending slots. */
  ofSegment(segment: number): Uint32Array {
    let count = 0
    for (let place = 0; place < this.#count; place++) if (this.#segments[place] === segment) count += 1
    // Numbers sort faster than anything that is compared by a function.
    const keys = new Float64Array(count)
    let at = 0
    for (let place = 0; place < this.#count; place++)
      if (this.#segments[place] === segment) keys[at++] = this.#slots[place]! * 2 ** 32 + place
    keys.sort()
    return Uint32Array.from(keys, (key) => key % 2 ** 32)
  }

  slotAt(place: number): number {
    return this.#slots[place]!
  }

  versionAt(place: number): number {
    return this.#versions[place]!
  }

  idAt(place: number, out: IdWords): void {
    this.#ids.read(place, out)
  }

  #set(place: number, segment: number, slot: number, version: number): void {
    this.#segments[place] = segment
    this.#slots[place] = slot
    this.#versions[place] = version
  }

  #grow(): void {
    const capacity = this.#versions.length * 2
    const [versions, segments, slots] = [this.#versions, this.#segments, this.#slots]
    this.#versions = new Float64Array(capacity)
    this.#versions.set(versions)
    this.#segments = new Uint32Array(capacity)
    this.#segments.set(segments)
    this.#slots = new Uint32Array(capacity)
    this.#slots.set(slots)
  }
}
