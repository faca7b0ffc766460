import { idKindUuid } from '../ids/point-id.ts'
import type { IdColumnImage } from './id-column.ts'

// Rows in the order of their ids: numbers by value, then UUIDs by their bytes (as compareWords has it). Rows of one id
// stay in the order of their row numbers.

const comparedRowsMax = 4_000
const digitBits = 16
const digits = 2 ** digitBits

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
  sortByWords(words, order.subarray(0, numberCount), [0, 1])
  sortByWords(words, order.subarray(numberCount), [3, 2, 1, 0])
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

/** Stable, in place, by the given words of each row from the lowest to the highest. */
function sortByWords(words: Uint32Array, order: Uint32Array, lowToHigh: readonly number[]): void {
  if (order.length <= comparedRowsMax) {
    const highToLow = lowToHigh.toReversed()
    order.sort((a, b) => {
      for (const word of highToLow) {
        const difference = words[a * 4 + word]! - words[b * 4 + word]!
        if (difference !== 0) return difference
      }
      return a - b
    })
    return
  }
  let from = order
  let to: Uint32Array = new Uint32Array(order.length)
  for (const word of lowToHigh) {
    for (const shift of [0, digitBits]) {
      if (scatterByDigit(words, word, shift, from, to)) [from, to] = [to, from]
    }
  }
  if (from !== order) order.set(from)
}

/** One pass of a radix sort; false, and nothing done, if all rows have the same digit. */
function scatterByDigit(
  words: Uint32Array,
  word: number,
  shift: number,
  from: Uint32Array,
  to: Uint32Array,
): boolean {
  const mask = digits - 1
  const counts = new Uint32Array(digits)
  for (let i = 0; i < from.length; i++) {
    const digit = (words[from[i]! * 4 + word]! >>> shift) & mask
    counts[digit]! += 1
  }
  if (counts[(words[from[0]! * 4 + word]! >>> shift) & mask] === from.length) return false
  let sum = 0
  for (let digit = 0; digit < digits; digit++) {
    const count = counts[digit]!
    counts[digit] = sum
    sum += count
  }
  for (let i = 0; i < from.length; i++) {
    const row = from[i]!
    const digit = (words[row * 4 + word]! >>> shift) & mask
    to[counts[digit]!++] = row
  }
  return true
}
