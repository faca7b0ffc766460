import { readU64 } from '../../../../encoding/binary.ts'
import { HashSieve } from '../../../../ids/hash-sieve.ts'
import { IdTable } from '../../../../ids/id-table.ts'
import { hashParts, idKindNumber, idOfWords, type IdKind, type IdWords } from '../../../../ids/point-id.ts'
import { yieldToEventLoop } from '../../../../runtime/yield.ts'
import { invalidEntry } from '../../../archive/archive-error.ts'
import { SequentialReader } from '../../sequential-reader.ts'
import type { EntryBytes } from '../../types.ts'
import { SlotList } from './slot-list.ts'

const versionBytes = 8
const isAlive = 2
// Looked up at once: some milliseconds.
const sliceRows = 65_536

/** Collects which id is in which slot. Memory grows with what is added, not with what a file claims. */
export class SlotListBuilder {
  readonly #kind: 'log' | 'of-each-once'
  #rows = 0
  #words = new Uint32Array(4 * 1024)
  /** The kind of the id, and whether it is alive. */
  #states = new Uint8Array(1024)
  #slots = new Uint32Array(1024)
  #slotCount = 0
  /** Rows that the table has. */
  #lookedUp = 0
  readonly #table: IdTable

  /** In a `log` an id may be put again, and removed. Room for so many puts is made at once. */
  constructor(kind: 'log' | 'of-each-once', puts = 0) {
    this.#kind = kind
    const source = {
      hashAt: (row: number) => this.#hashAt(row),
      isIdAt: (row: number, id: Readonly<IdWords>) => this.#isIdAt(row, id),
      isSameId: (row: number, other: number) => this.#isSameId(row, other),
    }
    this.#table = new IdTable(source, puts)
  }

