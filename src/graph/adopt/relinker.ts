import { assert } from '../../runtime/assert.ts'
import type { Kernels } from '../kernels.ts'
import {
  childMark,
  equalMark,
  graphFields,
  noRow,
  readGraphRecord,
  readScratchRecord,
  rowMask,
  scratchFields,
  type GraphRecord,
} from '../hnsw/hnsw-records.ts'
import type { ScratchImage } from '../hnsw/hnsw-scratch.ts'
import { kernelsOf, type HnswImage } from '../hnsw/hnsw-thread.ts'
import type { Parents } from './parents.ts'
import type { Places } from './places.ts'
import { levelIn, type SourceGraph } from './source-graph.ts'

/** Writes the lists of a graph whose rows take the places of others. */
export class Relinker {
  readonly #source: SourceGraph
  readonly #places: Places
  readonly #parents: Parents
  readonly #kernels: Kernels
  readonly #graphAt: number
  readonly #scratchAt: number
  readonly #memory: WebAssembly.Memory
  readonly #record: GraphRecord
  readonly #links: Uint32Array
  readonly #chosen: Uint32Array
  readonly #pending: Uint32Array
  /** Per row the last list that it was taken into: no row is in a list twice. */
  readonly #taken: Uint32Array
  #list = 0
  #held = 0
  #candidates = 0

  constructor(
    image: HnswImage,
    scratch: ScratchImage,
    source: SourceGraph,
    places: Places,
    parents: Parents,
  ) {
    const room = 2 * source.m
    this.#source = source
    this.#places = places
    this.#parents = parents
    this.#memory = image.memory
    this.#kernels = kernelsOf(image.memory)
    this.#graphAt = image.address
    this.#scratchAt = scratch.address
    this.#record = readGraphRecord(this.#words(image.address, graphFields.length))
    const { chosen, pending } = readScratchRecord(this.#words(scratch.address, scratchFields.length))
    this.#links = this.#words(this.#record.links, places.rowCount * room)
    // The kernel adds up to three.
    this.#chosen = this.#words(chosen, room)
    this.#pending = this.#words(pending, 4 * room - 4)
    this.#taken = new Uint32Array(places.rowCount)
  }

  /** `upperWords`: what the upper lists take, with their records. */
  relinkAll(upperWords: number): void {
    const { rowCount, originOf } = this.#places
    const upperAt = this.#words(this.#record.upperAt, rowCount)
    const upper = this.#words(this.#record.upper, upperWords)
    this.#links.fill(noRow)
    upperAt.fill(0)
    let record = 1
    for (let row = 0; row < rowCount; row++) {
      const origin = originOf[row]!
      const level = origin === noRow ? 0 : levelIn(this.#source, origin)
      if (level === 0) continue
      upperAt[row] = record
      upper[record] = level
      record += 1 + level * this.#source.m
    }
    assert(record === upperWords, 'the upper lists are as long as they were said to be')
    for (let row = 0; row < rowCount; row++) if (originOf[row] !== noRow) this.#relink(row, originOf[row]!)
    for (const [row, members] of this.#places.equals) this.#chain(row, members)
  }

  #words(address: number, length: number): Uint32Array {
    return new Uint32Array(this.#memory.buffer, address, length)
  }

  #relink(row: number, origin: number): void {
    const { m, upperAt, upper } = this.#source
    const equal = this.#places.equals.get(row)?.[0]
    this.#begin(row)
    if (equal !== undefined) this.#hold((equal | childMark | equalMark) >>> 0)
    this.#take(row, 0, (of) => this.#source.links.subarray(of * 2 * m, (of + 1) * 2 * m))
    for (let layer = 1; layer <= levelIn(this.#source, origin); layer++) {
      this.#begin(row)
      this.#take(row, layer, (of) => {
        const at = upperAt[of]! + 1 + (layer - 1) * m
        return upper.subarray(at, at + m)
      })
    }
  }

  #begin(row: number): void {
    this.#list += 1
    this.#held = 0
    this.#candidates = 0
    this.#taken[row] = this.#list
  }

  #hold(link: number): void {
    this.#chosen[this.#held++] = link
    this.#taken[(link & rowMask) >>> 0] = this.#list
  }

  /** The links that are left stay; in the stead of those that are gone others from there join. */
  #take(row: number, layer: number, listOf: (origin: number) => Uint32Array): void {
    const { originOf, placeOf } = this.#places
    const gone: number[] = []
    for (const link of listOf(originOf[row]!)) {
      if (link === noRow) break
      if (layer === 0 && isEqualLink(link)) continue
      const target = layer === 0 ? link & rowMask : link
      const place = placeOf[target]!
      if (place === noRow) gone.push(target)
      else if (this.#isNew(place)) this.#hold(this.#linkTo(place, row, layer))
    }
    const room = layer === 0 ? 2 * this.#source.m : this.#source.m
    const links = this.#held + gone.length
    if (layer === 0) this.#holdChildren(row, room)
    for (const target of gone) this.#gather(listOf(target), layer)
    const limit = Math.min(room, Math.max(links, this.#held))
    this.#kernels.hnswFill(this.#graphAt, this.#scratchAt, row, layer, this.#held, this.#candidates, limit)
  }

  #linkTo(place: number, row: number, layer: number): number {
    return layer === 0 && this.#parents.parentOf(place) === row ? (place | childMark) >>> 0 : place
  }

  /** Those that it did not have before: the last links that lead to no child make room for them. */
  #holdChildren(row: number, room: number): void {
    const missing = this.#parents.childrenOf(row).filter((child) => this.#isNew(child))
    for (let at = this.#held - 1; this.#held + missing.length > room; at--) {
      assert(at >= 0, 'there are fewer children than links')
      if ((this.#chosen[at]! & childMark) !== 0) continue
      this.#chosen.copyWithin(at, at + 1, this.#held)
      this.#held -= 1
    }
    for (const child of missing) this.#hold((child | childMark) >>> 0)
  }

  #gather(list: Uint32Array, layer: number): void {
    for (const link of list) {
      if (link === noRow || this.#candidates === this.#pending.length) return
      if (layer === 0 && isEqualLink(link)) continue
      const place = this.#places.placeOf[layer === 0 ? link & rowMask : link]!
      if (place === noRow || !this.#isNew(place)) continue
      this.#taken[place] = this.#list
      this.#pending[this.#candidates++] = place
    }
  }

  #isNew(place: number): boolean {
    return this.#taken[place] !== this.#list
  }

  /** Rows equal to one follow it, and lead on to where it leads. */
  #chain(row: number, members: readonly number[]): void {
    const room = 2 * this.#source.m
    const node = this.#links.subarray(row * room, (row + 1) * room)
    members.forEach((member, at) => {
      const list = this.#links.subarray(member * room, (member + 1) * room)
      const next = members[at + 1]
      let count = 0
      if (next !== undefined) list[count++] = (next | childMark | equalMark) >>> 0
      list[count++] = row
      for (const link of node.subarray(1)) {
        if (link === noRow || count === room) break
        list[count++] = (link & rowMask) >>> 0
      }
    })
  }
}

function isEqualLink(link: number): boolean {
  return (link & equalMark) !== 0 && (link & childMark) !== 0
}
