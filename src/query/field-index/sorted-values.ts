import type { Range } from '../filter.ts'
import { RowBits } from './row-bits.ts'

// What came since the last sort is looked through one by one while it is short against what is sorted.
const tailMin = 1_024
const tailShare = 16
// What is sorted is also kept as so many bitsets once somebody asks for a wide range: 4 bytes per row.
const blockCount = 32
const blocksMin = 4_096

/** References of the sorted ones as bitsets. */
interface Blocks {
  /** So many of the sorted ones each, but for the last. */
  readonly step: number
  /** Of each block; or, if no reference comes twice, of it and all before it. */
  readonly words: readonly Uint32Array[]
  readonly areDistinct: boolean
}

/** (value, reference) pairs that are only added; finds those of a range. */
export class SortedValues {
  #values = new Float64Array(0)
  #references = new Uint32Array(0)
  /** Made when they are needed. */
  #blocks: Blocks | undefined
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

  /** The references of a range, which are rows. */
  rowsIn(range: Range<number>, rowCount: number): RowBits {
    const { from, to } = this.#stretchOf(range)
    const rows = new RowBits(rowCount)
    const size = this.#references.length
    if (size >= blocksMin && to - from >= 2 * Math.ceil(size / blockCount)) {
      this.#blocks ??= blocksOf(this.#references)
      if (this.#blocks.areDistinct) this.#addByDifference(this.#blocks, from, to, rows)
      else this.#addByBlocks(this.#blocks, from, to, rows)
    } else this.#addEach(from, to, rows)
    this.#forEachInTail(range, (row) => rows.add(row))
    return rows
  }

  /** What the blocks before the nearest boundaries differ in, and then what lies between the boundaries and the ends. */
  #addByDifference({ step, words }: Blocks, from: number, to: number, rows: RowBits): void {
    const [first, end] = [Math.round(from / step), Math.min(Math.round(to / step), words.length)]
    rows.addDifference(words[first - 1], words[end - 1])
    const references = this.#references
    const [start, stop] = [first * step, end * step]
    for (let i = from; i < start; i++) rows.add(references[i]!)
    for (let i = start; i < from; i++) rows.remove(references[i]!)
    for (let i = stop; i < to; i++) rows.add(references[i]!)
    for (let i = to; i < stop; i++) rows.remove(references[i]!)
  }

  #addByBlocks({ step, words }: Blocks, from: number, to: number, rows: RowBits): void {
    const [first, end] = [Math.ceil(from / step), Math.floor(to / step)]
    for (let block = first; block < end; block++) rows.addWords(words[block]!)
    this.#addEach(from, first * step, rows)
    this.#addEach(end * step, to, rows)
  }

  #addEach(from: number, to: number, rows: RowBits): void {
    const references = this.#references
    for (let i = from; i < to; i++) rows.add(references[i]!)
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

function blocksOf(references: Uint32Array): Blocks {
  const step = Math.ceil(references.length / blockCount)
  let most = 0
  for (const reference of references) most = Math.max(most, reference)
  const length = (most >>> 5) + 1
  const seen = new Uint32Array(length)
  let areDistinct = true
  const words = Array.from({ length: Math.floor(references.length / step) }, (_, block) => {
    const own = new Uint32Array(length)
    for (let i = block * step; i < (block + 1) * step; i++) {
      const reference = references[i]!
      const bit = 1 << (reference & 31)
      if ((seen[reference >>> 5]! & bit) !== 0) areDistinct = false
      seen[reference >>> 5]! |= bit
      own[reference >>> 5]! |= bit
    }
    return own
  })
  for (let i = words.length * step; i < references.length; i++) {
    const reference = references[i]!
    if (((seen[reference >>> 5]! >>> (reference & 31)) & 1) === 1) areDistinct = false
  }
  if (areDistinct) for (const [block, own] of words.entries()) addInto(own, words[block - 1])
  return { step, words, areDistinct }
}

function addInto(words: Uint32Array, others: Uint32Array | undefined): void {
  if (others === undefined) return
  for (let i = 0; i < words.length; i++) words[i]! |= others[i]!
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
