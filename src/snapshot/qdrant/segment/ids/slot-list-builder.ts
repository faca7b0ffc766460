import { readU64 } from '../../../../encoding/binary.ts'
import { HashSieve } from '../../../../ids/hash-sieve.ts'
import { IdTable } from '../../../../ids/id-table.ts'
import { idKindNumber, idOfWords, type IdKind, type IdWords } from '../../../../ids/point-id.ts'
import { yieldToEventLoop } from '../../../../runtime/yield.ts'
import { IdColumn, pickIds } from '../../../../segment/id-column.ts'
import { invalidEntry } from '../../../archive/archive-error.ts'
import { SequentialReader } from '../../sequential-reader.ts'
import type { EntryBytes } from '../../types.ts'
import { SlotList } from './slot-list.ts'

const versionBytes = 8
// Looked up at once: some milliseconds.
const sliceRows = 65_536
const firstRows = 1024

/** Collects which id is in which slot. Memory grows with what is added, not with what a file claims. */
export class SlotListBuilder {
  readonly #kind: 'log' | 'of-each-once'
  readonly #ids = new IdColumn(firstRows)
  /** 1 for those that have not been removed, or put again. */
  #alive = new Uint8Array(firstRows)
  #slots = new Uint32Array(firstRows)
  #slotCount = 0
  /** Rows that the table has. */
  #lookedUp = 0
  readonly #table: IdTable

  /** In a `log` an id may be put again, and removed. Room for so many puts is made at once. */
  constructor(kind: 'log' | 'of-each-once', puts = 0) {
    this.#kind = kind
    this.#table = new IdTable(this.#ids, puts)
  }

  /** The slot that is given away, whether its point lives or not. */
  noteSlot(slot: number): void {
    if (slot >= this.#slotCount) this.#slotCount = slot + 1
  }

  /** Puts an id into a slot, out of the one that it was in. */
  put(id: Readonly<IdWords>, slot: number): void {
    this.noteSlot(slot)
    const row = this.#ids.append(id)
    if (row === this.#slots.length) this.#grow()
    this.#alive[row] = 1
    this.#slots[row] = slot
    if (row + 1 - this.#lookedUp >= sliceRows) this.#lookUp()
  }

  remove(id: Readonly<IdWords>): void {
    this.#lookUp()
    const row = this.#table.find(id)
    if (row !== undefined) this.#alive[row] = 0
  }

  /**
   * For a list `of-each-once`, when all have been put: an id that has two slots; undefined if there is none. To be asked before
   * `finish`.
   */
  async twice(): Promise<{ readonly id: IdWords; readonly slot: number } | undefined> {
    const sieve = new HashSieve(this.#ids.rowCount)
    for (let row = 0; row < this.#ids.rowCount; row++) {
      sieve.add(this.#ids.hashAt(row))
      if (row % sliceRows === 0) await yieldToEventLoop()
    }
    for (let row = 0; row < this.#ids.rowCount; row++) {
      if (row % sliceRows === 0) await yieldToEventLoop()
      if (!sieve.mayRepeat(this.#ids.hashAt(row))) continue
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
    for (let i = 0; i < count; i++) {
      const row = rows[i]!
      slots[i] = this.#slots[row]!
      if (i === 0 || slots[i] !== slots[i - 1]) continue
      const ids = [rows[i - 1]!, row].map((each) => String(idOfWords(this.#idAt(each)))).join(' and ')
      throw invalidEntry(mappings.name, `points ${ids} have the same slot ${slots[i]!}`, { slot: slots[i] })
    }
    const list = { slotCount: this.#slotCount, slots, ...pickIds(this.#ids.image(), rows) }
    return new SlotList({ ...list, versions: await readVersions(versions, slots) })
  }

  #idAt(row: number): IdWords {
    const id: IdWords = { kind: idKindNumber, w0: 0, w1: 0, w2: 0, w3: 0 }
    this.#ids.read(row, id)
    return id
  }

  /** Finds out which of the last rows have taken the place of another: many at once, which is several times as fast. */
  #lookUp(): void {
    if (this.#kind === 'of-each-once') return
    this.#table.insertAll(this.#lookedUp, this.#ids.rowCount, (_, older) => {
      this.#alive[older] = 0
    })
    this.#lookedUp = this.#ids.rowCount
  }

  #grow(): void {
    const { length } = this.#slots
    const alive = new Uint8Array(2 * length)
    alive.set(this.#alive)
    const slots = new Uint32Array(2 * length)
    slots.set(this.#slots)
    this.#alive = alive
    this.#slots = slots
  }

  /** Rows with a living id and a slot below `slotsEnd`, by slot. */
  #living(slotsEnd: number): Uint32Array {
    const rows = new Uint32Array(this.#ids.rowCount)
    let count = 0
    let isSorted = true
    for (let row = 0, last = -1; row < this.#ids.rowCount; row++) {
      const slot = this.#slots[row]!
      if (this.#alive[row] === 0 || slot >= slotsEnd) continue
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
