import type { SparseInput } from '../../../index.ts'

// What full-text search keeps of a text, as a sparse vector: for each of its terms how often it is there, damped, and in a
// place of its own how long the text is. Nothing of it depends on other texts or on the parameters of an index; those count
// when it is searched.

/** Where the length stands: no term has this index. */
export const lengthIndex = 2 ** 32 - 2
const termIndexes = lengthIndex

/** By FNV-1a over the characters, well mixed. Two terms that share an index are one; of a million terms a hundred are. */
export function termIndex(term: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < term.length; at++) {
    const unit = term.charCodeAt(at)
    hash = Math.imul(hash ^ (unit & 0xff), 0x01000193)
    hash = Math.imul(hash ^ (unit >>> 8), 0x01000193)
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return ((hash ^ (hash >>> 16)) >>> 0) % termIndexes
}

const saturation = 1.2

/** What `count` times a term are kept as: more, but ever less so. */
export const damped = (count: number): number => ((saturation + 1) * count) / (count + saturation)

/** How often a term was there. */
export const undamped = (value: number): number => Math.round((saturation * value) / (saturation + 1 - value))

/** Terms and the length; one more than it is, so that it is never nothing. */
export function textVector(tokens: readonly string[]): SparseInput {
  const counts = countsOf(tokens)
  const indices = [...counts.keys(), lengthIndex]
  return { indices, values: [...[...counts.values()].map(damped), tokens.length + 1] }
}

/** A text that is searched for: each term as often as it is there. */
export function queryVector(tokens: readonly string[]): SparseInput {
  const counts = countsOf(tokens)
  return { indices: [...counts.keys()], values: [...counts.values()] }
}

function countsOf(tokens: readonly string[]): Map<number, number> {
  const counts = new Map<number, number>()
  for (const token of tokens) {
    const index = termIndex(token)
    counts.set(index, (counts.get(index) ?? 0) + 1)
  }
  return new Map([...counts].sort(([a], [b]) => a - b))
}
