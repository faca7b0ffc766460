import { idKindUuid } from '../ids/point-id.ts'
import type { IdColumnImage } from './id-column.ts'

// Rows in the order of their ids: numbers by value, then UUIDs by their bytes (as compareWords has it). Rows of one id
// stay in the order of their row numbers.

// Fewer rows than this are compared; more are sorted by digits.
const comparedRowsMax = 64
const digits = 256
const digitShifts = [0, 8, 16, 24]

/** The rows from `start` to `end` in id order. */
export function sortRows({ words, kinds }: IdColumnImage, start: number, end: number): Uint32Array {
  let numberCount = 0
  for (let row = start; row < end; row++) if (kinds[row] !== idKindUuid) numberCount += 1
  const order = new Uint32Array(end - start)
  let numberAt = 0
  let uuidAt = numberCount
  for (let row = start; row < end; row++) {
    if (kinds[row] === idKindUuid) order[uuidAt++] = row
    else order[numberAt++] = row
  }
  // A number's high word is w1; a UUID's words stand from high to low.
  new WordSorter(words, order.subarray(0, numberCount), [1, 0]).sort()
  new WordSorter(words, order.subarray(numberCount), [0, 1, 2, 3]).sort()
  return order
}

/** Both in id order, all rows of `later` above those of `earlier`. */
export function mergeSorted(image: IdColumnImage, earlier: Uint32Array, later: Uint32Array): Uint32Array {
  const merged = new Uint32Array(earlier.length + later.length)
  let a = 0
  let b = 0
  for (let at = 0; at < merged.length; at++) {
    const takeEarlier =
      b === later.length || (a < earlier.length && compareRows(image, earlier[a]!, later[b]!) <= 0)
    merged[at] = takeEarlier ? earlier[a++]! : later[b++]!
  }
  return merged
}

function compareRows({ words, kinds }: IdColumnImage, a: number, b: number): number {
  const kind = kinds[a]!
  if (kind !== kinds[b]) return kind - kinds[b]!
  const i = a * 4
  const j = b * 4
  if (kind !== idKindUuid) return words[i + 1]! - words[j + 1]! || words[i]! - words[j]!
  return (
    words[i]! - words[j]! ||
    words[i + 1]! - words[j + 1]! ||
    words[i + 2]! - words[j + 2]! ||
    words[i + 3]! - words[j + 3]!
  )
}

/**
 * Sorts rows in place, and stably, by their words: by the first one, then each run of rows that have it in common by
 * the next. Keys are moved along with the rows, as reading them through the rows is a cache miss each.
 */
class WordSorter {
  readonly #words: Uint32Array
  readonly #rows: Uint32Array
  readonly #highToLow: readonly number[]
  readonly #keys: Uint32Array
  readonly #otherRows: Uint32Array
  readonly #otherKeys: Uint32Array

  constructor(words: Uint32Array, rows: Uint32Array, highToLow: readonly number[]) {
    this.#words = words
    this.#rows = rows
    this.#highToLow = highToLow
    this.#keys = new Uint32Array(rows.length)
    this.#otherRows = new Uint32Array(rows.length)
    this.#otherKeys = new Uint32Array(rows.length)
  }

  sort(): void {
    this.#sortRun(0, this.#rows.length, 0)
  }

  #sortRun(start: number, end: number, depth: number): void {
    const word = this.#highToLow[depth]
    if (word === undefined || end - start < 2) return
    if (end - start <= comparedRowsMax) {
      this.#rows.subarray(start, end).sort((a, b) => this.#compare(a, b, depth))
      return
    }
    const keys = this.#keys
    for (let i = start; i < end; i++) keys[i] = this.#words[this.#rows[i]! * 4 + word]!
    this.#sortByKeys(start, end)
    let runStart = start
    for (let i = start + 1; i <= end; i++) {
      if (i < end && keys[i] === keys[runStart]) continue
      // Overwrites the keys of this run only, which are done with.
      this.#sortRun(runStart, i, depth + 1)
      runStart = i
    }
  }

  #compare(a: number, b: number, depth: number): number {
    for (let i = depth; i < this.#highToLow.length; i++) {
      const word = this.#highToLow[i]!
      const difference = this.#words[a * 4 + word]! - this.#words[b * 4 + word]!
      if (difference !== 0) return difference
    }
    return a - b
  }

  #sortByKeys(start: number, end: number): void {
    let from = { rows: this.#rows, keys: this.#keys }
    let to = { rows: this.#otherRows, keys: this.#otherKeys }
    for (const shift of digitShifts) {
      if (scatterByDigit(from, to, start, end, shift)) [from, to] = [to, from]
    }
    if (from.rows === this.#rows) return
    this.#rows.set(from.rows.subarray(start, end), start)
    this.#keys.set(from.keys.subarray(start, end), start)
  }
}

interface KeyedRows {
  readonly rows: Uint32Array
  readonly keys: Uint32Array
}

/** One pass of a radix sort; false, and nothing done, if all keys have the same digit. */
function scatterByDigit(from: KeyedRows, to: KeyedRows, start: number, end: number, shift: number): boolean {
  const mask = digits - 1
  const places = new Uint32Array(digits)
  for (let i = start; i < end; i++) places[(from.keys[i]! >>> shift) & mask]! += 1
  if (places[(from.keys[start]! >>> shift) & mask] === end - start) return false
  let next = start
  for (let digit = 0; digit < digits; digit++) {
    const count = places[digit]!
    places[digit] = next
    next += count
  }
  for (let i = start; i < end; i++) {
    const at = places[(from.keys[i]! >>> shift) & mask]!++
    to.rows[at] = from.rows[i]!
    to.keys[at] = from.keys[i]!
  }
  return true
}
