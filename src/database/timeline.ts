import { asBuffer } from '../encoding/binary.ts'
import { DatabaseError } from '../errors/database-error.ts'
import { seqOf, type SequenceNumber } from '../ids/brands.ts'

/** A mark is written with the first record after this time without one, in milliseconds. */
export const timelineGranularityMs = 100

const magic = Buffer.from('STILLTML', 'latin1')
const formatVersion = 1
const headerBytes = 16
const markBytes = 16
// Marks older than this are thinned to one a second.
const fineMs = 60 * 60 * 1000
const coarseMs = 1000

const secondOf = (time: number): number => Math.floor(time / coarseMs)

// Invariant: both columns grow from mark to mark.

/** When which records were written: marks of (time, first number from then on). */
export class Timeline {
  #times: number[] = []
  #seqs: number[] = []
  #changeCount = 0

  /** Grows with every change. */
  get changeCount(): number {
    return this.#changeCount
  }

  get size(): number {
    return this.#times.length
  }

  /** The newest mark's time, 0 without any. */
  get lastTime(): number {
    return this.#times.at(-1) ?? 0
  }

  /** Records after the mark `seq` were written at `time` or later, those before it earlier. */
  add(time: number, seq: SequenceNumber): void {
    // A clock that was set back must not make records older than those before them.
    this.#times.push(Math.max(time, this.lastTime))
    this.#seqs.push(seq)
    this.#changeCount += 1
  }

  /**
   * The last record that was written by `time` (milliseconds since the epoch), to the granularity of the marks;
   * undefined if no mark is as old. `lastSeq` is the newest record.
   */
  seqAt(time: number, lastSeq: SequenceNumber): SequenceNumber | undefined {
    const index = this.#after(time)
    if (index === 0) return undefined
    return index === this.#times.length ? lastSeq : seqOf(this.#seqs[index]! - 1)
  }

  /** The place of the first mark later than a time. */
  #after(time: number): number {
    let low = 0
    let high = this.#times.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#times[middle]! <= time) low = middle + 1
      else high = middle
    }
    return low
  }

  /** The time of a record: that of the last mark before it, in milliseconds; undefined if it is older than all marks. */
  timeOf(seq: SequenceNumber): number | undefined {
    let low = 0
    let high = this.#seqs.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#seqs[middle]! <= seq) low = middle + 1
      else high = middle
    }
    return low === 0 ? undefined : this.#times[low - 1]
  }

  /** Forgets what lies before a number, but for the mark that says when that number was written. */
  forget(horizon: SequenceNumber): void {
    let first = 0
    while (first + 1 < this.#seqs.length && this.#seqs[first + 1]! <= horizon) first += 1
    if (first === 0) return
    this.#times = this.#times.slice(first)
    this.#seqs = this.#seqs.slice(first)
    this.#changeCount += 1
  }

  /** Leaves one mark a second of what is older than an hour. */
  thin(now: number): void {
    const times: number[] = []
    const seqs: number[] = []
    this.#times.forEach((time, index) => {
      const isOld = time < now - fineMs
      // The first of each whole second stays: then whole seconds still resolve exactly.
      if (isOld && times.length > 0 && secondOf(time) === secondOf(times.at(-1)!)) return
      times.push(time)
      seqs.push(this.#seqs[index]!)
    })
    if (times.length === this.#times.length) return
    this.#times = times
    this.#seqs = seqs
    this.#changeCount += 1
  }

  /** docs/format/manifest.md has the table. */
  encode(): Uint8Array {
    const bytes = Buffer.alloc(headerBytes + this.#times.length * markBytes)
    magic.copy(bytes, 0)
    bytes.writeUInt32LE(formatVersion, 8)
    bytes.writeUInt32LE(this.#times.length, 12)
    this.#times.forEach((time, index) => {
      bytes.writeDoubleLE(time, headerBytes + index * markBytes)
      bytes.writeDoubleLE(this.#seqs[index]!, headerBytes + index * markBytes + 8)
    })
    return bytes
  }

  /** @throws manifest-corrupt, version-unsupported */
  static decode(bytes: Uint8Array, key: string): Timeline {
    const buffer = asBuffer(bytes)
    const fail = (why: string): DatabaseError =>
      new DatabaseError('manifest-corrupt', `Cannot read ${key}: ${why}`, { key })
    if (buffer.length < headerBytes || !buffer.subarray(0, 8).equals(magic)) throw fail('it is no timeline')
    const version = buffer.readUInt32LE(8)
    if (version !== formatVersion)
      throw new DatabaseError('version-unsupported', `Cannot read ${key}: its format version is ${version}`, {
        key,
      })
    const count = buffer.readUInt32LE(12)
    if (buffer.length !== headerBytes + count * markBytes) throw fail('its length is not that of its marks')
    const timeline = new Timeline()
    for (let at = headerBytes; at < buffer.length; at += markBytes) {
      const time = buffer.readDoubleLE(at)
      const seq = buffer.readDoubleLE(at + 8)
      if (!(time >= timeline.lastTime) || !(seq > (timeline.#seqs.at(-1) ?? 0)))
        throw fail('its marks are not in order')
      timeline.add(time, seqOf(seq))
    }
    return timeline
  }
}
