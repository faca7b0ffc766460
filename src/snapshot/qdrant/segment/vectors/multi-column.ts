import type { MultiVector } from '../../../../graph/vector-value.ts'
import type { VectorBlock } from '../../../../segment/row-block.ts'
import { invalidEntry } from '../../../archive/archive-error.ts'
import { asBuffer } from '../../../../encoding/binary.ts'
import { readRuns } from '../../read-runs.ts'
import { valueBytesMax } from '../../limits.ts'
import type { LocatedValues, SlotColumn } from '../slot-column.ts'
import { checkNumbers } from './dense-column.ts'
import { decodeElements, elementBytes, type ElementType } from './elements.ts'
import { presentAmong, type FlagBits } from './flags.ts'
import type { RowFile } from './row-file.ts'

/** Of each slot: u32 first row, u32 count, u32 capacity. */
export const offsetBytes = 12

/** Several vectors in each slot: a run of rows. */
export class MultiColumn implements SlotColumn<VectorBlock> {
  readonly #rows: RowFile
  readonly #offsets: RowFile
  readonly #type: ElementType
  readonly #dimensions: number
  readonly #absent: FlagBits | undefined

  constructor(rows: RowFile, offsets: RowFile, type: ElementType, absent: FlagBits | undefined) {
    this.#rows = rows
    this.#offsets = offsets
    this.#type = type
    this.#dimensions = rows.rowBytes / elementBytes[type]
    this.#absent = absent
  }

  async locate(slots: Uint32Array): Promise<LocatedValues<VectorBlock>> {
    const firsts = new Float64Array(slots.length)
    const counts = new Float64Array(slots.length)
    const present = await presentAmong(slots, this.#offsets.count, this.#absent)
    const offsets = Float64Array.from(present, (index) => slots[index]! * offsetBytes)
    const lengths = new Float64Array(present.length).fill(offsetBytes)
    await readRuns(this.#offsets, offsets, lengths, (index, run, at) => {
      const buffer = asBuffer(run)
      firsts[present[index]!] = buffer.readUInt32LE(at)
      counts[present[index]!] = buffer.readUInt32LE(at + 4)
      this.#check(slots[present[index]!]!, buffer, at)
    })
    return {
      bytesAt: (index) => counts[index]! * this.#dimensions * 4,
      read: (from, to) => this.#read(firsts.subarray(from, to), counts.subarray(from, to)),
    }
  }

  #check(slot: number, buffer: Buffer, at: number): void {
    const first = buffer.readUInt32LE(at)
    const count = buffer.readUInt32LE(at + 4)
    const capacity = buffer.readUInt32LE(at + 8)
    const { rowsPerChunk, rowBytes } = this.#rows
    const isInside = count > 0 && count <= capacity && first + count <= this.#rows.count
    const isInOneChunk = Math.floor(first / rowsPerChunk) === Math.floor((first + count - 1) / rowsPerChunk)
    const offset = slot * offsetBytes
    const refuse = (why: string): Error => {
      const what = `slot ${slot} has ${count} vectors from ${first} on with room for ${capacity}`
      return invalidEntry(this.#offsets.name, `${what}: ${why} (${this.#offsets.place(offset)})`, { offset })
    }
    if (!isInside) throw refuse(`there are ${this.#rows.count}`)
    if (!isInOneChunk) throw refuse('they lie in two chunks')
    if (count * rowBytes > valueBytesMax) throw refuse(`that is more than ${valueBytesMax} bytes`)
  }

  async #read(firsts: Float64Array, counts: Float64Array): Promise<(MultiVector | undefined)[]> {
    const { rowBytes } = this.#rows
    const values = Array.from<MultiVector | undefined>({ length: firsts.length })
    const present = Uint32Array.from(firsts, (_, index) => index).filter((index) => counts[index]! > 0)
    const offsets = Float64Array.from(present, (index) => firsts[index]! * rowBytes)
    const lengths = Float64Array.from(present, (index) => counts[index]! * rowBytes)
    await readRuns(this.#rows, offsets, lengths, (index, run, at) => {
      const floats = decodeElements(this.#type, run, at, counts[present[index]!]! * this.#dimensions)
      checkNumbers(floats, elementBytes[this.#type], this.#rows, offsets[index]!)
      values[present[index]!] = { dimensions: this.#dimensions, values: floats }
    })
    return values
  }
}
