import { IdTable } from '../../../ids/id-table.ts'
import type { IdWords } from '../../../ids/point-id.ts'
import { IdColumn } from '../../../segment/id-column.ts'
import type { QdrantIds } from '../../../snapshot/qdrant/types.ts'

/** Of a place whose point is newer elsewhere. */
const nowhere = 0xffffffff
// Looked up between two looks at the event loop.
const sliceIds = 50_000

/**
 * Where the newest version of each point of a shard is: segments hold older ones of each other's points. Some 50 bytes for
 * each, whatever it holds.
 */
export class NewestPoints {
  readonly #ids = new IdColumn()
  readonly #table = new IdTable(this.#ids)
  #versions = new Float64Array(0)
  #segments = new Uint32Array(0)
  #slots = new Uint32Array(0)
  #count = 0

  slotAt(place: number): number {
    return this.#slots[place]!
  }

  /** All points of a segment, by ascending slots. Yields every now and then. */
  *addAll(segment: number, { slots, versions, kinds, words }: QdrantIds): Iterable<undefined> {
    const first = this.#count
    this.#reserve(first + slots.length)
    this.#versions.set(versions, first)
    this.#slots.set(slots, first)
    this.#segments.fill(segment, first, first + slots.length)
    this.#count += slots.length
    this.#ids.appendAll({ words, kinds })
    for (let start = first; start < this.#count; start += sliceIds) {
      const end = Math.min(start + sliceIds, this.#count)
      this.#table.insertAll(start, end, (place, older) => this.#settle(place, older))
      yield
    }
  }

  /** Places of the points that this segment holds the newest version of, by ascending slots. */
  ofSegment(segment: number): Uint32Array {
    let count = 0
    let isSorted = true
    for (let place = 0, last = -1; place < this.#count; place++) {
      if (this.#segments[place] !== segment) continue
      const slot = this.#slots[place]!
      if (slot < last) isSorted = false
      last = slot
      count += 1
    }
    const places = new Uint32Array(count)
    for (let place = 0, at = 0; place < this.#count; place++)
      if (this.#segments[place] === segment) places[at++] = place
    if (isSorted) return places
    // Numbers sort faster than anything that is compared by a function.
    const keys = Float64Array.from(places, (place) => this.#slots[place]! * 2 ** 32 + place).sort()
    return Uint32Array.from(keys, (key) => key % 2 ** 32)
  }

  idAt(place: number, out: IdWords): void {
    this.#ids.read(place, out)
  }

  /** Ids and versions of some places. */
  columnsOf(places: Uint32Array): Pick<QdrantIds, 'words' | 'kinds' | 'versions'> {
    const ids = this.#ids.image()
    const words = new Uint32Array(4 * places.length)
    const kinds = new Uint8Array(places.length)
    const versions = new Float64Array(places.length)
    for (let i = 0; i < places.length; i++) {
      const place = places[i]!
      for (let word = 0; word < 4; word++) words[4 * i + word] = ids.words[4 * place + word]!
      kinds[i] = ids.kinds[place]!
      versions[i] = this.#versions[place]!
    }
    return { words, kinds, versions }
  }

  /** Two places have one id. The later one, which the table knows from now on, stands for the newer of them, the other for none. */
  #settle(place: number, older: number): void {
    if (this.#versions[place]! <= this.#versions[older]!) {
      this.#versions[place] = this.#versions[older]!
      this.#segments[place] = this.#segments[older]!
      this.#slots[place] = this.#slots[older]!
    }
    this.#segments[older] = nowhere
  }

  #reserve(count: number): void {
    if (count <= this.#slots.length) return
    const [versions, segments, slots] = [this.#versions, this.#segments, this.#slots]
    const capacity = Math.max(count, 2 * slots.length)
    this.#versions = new Float64Array(capacity)
    this.#versions.set(versions)
    this.#segments = new Uint32Array(capacity)
    this.#segments.set(segments)
    this.#slots = new Uint32Array(capacity)
    this.#slots.set(slots)
  }
}
