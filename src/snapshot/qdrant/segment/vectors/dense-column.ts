import { invalidEntry } from '../../../archive/archive-error.ts'
import { readRuns } from '../../read-runs.ts'
import type { LocatedValues, SlotColumn } from '../slot-column.ts'
import { decodeElements, elementBytes, type ElementType } from './elements.ts'
import { presentAmong, type FlagBits } from './flags.ts'
import type { RowFile } from './row-file.ts'

/** One vector in each slot; none where the bit is set, and beyond the rows. */
export class DenseColumn implements SlotColumn<Float32Array> {
  readonly #rows: RowFile
  readonly #type: ElementType
  readonly #absent: FlagBits | undefined

  constructor(rows: RowFile, type: ElementType, absent: FlagBits | undefined) {
    this.#rows = rows
    this.#type = type
    this.#absent = absent
  }

  async locate(slots: Uint32Array): Promise<LocatedValues<Float32Array>> {
    const bytes = (this.#rows.rowBytes / elementBytes[this.#type]) * 4
    const isPresent = new Uint8Array(slots.length)
    for (const index of await presentAmong(slots, this.#rows.count, this.#absent)) isPresent[index] = 1
    return {
      bytesAt: (index) => isPresent[index]! * bytes,
      read: (from, to) => this.#read(slots.subarray(from, to), isPresent.subarray(from, to)),
    }
  }

  async #read(slots: Uint32Array, isPresent: Uint8Array): Promise<(Float32Array | undefined)[]> {
    const { rowBytes } = this.#rows
    const elements = elementBytes[this.#type]
    const values = new Array<Float32Array | undefined>(slots.length).fill(undefined)
    const present: number[] = []
    for (let i = 0; i < slots.length; i++) if (isPresent[i] === 1) present.push(i)
    const offsets = new Float64Array(present.length)
    for (let i = 0; i < present.length; i++) offsets[i] = slots[present[i]!]! * rowBytes
    const lengths = new Float64Array(present.length).fill(rowBytes)
    let run: Uint8Array | undefined
    let floats: Float32Array = new Float32Array(0)
    await readRuns(this.#rows, offsets, lengths, (index, bytes, at) => {
      if (bytes !== run) {
        run = bytes
        floats = decodeElements(this.#type, bytes, 0, bytes.byteLength / elements)
      }
      const vector = floats.subarray(at / elements, (at + rowBytes) / elements)
      checkNumbers(vector, elements, this.#rows, offsets[index]!)
      values[present[index]!] = vector
    })
    return values
  }
}

/** @throws archive-invalid for a component that is not a number, of `elements` bytes each */
export function checkNumbers(vector: Float32Array, elements: number, rows: RowFile, offset: number): void {
  let sum = 0
  for (let i = 0; i < vector.length; i++) sum += vector[i]! - vector[i]!
  // 0, or NaN as soon as one component is NaN or infinite.
  if (sum === 0) return
  const index = vector.findIndex((value) => !Number.isFinite(value))
  const at = offset + elements * index
  throw invalidEntry(rows.name, `a component of a vector is ${vector[index]!}, at ${rows.place(at)}`, {
    offset: at,
  })
}
