import type { Range } from '../filter.ts'
import type { RowBits } from './row-bits.ts'

// What came since the last sort is looked through one by one while it is short against what is sorted.
const tailMin = 1_024
const tailShare = 16
// What is sorted is also kept as so many bitsets once somebody asks for a wide range: 2 bytes per row.
const blockCount = 16
const blocksMin = 4_096

/** (value, reference) pairs that are only added; finds those of a range. */
export class SortedValues {
  #values = new Float64Array(0)
  #references = new Uint32Array(0)
  /** References of one stretch of the sorted ones after another; made when they are needed. */
  #blocks: readonly Uint32Array[] | undefined
  #tailValues: number[] = []
  #tailReferences: number[] = []

  add(value: number, reference: number): void {
    this.#tailValues.push(value)
    this.#tailReferences.push(reference)
  }

  /** Calls back for each reference whose value lies in the range; more than once if it has several. */
  forEachIn(range: Range<number>, found: (reference: number) => void): void {
    const { from, to } = this.#stretchOf(range)
    for (let i = from; i < to; i++) found(this.#references[i]!)
    this.#forEachInTail(range, found)
  }

  /** Adds the references of a range, which are rows. */
  addIn(range: Range<number>, rows: RowBits): void {
    const stretch = this.#stretchOf(range)
    const { to } = stretch
    let { from } = stretch
    const references = this.#references
    const step = Math.ceil(references.length / blockCount)
    if (references.length >= blocksMin && to - from >= 2 * step) {
      const blocks = (this.#blocks ??= blocksOf(references, step))
      const first = Math.ceil(from / step)
      const end = Math.floor(to / step)
      for (let i = from; i < first * step; i++) rows.add(references[i]!)
      for (let block = first; block < end; block++) rows.addWords(blocks[block]!)
      from = end * step
    }
    for (let i = from; i < to; i++) rows.add(references[i]!)
    this.#forEachInTail(range, (row) => rows.add(row))
  }

  /** Where the sorted ones of a range lie. */
  #stretchOf(range: Range<number>): { readonly from: number; readonly to: number } {
    if (this.#tailValues.length > Math.max(tailMin, this.#values.length / tailShare)) this.#merge()
    const from = Math.max(
      range.gt === undefined ? 0 : firstAbove(this.#values, range.gt),
      range.gte === undefined ? 0 : firstFrom(this.#values, range.gte),
    )
    const to = Math.min(
      range.lt === undefined ? this.#values.length : firstFrom(this.#values, range.lt),
      range.lte === undefined ? this.#values.length : firstAbove(this.#values, range.lte),
    )
    return { from, to }
  }

  #forEachInTail(range: Range<number>, found: (reference: number) => void): void {
    const { gt = -Infinity, gte = -Infinity, lt = Infinity, lte = Infinity } = range
    for (let i = 0; i < this.#tailValues.length; i++) {
      const value = this.#tailValues[i]!
      // An unset bound must not shut out the infinities that it stands for.
      const isLow = (range.gt === undefined || value > gt) && value >= gte
      if (isLow && (range.lt === undefined || value < lt) && value <= lte) found(this.#tailReferences[i]!)
    }
  }

  #merge(): void {
    const order = Uint32Array.from(this.#tailValues.keys())
    order.sort((a, b) => this.#tailValues[a]! - this.#tailValues[b]!)
    const size = this.#values.length + order.length
    const values = new Float64Array(size)
    const references = new Uint32Array(size)
    let old = 0
    let next = 0
    for (let i = 0; i < size; i++) {
      const tail = next < order.length ? order[next]! : -1
      if (tail === -1 || (old < this.#values.length && this.#values[old]! <= this.#tailValues[tail]!)) {
        values[i] = this.#values[old]!
        references[i] = this.#references[old]!
        old += 1
      } else {
        values[i] = this.#tailValues[tail]!
        references[i] = this.#tailReferences[tail]!
        next += 1
      }
    }
    this.#values = values
    this.#references = references
    this.#blocks = undefined
    this.#tailValues = []
    this.#tailReferences = []
  }
}

function blocksOf(references: Uint32Array, step: number): readonly Uint32Array[] {
  let most = 0
  for (const reference of references) most = Math.max(most, reference)
  return Array.from({ length: Math.floor(references.length / step) }, (_, block) => {
    const words = new Uint32Array((most >>> 5) + 1)
    for (let i = block * step; i < (block + 1) * step; i++) {
      const reference = references[i]!
      words[reference >>> 5]! |= 1 << (reference & 31)
    }
    return words
  })
}

function firstFrom(values: Float64Array, wanted: number): number {
  return firstWhere(values, (value) => value >= wanted)
}

function firstAbove(values: Float64Array, wanted: number): number {
  return firstWhere(values, (value) => value > wanted)
}

function firstWhere(values: Float64Array, isThere: (value: number) => boolean): number {
  let low = 0
  let high = values.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (isThere(values[middle]!)) high = middle
    else low = middle + 1
  }
  return low
}
