import { hashWords, type IdWords } from './point-id.ts'

/** The ids of rows, as the table looks them up: it keeps row numbers only. */
export interface IdSource {
  /** `hashWords` of the row's id. */
  hashAt(row: number): number
  isIdAt(row: number, id: Readonly<IdWords>): boolean
  /** True if two rows have the same id. */
  isSameId(row: number, other: number): boolean
}

/** A table as another thread made it. */
export interface IdTableImage {
  readonly slots: Uint32Array
  /** Distinct ids. */
  readonly count: number
}

const smallestSlots = 16
// Linear probing stays short up to here: about 2.5 looks for an id that is there.
const loadMax = 0.75
// Shards take ids by the hash modulo their number, so that all hashes in a table may share their low bits:
// slots are chosen by the high bits of a product.
const spread = 0x9e3779b1
const partitions = 256

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

  /** A table that was made over rows of the same ids; it owns the image from then on. */
  static adopt(source: IdSource, { slots, count }: IdTableImage): IdTable {
    const table = new IdTable(source)
    table.#slots = slots
    table.#shift = 32 - Math.log2(slots.length)
    table.#count = count
    return table
  }

  image(): IdTableImage {
    return { slots: this.#slots, count: this.#count }
  }

  /** Memory held, in bytes. */
  get bytes(): number {
    return this.#slots.byteLength
  }

  /** Distinct ids. */
  get size(): number {
    return this.#count
  }

  /** Room for `capacity` ids, so that the table need not grow on the way there. */
  reserve(capacity: number): void {
    const length = 2 ** bitsFor(capacity)
    if (length > this.#slots.length) this.#grow(length)
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

  /**
   * `insert` for the rows from `start` to `end`, twice as fast: they are taken in the order of their slots, so
   * that each part of the table comes into the processor's cache once. `onOlder` gets each row that replaced one.
   */
  insertAll(start: number, end: number, onOlder: (row: number, older: number) => void): void {
    while (this.#count + end - start > this.#slots.length * loadMax) this.#grow()
    const slots = this.#slots
    const mask = slots.length - 1
    const { rows, homes } = this.#bySlot(start, end)
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i]!
      let slot = homes[i]!
      let held = slots[slot]!
      while (held !== 0 && !this.#source.isSameId(held - 1, row)) {
        slot = (slot + 1) & mask
        held = slots[slot]!
      }
      slots[slot] = row + 1
      if (held === 0) this.#count += 1
      else onOlder(row, held - 1)
    }
  }

  /** The rows, sorted roughly by the slots that they belong to; rows of one id stay in their order. */
  #bySlot(start: number, end: number): { rows: Uint32Array; homes: Uint32Array } {
    const unsorted = homesOf(this.#source, start, end, this.#shift)
    const shift = Math.max(0, 32 - this.#shift - Math.log2(partitions))
    return sortedByHome(unsorted, start, shift)
  }

  #grow(length = this.#slots.length * 2): void {
    const old = this.#slots
    const slots = new Uint32Array(length)
    const mask = slots.length - 1
    this.#shift = 32 - Math.log2(length)
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

// In functions of their own: what is behind a long loop has not been seen when the loop is compiled, and then was for nothing.

/** The slots that the ids of the rows belong to. */
function homesOf(source: IdSource, start: number, end: number, shift: number): Uint32Array {
  const homes = new Uint32Array(end - start)
  for (let row = start; row < end; row++) homes[row - start] = Math.imul(source.hashAt(row), spread) >>> shift
  return homes
}

/** By the highest bits of their homes; `first` is the number of the first row. */
function sortedByHome(
  unsorted: Uint32Array,
  first: number,
  shift: number,
): { rows: Uint32Array; homes: Uint32Array } {
  const ends = partitionEnds(unsorted, shift)
  const rows = new Uint32Array(unsorted.length)
  const homes = new Uint32Array(unsorted.length)
  for (let i = unsorted.length - 1; i >= 0; i--) {
    const home = unsorted[i]!
    const at = --ends[home >>> shift]!
    rows[at] = first + i
    homes[at] = home
  }
  return { rows, homes }
}

function partitionEnds(homes: Uint32Array, shift: number): Uint32Array {
  const ends = new Uint32Array(partitions)
  for (let i = 0; i < homes.length; i++) ends[homes[i]! >>> shift]! += 1
  for (let i = 1; i < partitions; i++) ends[i]! += ends[i - 1]!
  return ends
}
