import type { RandomPoints } from './random-points.ts'

// Ids with one number of digits, so that a body is made once and its ids are written over.
const firstId = 100_000_000
const idDigits = 9

/** One large body that is sent again and again, with new points each time: making its text takes longer than ingesting it. */
export class LargeBody {
  readonly #bytes: Buffer
  readonly #idPlaces: readonly number[]

  constructor(points: RandomPoints, count: number, dimensions: number) {
    this.#bytes = Buffer.from(points.body(firstId, count, dimensions))
    const places: number[] = []
    for (let at = 0; places.length < count; at += idDigits) {
      at = this.#bytes.indexOf('"id":', at) + '"id":'.length
      places.push(at)
    }
    this.#idPlaces = places
  }

  /** With the points of batch `number`. Good until the next call. */
  ofBatch(number: number): Buffer {
    const first = firstId + number * this.#idPlaces.length
    this.#idPlaces.forEach((at, i) => this.#bytes.write(String(first + i), at, idDigits, 'latin1'))
    return this.#bytes
  }
}
