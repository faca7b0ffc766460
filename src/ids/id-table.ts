import { hashWords, type IdWords } from './point-id.ts'

/** The ids of rows, as the table looks them up: it keeps row numbers only. */
export interface IdSource {
  /** `hashWords` of the row's id. */
  hashAt(row: number): number
  isIdAt(row: number, id: Readonly<IdWords>): boolean
}

const smallestSlots = 16
// Linear probing stays short up to here: about 2.5 looks for an id that is there.
const loadMax = 0.75
// Shards take ids by the hash modulo their number, so that all hashes in a table may share their low bits:
// slots are chosen by the high bits of a product.
const spread = 0x9e3779b1

// Invariants:
//   - the number of slots is a power of two, and at least a quarter of them is empty, so that every probe ends.
//   - a slot holds row + 1 of the newest row with its id; 0 is empty. Nothing is ever removed.

/** Finds the newest row with an id: open addressing over one typed array, 5 to 11 bytes per id. */
export class IdTable {
  readonly #source: IdSource
  #slots: Uint32Array
  #shift: number
  #count = 0

  /** Room for `capacity` ids without growing. */
  constructor(source: IdSource, capacity = 0) {
    this.#source = source
    const bits = bitsFor(capacity)
    this.#slots = new Uint32Array(2 ** bits)
    this.#shift = 32 - bits
  }

  /** Memory held, in bytes. */
  get bytes(): number {
    return this.#slots.byteLength
  }

  /** Distinct ids. */
  get size(): number {
    return this.#count
  }

  find(id: Readonly<IdWords>): number | undefined {
    const slots = this.#slots
    const mask = slots.length - 1
    for (let slot = Math.imul(hashWords(id), spread) >>> this.#shift; ; slot = (slot + 1) & mask) {
      const held = slots[slot]!
      if (held === 0) return undefined
      if (this.#source.isIdAt(held - 1, id)) return held - 1
    }
  }

  /** Makes `row` the newest with this id, which the source must give for it by now. Gives the one that was. */
  insert(id: Readonly<IdWords>, row: number): number | undefined {
    if (this.#count >= this.#slots.length * loadMax) this.#grow()
    const slots = this.#slots
    const mask = slots.length - 1
    for (let slot = Math.imul(hashWords(id), spread) >>> this.#shift; ; slot = (slot + 1) & mask) {
      const held = slots[slot]!
      if (held === 0) {
        slots[slot] = row + 1
        this.#count += 1
        return undefined
      }
      if (this.#source.isIdAt(held - 1, id)) {
        slots[slot] = row + 1
        return held - 1
      }
    }
  }

  #grow(): void {
    const old = this.#slots
    const slots = new Uint32Array(old.length * 2)
    const mask = slots.length - 1
    this.#shift -= 1
    for (const held of old) {
      if (held === 0) continue
      let slot = Math.imul(this.#source.hashAt(held - 1), spread) >>> this.#shift
      while (slots[slot] !== 0) slot = (slot + 1) & mask
      slots[slot] = held
    }
    this.#slots = slots
  }
}

function bitsFor(capacity: number): number {
  return Math.ceil(Math.log2(Math.max(capacity / loadMax + 1, smallestSlots)))
}
