import { VectorColumn } from '../../../src/graph/vector-column.ts'
import { conditionOf, passes, type RowFilter } from './filters.ts'

/** Neighbours asked for, by every query of the bench. */
export const limit = 10
/** In place of a row where fewer than `limit` pass a filter. */
export const noRow = 0xffffffff

const checkedQueries = 5

export interface Vectors {
  readonly dimensions: number
  /** One after another. */
  readonly flat: Float32Array
}

export function countOf({ dimensions, flat }: Vectors): number {
  return flat.length / dimensions
}

export function vectorAt({ dimensions, flat }: Vectors, at: number): Float32Array {
  return flat.subarray(at * dimensions, (at + 1) * dimensions)
}

/** The exact answers, by the scan kernel over rows that somebody has put into a column. */
export class ExactSearch {
  readonly #rows: Vectors
  readonly #numbers: Uint32Array
  readonly #column: VectorColumn

  constructor(rows: Vectors, numbers: Uint32Array) {
    this.#rows = rows
    this.#numbers = numbers
    this.#column = new VectorColumn(rows.dimensions, countOf(rows))
    for (let row = 0; row < countOf(rows); row++) this.#column.append(vectorAt(rows, row))
  }

  /** `limit` rows per query, nearest first. @throws if a sample differs from plain arithmetic */
  answers(queries: Vectors, count: number, filter?: RowFilter): Uint32Array {
    const answers = new Uint32Array(count * limit).fill(noRow)
    for (let at = 0; at < count; at++) {
      const query = vectorAt(queries, at)
      const passing = filter && this.#passing(filter, at)
      const { rows } = this.#column.search({ query, metric: 'euclid', limit, ...(passing && { passing }) })
      answers.set(rows, at * limit)
      if (at < checkedQueries) this.#check(query, passing, answers.subarray(at * limit, (at + 1) * limit))
    }
    return answers
  }

  dispose(): void {
    this.#column.dispose()
  }

  #passing(filter: RowFilter, query: number): Uint32Array {
    const condition = conditionOf(filter, query)
    const bits = new Uint32Array(Math.ceil(this.#numbers.length / 32))
    this.#numbers.forEach((number, row) => {
      if (passes(condition, number)) bits[row >>> 5]! |= 1 << (row & 31)
    })
    return bits
  }

  #check(query: Float32Array, passing: Uint32Array | undefined, found: Uint32Array): void {
    const expected = plainAnswer(this.#rows, query, passing)
    // Two rows at next to the same distance may change places: sums of float32 are rounded.
    const distances = Array.from(found, (row) =>
      row === noRow ? Infinity : distance(this.#rows, query, row),
    )
    const isSame = expected.every((value, at) => isNear(value, distances[at]!))
    if (!isSame)
      throw new Error(`The exact scan found distances ${distances.join(' ')}, not ${expected.join(' ')}`)
  }
}

function isNear(a: number, b: number): boolean {
  return a === b || Math.abs(a - b) <= 1e-4 * Math.abs(a)
}

/** Squared distances of the nearest rows, by loops over doubles. */
function plainAnswer(rows: Vectors, query: Float32Array, passing: Uint32Array | undefined): number[] {
  const distances: number[] = []
  for (let row = 0; row < countOf(rows); row++) {
    const isOut = passing !== undefined && ((passing[row >>> 5]! >>> (row & 31)) & 1) === 0
    if (!isOut) distances.push(distance(rows, query, row))
  }
  const nearest = distances.sort((a, b) => a - b).slice(0, limit)
  return [...nearest, ...new Array<number>(limit - nearest.length).fill(Infinity)]
}

function distance({ dimensions, flat }: Vectors, query: Float32Array, row: number): number {
  let sum = 0
  for (let i = 0; i < dimensions; i++) sum += (flat[row * dimensions + i]! - query[i]!) ** 2
  return sum
}

/** The share of the true neighbours of a query that were found. Where none pass, whoever finds none is right. */
export function recallOf(truth: Uint32Array, query: number, found: ArrayLike<number>): number {
  const expected = new Set(truth.subarray(query * limit, (query + 1) * limit))
  expected.delete(noRow)
  if (expected.size === 0) return found.length === 0 ? 1 : 0
  let hits = 0
  for (let at = 0; at < found.length; at++) if (expected.delete(found[at]!)) hits++
  return hits / (hits + expected.size)
}
