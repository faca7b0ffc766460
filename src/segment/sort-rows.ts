import { idKindUuid } from '../ids/point-id.ts'
import type { Steps } from '../runtime/steps.ts'
import type { IdColumnImage } from './id-column.ts'

// Rows in the order of their ids: numbers by value, then UUIDs by their bytes (as compareWords has it). Rows of one id
// stay in the order of their row numbers.

// Fewer rows than this are compared; more are sorted by digits.
const comparedRowsMax = 64
const digits = 256
const digitMask = digits - 1
/** Rows that one step looks at: some hundred microseconds at most. */
const stepRows = 16_384
const digitShifts = [0, 8, 16, 24]

/** The rows from `start` to `end` in id order. */
export function* sortSteps(
  image: IdColumnImage,
  start: number,
  end: number,
): Steps<Uint32Array<ArrayBuffer>> {
  const { words } = image
  const order = new Uint32Array(end - start)
  let numberCount = 0
  for (let at = start; at < end; at += stepRows) {
    numberCount += countNumbers(image, at, Math.min(at + stepRows, end))
    yield
  }
  const places = { number: 0, uuid: numberCount }
  for (let at = start; at < end; at += stepRows) {
    splitByKind(image, at, Math.min(at + stepRows, end), { order, places })
    yield
  }
  // A number's high word is w1; a UUID's words stand from high to low.
  yield* new WordSorter(words, order.subarray(0, numberCount), [1, 0]).steps()
  yield* new WordSorter(words, order.subarray(numberCount), [0, 1, 2, 3]).steps()
  return order
}

function countNumbers({ kinds }: IdColumnImage, start: number, end: number): number {
  let count = 0
  for (let row = start; row < end; row++) if (kinds[row] !== idKindUuid) count += 1
  return count
}

interface Split {
  readonly order: Uint32Array
  /** Where the next row of each kind goes. */
  readonly places: { number: number; uuid: number }
}

function splitByKind({ kinds }: IdColumnImage, start: number, end: number, { order, places }: Split): void {
  let { number, uuid } = places
  for (let row = start; row < end; row++) {
    if (kinds[row] === idKindUuid) order[uuid++] = row
    else order[number++] = row
  }
  places.number = number
  places.uuid = uuid
}

/** Both in id order, all rows of `later` above those of `earlier`. */
export function* mergeSteps(
  image: IdColumnImage,
  earlier: Uint32Array,
  later: Uint32Array,
): Steps<Uint32Array<ArrayBuffer>> {
  const merged = new Uint32Array(earlier.length + later.length)
  let taken = 0
  for (let at = 0; at < merged.length; at += stepRows) {
    taken = mergeSome({ image, earlier, later, merged }, at, taken)
    yield
  }
  return merged
}

interface Merge {
  readonly image: IdColumnImage
  readonly earlier: Uint32Array
  readonly later: Uint32Array
  readonly merged: Uint32Array
}

/** A step's rows from place `start` on; of `earlier` there are `a` already. Gives how many there are then. */
function mergeSome({ image, earlier, later, merged }: Merge, start: number, a: number): number {
  const end = Math.min(start + stepRows, merged.length)
  let b = start - a
  for (let at = start; at < end; at++) {
    const takeEarlier =
      b === later.length || (a < earlier.length && compareRows(image, earlier[a]!, later[b]!) <= 0)
    merged[at] = takeEarlier ? earlier[a++]! : later[b++]!
  }
  return a
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

  steps(): Steps<void> {
    return this.#sortRun(0, this.#rows.length, 0)
  }

  *#sortRun(start: number, end: number, depth: number): Steps<void> {
    const word = this.#highToLow[depth]
    if (word === undefined || end - start < 2) return
    if (end - start <= comparedRowsMax) return this.#sortFew(start, end, depth)
    for (let at = start; at < end; at += stepRows) {
      this.#readKeys(at, Math.min(at + stepRows, end), word)
      yield
    }
    yield* this.#sortByKeys(start, end)
    let looked = start
    for (let runStart = start; runStart < end;) {
      const runEnd = this.#endOfRun(runStart, end)
      // Overwrites the keys of this run only, which are done with. Most runs are one row.
      if (runEnd - runStart > comparedRowsMax) yield* this.#sortRun(runStart, runEnd, depth + 1)
      else if (runEnd - runStart > 1) this.#sortFew(runStart, runEnd, depth + 1)
      runStart = runEnd
      if (runStart - looked < stepRows) continue
      looked = runStart
      yield
    }
  }

  #readKeys(start: number, end: number, word: number): void {
    const keys = this.#keys
    const words = this.#words
    const rows = this.#rows
    for (let i = start; i < end; i++) keys[i] = words[rows[i]! * 4 + word]!
  }

  #endOfRun(start: number, end: number): number {
    const keys = this.#keys
    const key = keys[start]
    let i = start + 1
    while (i < end && keys[i] === key) i++
    return i
  }

  #sortFew(start: number, end: number, depth: number): void {
    if (depth < this.#highToLow.length)
      this.#rows.subarray(start, end).sort((a, b) => this.#compare(a, b, depth))
  }

  #compare(a: number, b: number, depth: number): number {
    for (let i = depth; i < this.#highToLow.length; i++) {
      const word = this.#highToLow[i]!
      const difference = this.#words[a * 4 + word]! - this.#words[b * 4 + word]!
      if (difference !== 0) return difference
    }
    return a - b
  }

  *#sortByKeys(start: number, end: number): Steps<void> {
    let from = { rows: this.#rows, keys: this.#keys }
    let to = { rows: this.#otherRows, keys: this.#otherKeys }
    for (const shift of digitShifts) {
      if (yield* scatterByDigit(from, to, start, end, shift)) [from, to] = [to, from]
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
function* scatterByDigit(
  from: KeyedRows,
  to: KeyedRows,
  start: number,
  end: number,
  shift: number,
): Steps<boolean> {
  const places = new Uint32Array(digits)
  for (let at = start; at < end; at += stepRows) {
    countDigits(from.keys.subarray(at, Math.min(at + stepRows, end)), shift, places)
    yield
  }
  if (places[(from.keys[start]! >>> shift) & digitMask] === end - start) return false
  let next = start
  for (let digit = 0; digit < digits; digit++) {
    const count = places[digit]!
    places[digit] = next
    next += count
  }
  for (let at = start; at < end; at += stepRows) {
    scatter({ from, to, places, shift }, at, Math.min(at + stepRows, end))
    yield
  }
  return true
}

function countDigits(keys: Uint32Array, shift: number, counts: Uint32Array): void {
  for (let i = 0; i < keys.length; i++) counts[(keys[i]! >>> shift) & digitMask]! += 1
}

interface Scatter {
  readonly from: KeyedRows
  readonly to: KeyedRows
  /** Where the next row of each digit goes. */
  readonly places: Uint32Array
  readonly shift: number
}

function scatter({ from, to, places, shift }: Scatter, start: number, end: number): void {
  const { keys, rows } = from
  const { keys: toKeys, rows: toRows } = to
  for (let i = start; i < end; i++) {
    const key = keys[i]!
    const at = places[(key >>> shift) & digitMask]!++
    toRows[at] = rows[i]!
    toKeys[at] = key
  }
}
