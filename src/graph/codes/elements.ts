import type { Metric } from '../vector-hits.ts'

/** What the rows of a graph consist of: the vectors themselves, or codes of them that take less memory. */
export type Elements = 'float32' | 'int8' | 'bfloat16'

/** The numbers in assembly/distance-codes.ts. */
export const elementNumbers = {
  float32: 0,
  int8: 1,
  bfloat16: 2,
} as const satisfies Record<Elements, number>

/** Beyond this the sum of the products of two rows may not fit into 32 bits. */
const int8DimensionsMax = 2 ** 17
/** Behind the codes of a row: its scale and the sum of its squares. */
const int8TailBytes = 16

/** Behind the signs of a sketch: four floats (assembly/sketch.ts). */
const sketchTailBytes = 16
const cacheLineBytes = 64
/** Shorter rows are read about as quickly as sketches of them. */
const sketchedDimensionsMin = 64
const oneBitMin = 256

/** Undefined if the number stands for none. */
export function elementsOf(number: number): Elements | undefined {
  return (Object.keys(elementNumbers) as Elements[]).find((name) => elementNumbers[name] === number)
}

/** Bytes of a row with its padding. */
export function rowBytesOf(elements: Elements, dimensions: number): number {
  switch (elements) {
    case 'float32':
      return Math.ceil(dimensions / 4) * 16
    case 'bfloat16':
      return Math.ceil(dimensions / 8) * 16
    case 'int8':
      return Math.ceil(dimensions / 16) * 16 + int8TailBytes
  }
}

/** Bits of a component in a sketch: a sum of fewer components is less sure, and a row of them more soon read. */
export function sketchBitsOf(dimensions: number): 1 | 2 {
  return dimensions < oneBitMin ? 2 : 1
}

/** Bytes of the sketch of a row, which says whether the row is worth reading; 0: such rows have none. */
export function sketchBytesOf(elements: Elements, metric: Metric, dimensions: number): number {
  const isSketched = metric === 'euclid' || metric === 'dot' || metric === 'cosine'
  if (elements === 'bfloat16' || !isSketched || dimensions < sketchedDimensionsMin) return 0
  // Longer vectors have codes, unless somebody wants to save their memory.
  if (elements === 'float32' && dimensions >= oneBitMin) return 0
  const bytes = Math.ceil(dimensions / 64) * 8 * sketchBitsOf(dimensions) + sketchTailBytes
  const lineBytes = Math.ceil(bytes / cacheLineBytes) * cacheLineBytes
  // Where it costs little, a sketch lies in lines of its own: one less is to be read.
  return lineBytes <= bytes * 1.2 ? lineBytes : bytes
}

/** False: rows of so many dimensions have no such codes. */
export function hasCodes(elements: Elements, dimensions: number): boolean {
  return elements !== 'int8' || dimensions <= int8DimensionsMax
}

/** True if vectors may be moved before they are encoded: then the codes spend nothing on what all rows have in common. */
export function isMovable(metric: Metric): boolean {
  return metric === 'euclid' || metric === 'manhattan'
}
