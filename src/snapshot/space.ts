import { assert } from '../runtime/assert.ts'

/** An object of the store: a file of a segment, a delta, or a file of a snapshot's own. */
export interface SpaceObject {
  readonly key: string
  readonly bytes: number
}

/** What one snapshot takes. */
export interface HolderSpace {
  /** Of everything that it refers to. */
  readonly bytes: number
  /** Of what no other snapshot, stretch of the past or living collection refers to. */
  readonly exclusiveBytes: number
}

interface Counted {
  readonly key: string
  readonly bytes: number
  holders: number
  /** The numbers of its holders, each combined by exclusive or: with one holder left, it is that holder's number. */
  holderXor: number
}

interface Holder {
  readonly number: number
  readonly objects: readonly Counted[]
  readonly bytes: number
}

// Invariants:
//   - an object is known exactly while somebody holds it, and `holders` says how many do.
//   - adding or removing a holder costs what the holder refers to; nothing is ever counted anew.

/** Who holds which objects, by reference counts: of 10,000 snapshots only what changes is looked at. */
export class SpaceIndex {
  readonly #objects = new Map<string, Counted>()
  readonly #holders = new Map<string, Holder>()
  #lastNumber = 0

  /** Ids of those that are counted. */
  holders(): Iterable<string> {
    return this.#holders.keys()
  }

  has(id: string): boolean {
    return this.#holders.has(id)
  }

  /** Each object once. */
  add(id: string, objects: Iterable<SpaceObject>): void {
    assert(!this.#holders.has(id), 'a holder is counted once')
    const number = (this.#lastNumber += 1)
    const counted: Counted[] = []
    let bytes = 0
    for (const object of objects) {
      const known = this.#objects.get(object.key) ?? this.#addObject(object)
      known.holders += 1
      known.holderXor ^= number
      bytes += known.bytes
      counted.push(known)
    }
    this.#holders.set(id, { number, objects: counted, bytes })
  }

  remove(id: string): void {
    const holder = this.#holder(id)
    this.#holders.delete(id)
    for (const object of holder.objects) {
      object.holders -= 1
      object.holderXor ^= holder.number
      if (object.holders === 0) this.#objects.delete(object.key)
    }
  }

  /** `isHeld`: whether a living collection refers to a key. */
  spaceOf(id: string, isHeld: (key: string) => boolean): HolderSpace {
    const { bytes, objects } = this.#holder(id)
    return { bytes, exclusiveBytes: sum(objects, ({ holders, key }) => holders === 1 && !isHeld(key)) }
  }

  /** By id, of everyone at the price of one look at each object. */
  spaces(isHeld: (key: string) => boolean): ReadonlyMap<string, HolderSpace> {
    const exclusive = new Map<number, number>()
    for (const { key, bytes, holders, holderXor } of this.#objects.values()) {
      if (holders === 1 && !isHeld(key)) exclusive.set(holderXor, (exclusive.get(holderXor) ?? 0) + bytes)
    }
    return new Map(
      [...this.#holders].map(([id, { number, bytes }]) => [
        id,
        { bytes, exclusiveBytes: exclusive.get(number) ?? 0 },
      ]),
    )
  }

  /** Bytes that nobody refers to any more once these are gone. Each id once. */
  freedBy(ids: readonly string[], isHeld: (key: string) => boolean): number {
    const among = new Map<Counted, number>()
    for (const id of ids) {
      for (const object of this.#holder(id).objects) among.set(object, (among.get(object) ?? 0) + 1)
    }
    let bytes = 0
    for (const [object, count] of among)
      if (count === object.holders && !isHeld(object.key)) bytes += object.bytes
    return bytes
  }

  /** Bytes of all objects that pass. */
  bytesOf(passes: (key: string) => boolean): number {
    return sum(this.#objects.values(), ({ key }) => passes(key))
  }

  /** Bytes of all objects that some of these hold. */
  bytesHeldBy(ids: Iterable<string>): number {
    const objects = new Set<Counted>()
    for (const id of ids) for (const object of this.#holder(id).objects) objects.add(object)
    return sum(objects, () => true)
  }

  #addObject({ key, bytes }: SpaceObject): Counted {
    const counted = { key, bytes, holders: 0, holderXor: 0 }
    this.#objects.set(key, counted)
    return counted
  }

  #holder(id: string): Holder {
    const holder = this.#holders.get(id)
    assert(holder !== undefined, `holder ${id} is counted`)
    return holder
  }
}

function sum(objects: Iterable<Counted>, passes: (object: Counted) => boolean): number {
  let bytes = 0
  for (const object of objects) if (passes(object)) bytes += object.bytes
  return bytes
}
