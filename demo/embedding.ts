export const dimensions = 256

/** Said in the output, so that nobody takes the vectors for a language model's. */
export const methodInWords = `hashed TF-IDF, randomly projected to ${dimensions} dimensions (no model, no download, the same every time)`

const endings = /(ations?|ings?|ers?|ies|es|ed|s)$/
const stopWords = new Set(
  'a an and are as at be by can do does for from how i in into is it me my not of on or that the this to what when which with you your'.split(
    ' ',
  ),
)

/**
 * Turns texts into vectors. A word, hashed to 32 bits, weighs `(1 + ln tf) * ln(1 + N / df)` and has a direction of
 * its own, +1 or -1 in every dimension, drawn from a generator that its hash seeds. A text is the weighted sum of its
 * words' directions, normalised.
 */
export class Embedding {
  readonly #documentsWith = new Map<number, number>()
  readonly #documentCount: number

  /** Learns from `texts` how rare each word is. */
  constructor(texts: readonly string[]) {
    this.#documentCount = texts.length
    for (const text of texts) {
      for (const word of new Set(wordsOf(text))) {
        this.#documentsWith.set(word, (this.#documentsWith.get(word) ?? 0) + 1)
      }
    }
  }

  get wordCount(): number {
    return this.#documentsWith.size
  }

  /** Of length one; of zeros if the text has no known word. */
  embed(text: string): Float32Array {
    const sum = new Float64Array(dimensions)
    for (const [word, frequency] of countEach(wordsOf(text))) {
      const documents = this.#documentsWith.get(word)
      if (documents === undefined) continue
      const weight = (1 + Math.log(frequency)) * Math.log(1 + this.#documentCount / documents)
      addDirection(sum, word, weight)
    }
    const length = Math.hypot(...sum) || 1
    return Float32Array.from(sum, (value) => value / length)
  }
}

/** Hashes of the words, without their most common endings: `logging` and `logs` are one word. */
function wordsOf(text: string): readonly number[] {
  const words = text
    .replace(/(\p{Ll})(\p{Lu})/gu, '$1 $2')
    .toLowerCase()
    .match(/[\p{L}\p{N}]+/gu)
  return (words ?? [])
    .filter((word) => word.length > 1 && !stopWords.has(word))
    .map((word) => hash(word.length > 4 ? word.replace(endings, '') : word))
}

function countEach(words: readonly number[]): ReadonlyMap<number, number> {
  const counts = new Map<number, number>()
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1)
  return counts
}

/** FNV-1a over UTF-16 units. */
function hash(word: string): number {
  let value = 0x811c9dc5
  for (let i = 0; i < word.length; i++) value = Math.imul(value ^ word.charCodeAt(i), 0x01000193)
  return value >>> 0
}

/** 32 signs are taken from each number of a splitmix32 generator. */
function addDirection(sum: Float64Array, seed: number, weight: number): void {
  let state = seed
  for (let start = 0; start < dimensions; start += 32) {
    state = (state + 0x9e3779b9) | 0
    let bits = state ^ (state >>> 16)
    bits = Math.imul(bits, 0x21f0aaad)
    bits = Math.imul(bits ^ (bits >>> 15), 0x735a2d97)
    bits ^= bits >>> 15
    for (let i = 0; i < 32; i++) {
      const value = sum[start + i] ?? 0
      sum[start + i] = (bits >>> i) & 1 ? value + weight : value - weight
    }
  }
}
