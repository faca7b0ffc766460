import type { DenseRows } from '../../../../graph/vector-column.ts'
import { firstNotFinite } from '../../../../runtime/finite.ts'
import { invalidEntry } from '../../../archive/archive-error.ts'
import { readRuns } from '../../read-runs.ts'
import type { LocatedValues, BlockMemory, SlotColumn } from '../slot-column.ts'
import { decodeElements, elementBytes, type ElementType } from './elements.ts'
import { presentAmong, type FlagBits } from './flags.ts'
import type { RowFile } from './row-file.ts'

/** One vector in each slot; none where the bit is set, and beyond the rows. */
export class DenseColumn implements SlotColumn<DenseRows> {
  readonly #rows: RowFile
  readonly #type: ElementType
  readonly #dimensions: number
  readonly #absent: FlagBits | undefined

  constructor(rows: RowFile, type: ElementType, absent: FlagBits | undefined) {
    this.#rows = rows
    this.#type = type
    this.#dimensions = rows.rowBytes / elementBytes[type]
    this.#absent = absent
  }

  async locate(slots: Uint32Array): Promise<LocatedValues<DenseRows>> {
    const bytes = this.#dimensions * 4
    const isPresent = new Uint8Array(slots.length)
    const present = await presentAmong(slots, this.#rows.count, this.#absent)
    for (const index of present) isPresent[index] = 1
    const isWhole = present.length === slots.length
    return {
      bytesAt: (index) => isPresent[index]! * bytes,
      read: (from, to, memory) =>
        this.#read(slots.subarray(from, to), isWhole ? undefined : isPresent.subarray(from, to), memory),
    }
  }

  async #read(
    slots: Uint32Array,
    present: Uint8Array | undefined,
    memory: BlockMemory | undefined,
  ): Promise<DenseRows> {
    const dimensions = this.#dimensions
    if (present === undefined && slots.at(-1)! - slots[0]! === slots.length - 1)
      return { dimensions, floats: await this.#readAll(slots[0]!, slots.length, memory), present }
    const { rowBytes } = this.#rows
    const floats = new Float32Array(slots.length * dimensions)
    const wanted = Uint32Array.from(slots.keys()).filter((index) => present?.[index] !== 0)
    const offsets = Float64Array.from(wanted, (index) => slots[index]! * rowBytes)
    const lengths = new Float64Array(wanted.length).fill(rowBytes)
    await readRuns(this.#rows, offsets, lengths, (place, bytes, at) => {
      const vector = decodeElements(this.#type, bytes, at, dimensions)
      checkNumbers(vector, elementBytes[this.#type], this.#rows, offsets[place]!)
      floats.set(vector, wanted[place]! * dimensions)
    })
    return { dimensions, floats, present }
  }

  /** Rows that lie one behind the other, as they were read. */
  async #readAll(first: number, count: number, memory: BlockMemory | undefined): Promise<Float32Array> {
    const { rowBytes } = this.#rows
    const length = count * rowBytes
    const bytes = await this.#rows.read(first * rowBytes, length, memory?.take(this, length))
    const floats = decodeElements(this.#type, bytes, 0, count * this.#dimensions)
    checkNumbers(floats, elementBytes[this.#type], this.#rows, first * rowBytes)
    return floats
  }
}

/** @throws archive-invalid for a component that is not a number, of `elements` bytes each */
export function checkNumbers(vector: Float32Array, elements: number, rows: RowFile, offset: number): void {
  const index = firstNotFinite(vector)
  if (index === undefined) return
  const at = offset + elements * index
  throw invalidEntry(rows.name, `a component of a vector is ${vector[index]!}, at ${rows.place(at)}`, {
    offset: at,
  })
}