  /** The slot that is given away, whether its point lives or not. */
  noteSlot(slot: number): void {
    if (slot >= this.#slotCount) this.#slotCount = slot + 1
  }

  /** Puts an id into a slot, out of the one that it was in. */
  put(id: Readonly<IdWords>, slot: number): void {
    this.noteSlot(slot)
    const row = this.#rows++
    if (row === this.#slots.length) this.#grow()
    const words = this.#words
    words[4 * row] = id.w0
    words[4 * row + 1] = id.w1
    words[4 * row + 2] = id.w2
    words[4 * row + 3] = id.w3
    this.#states[row] = id.kind | isAlive
    this.#slots[row] = slot
    if (this.#rows - this.#lookedUp >= sliceRows) this.#lookUp()
  }

  remove(id: Readonly<IdWords>): void {
    this.#lookUp()
    const row = this.#table.find(id)
    if (row !== undefined) this.#states[row]! &= ~isAlive
  }

  /**
   * For a list `of-each-once`, when all have been put: an id that has two slots; undefined if there is none. To be asked before
   * `finish`.
   */
  async twice(): Promise<{ readonly id: IdWords; readonly slot: number } | undefined> {
    const sieve = new HashSieve(this.#rows)
    for (let row = 0; row < this.#rows; row++) {
      sieve.add(this.#hashAt(row))
      if (row % sliceRows === 0) await yieldToEventLoop()
    }
    for (let row = 0; row < this.#rows; row++) {
      if (row % sliceRows === 0) await yieldToEventLoop()
      if (!sieve.mayRepeat(this.#hashAt(row))) continue
      const id = this.#idAt(row)
      if (this.#table.insert(id, row) !== undefined) return { id, slot: this.#slots[row]! }
    }
    return undefined
  }

  /** Slots beyond the end of `versions` hold no points: the write-ahead log brings those back. */
  async finish(mappings: EntryBytes, versions: EntryBytes): Promise<SlotList> {
    this.#lookUp()
    const versionCount = Math.floor(versions.bytes / versionBytes)
    const rows = this.#living(versionCount)
    const count = rows.length
    const slots = new Uint32Array(count)
    const kinds = new Uint8Array(count)
    const words = new Uint32Array(4 * count)
    for (let i = 0; i < count; i++) {
      const row = rows[i]!
      slots[i] = this.#slots[row]!
      kinds[i] = this.#states[row]! & 1
      for (let word = 0; word < 4; word++) words[4 * i + word] = this.#words[4 * row + word]!
      if (i === 0 || slots[i] !== slots[i - 1]) continue
      const ids = [rows[i - 1]!, row].map((each) => String(idOfWords(this.#idAt(each)))).join(' and ')
      throw invalidEntry(mappings.name, `points ${ids} have the same slot ${slots[i]!}`, { slot: slots[i] })
    }
    const list = { slotCount: this.#slotCount, slots, kinds, words }
    return new SlotList({ ...list, versions: await readVersions(versions, slots) })
  }

  #idAt(row: number): IdWords {
    const words = this.#words
    return {
      kind: (this.#states[row]! & 1) as IdKind,
      w0: words[4 * row]!,
      w1: words[4 * row + 1]!,
      w2: words[4 * row + 2]!,
      w3: words[4 * row + 3]!,
    }
  }

  #hashAt(row: number): number {
    const words = this.#words
    const at = 4 * row
    return hashParts(this.#states[row]! & 1, words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!)
  }

  #isSameId(row: number, other: number): boolean {
    const words = this.#words
    for (let word = 0; word < 4; word++) if (words[4 * row + word] !== words[4 * other + word]) return false
    return ((this.#states[row]! ^ this.#states[other]!) & 1) === 0
  }

  #isIdAt(row: number, id: Readonly<IdWords>): boolean {
    const words = this.#words
    const at = 4 * row
    return (
      words[at] === id.w0 &&
      words[at + 1] === id.w1 &&
      words[at + 2] === id.w2 &&
      words[at + 3] === id.w3 &&
      (this.#states[row]! & 1) === id.kind
    )
  }

  /** Finds out which of the last rows have taken the place of another: many at once, which is several times as fast. */
  #lookUp(): void {
    if (this.#kind === 'of-each-once') return
    this.#table.insertAll(this.#lookedUp, this.#rows, (_, older) => {
      this.#states[older]! &= ~isAlive
    })
    this.#lookedUp = this.#rows
  }

  #grow(): void {
    const { length } = this.#slots
    const words = new Uint32Array(8 * length)
    words.set(this.#words)
    const states = new Uint8Array(2 * length)
    states.set(this.#states)
    const slots = new Uint32Array(2 * length)
    slots.set(this.#slots)
    this.#words = words
    this.#states = states
    this.#slots = slots
  }

  /** Rows with a living id and a slot below `slotsEnd`, by slot. */
  #living(slotsEnd: number): Uint32Array {
    const rows = new Uint32Array(this.#rows)
    let count = 0
    let isSorted = true
    for (let row = 0, last = -1; row < this.#rows; row++) {
      const slot = this.#slots[row]!
      if ((this.#states[row]! & isAlive) === 0 || slot >= slotsEnd) continue
      if (slot < last) isSorted = false
      last = slot
      rows[count++] = row
    }
    const living = rows.subarray(0, count)
    if (isSorted) return living
    const keys = BigUint64Array.from(living, (row) => (BigInt(this.#slots[row]!) << 32n) | BigInt(row)).sort()
    for (let i = 0; i < count; i++) living[i] = Number(keys[i]! & 0xffffffffn)
    return living
  }
}

/** Of slots that ascend and lie inside. */
async function readVersions(entry: EntryBytes, slots: Uint32Array): Promise<Float64Array> {
  const versions = new Float64Array(slots.length)
  const slotsPerRead = 128 * 1024
  for (let i = 0; i < slots.length;) {
    const first = slots[i]!
    const count = Math.min(slotsPerRead, Math.floor(entry.bytes / versionBytes) - first)
    const reader = new SequentialReader(entry, first * versionBytes, (first + count) * versionBytes)
    await reader.fill(count * versionBytes)
    for (; i < slots.length && slots[i]! < first + count; i++) {
      const version = readU64(reader.buffer, (slots[i]! - first) * versionBytes)
      versions[i] = version
      if (Number.isSafeInteger(version)) continue
      const offset = slots[i]! * versionBytes
      throw invalidEntry(entry.name, `the version at byte ${offset} is beyond 2^53`, { offset })
    }
  }
  return versions
}

/** A number or a UUID as the files of id trackers have it, except the one of Qdrant's disk layout. */
export function readIdWords(kind: IdKind, buffer: Buffer, at: number): IdWords {
  if (kind === idKindNumber)
    return { kind, w0: buffer.readUInt32LE(at), w1: buffer.readUInt32LE(at + 4), w2: 0, w3: 0 }
  return {
    kind,
    w0: buffer.readUInt32BE(at),
    w1: buffer.readUInt32BE(at + 4),
    w2: buffer.readUInt32BE(at + 8),
    w3: buffer.readUInt32BE(at + 12),
  }
}
