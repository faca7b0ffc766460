import { HashSieve } from '../../../ids/hash-sieve.ts'
import { IdTable } from '../../../ids/id-table.ts'
import { idKindNumber, type IdWords } from '../../../ids/point-id.ts'
import { hashIdAt, IdColumn, readIdAt } from '../../../segment/id-column.ts'
import type { QdrantIds } from '../../../snapshot/qdrant/types.ts'

// Ids looked at between two looks at the event loop.
const sliceIds = 50_000
// A function that is called often is compiled once, and as a whole; a long loop is compiled while it runs, without what is behind it.
const callIds = 1_000

/**
 * Which points of a shard's segments are the newest of their ids: segments hold older ones of each other's points. Of several that
 * are equally new it is the one in the first segment. Some 8 to 16 bytes for each point, more for those that come again.
 */
export class NewestPoints {
  readonly #segments: readonly QdrantIds[]
  readonly #sieve: HashSieve
  /** Of each segment, 1 for points that are newer elsewhere. */
  readonly #outdated: readonly Uint8Array[]

  constructor(segments: readonly QdrantIds[]) {
    this.#segments = segments
    const count = segments.reduce((sum, { slots }) => sum + slots.length, 0)
    this.#sieve = new HashSieve(count)
    this.#outdated = segments.map(({ slots }) => new Uint8Array(slots.length))
  }

  /** To be gone through before anything is asked. */
  *compare(): Iterable<undefined> {
    for (const { ids, from, to } of this.#slices()) {
      for (let at = from; at < to; at += callIds) addHashes(this.#sieve, ids, at, Math.min(at + callIds, to))
      yield
    }
    const repeated = new RepeatedPoints(this.#segments, this.#outdated)
    for (const { segment, ids, from, to } of this.#slices()) {
      for (let at = from; at < to; at += callIds)
        for (const index of repeatedPlaces(this.#sieve, ids, at, Math.min(at + callIds, to)))
          repeated.add(segment, index)
      yield
    }
  }

  /** Places in the segment's columns, in their order. */
  ofSegment(segment: number): Uint32Array {
    const outdated = this.#outdated[segment]!
    const places = new Uint32Array(outdated.length)
    let count = 0
    for (let index = 0; index < outdated.length; index++) if (outdated[index] === 0) places[count++] = index
    return places.subarray(0, count)
  }

  *#slices(): Iterable<{
    readonly segment: number
    readonly ids: QdrantIds
    readonly from: number
    readonly to: number
  }> {
    for (const [segment, ids] of this.#segments.entries()) {
      const count = ids.slots.length
      for (let from = 0; from < count; from += sliceIds)
        yield { segment, ids, from, to: Math.min(from + sliceIds, count) }
    }
  }
}

// In functions of their own, which are compiled once and not with the generator around them.

function addHashes(sieve: HashSieve, { words, kinds }: QdrantIds, from: number, to: number): void {
  for (let index = from; index < to; index++) sieve.add(hashIdAt(words, kinds, index))
}

function repeatedPlaces(
  sieve: HashSieve,
  { words, kinds }: QdrantIds,
  from: number,
  to: number,
): readonly number[] {
  const places: number[] = []
  for (let index = from; index < to; index++)
    if (sieve.mayRepeat(hashIdAt(words, kinds, index))) places.push(index)
  return places
}

/** Points whose ids may come again, one after the other. */
class RepeatedPoints {
  readonly #segments: readonly QdrantIds[]
  readonly #outdated: readonly Uint8Array[]
  readonly #ids = new IdColumn()
  readonly #table = new IdTable(this.#ids)
  readonly #id: IdWords = { kind: idKindNumber, w0: 0, w1: 0, w2: 0, w3: 0 }
  /** Of each of them, where the newest of its id so far is: segment and place. */
  readonly #newest: (readonly [segment: number, index: number])[] = []

  constructor(segments: readonly QdrantIds[], outdated: readonly Uint8Array[]) {
    this.#segments = segments
    this.#outdated = outdated
  }

  add(segment: number, index: number): void {
    const { words, kinds } = this.#segments[segment]!
    const row = this.#ids.rowCount
    readIdAt(words, kinds, index, this.#id)
    this.#ids.append(this.#id)
    this.#newest.push([segment, index])
    const older = this.#table.insert(this.#id, row)
    if (older !== undefined) this.#settle(row, this.#newest[older]!)
  }

  #settle(row: number, before: readonly [segment: number, index: number]): void {
    const [segment, index] = this.#newest[row]!
    const isNewer =
      this.#segments[segment]!.versions[index]! > this.#segments[before[0]]!.versions[before[1]]!
    const outdated = isNewer ? before : this.#newest[row]!
    if (!isNewer) this.#newest[row] = before
    this.#outdated[outdated[0]]![outdated[1]] = 1
  }
}
