import { seededRandom, type Random } from '../../src/runtime/random.ts'

/** Points as JSON text, the same for the same seed. Numbers have the digits of a float32, as clients send them. */
export class RandomPoints {
  readonly #numbers: readonly string[]
  readonly #random: Random

  constructor(seed: number) {
    this.#random = seededRandom(seed)
    // Taken from a table: the load generator must not be what is measured.
    this.#numbers = Array.from({ length: 4096 }, () =>
      String(Number(Math.fround(this.#random.next() * 2 - 1).toPrecision(9))),
    )
  }

  /** A whole number from 0 to `below` - 1. */
  below(limit: number): number {
    return Math.floor(this.#random.next() * limit)
  }

  /** The body of an upsert: `count` points with ids from `firstId`. */
  body(firstId: number, count: number, dimensions: number): string {
    const points = Array.from({ length: count }, (_, i) => this.point(firstId + i, dimensions))
    return `{"points":[${points.join(',')}]}`
  }

  point(id: number, dimensions: number): string {
    return `{"id":${id},"vector":${this.vector(dimensions)},"payload":{"n":${id},"group":"g${id % 100}"}}`
  }

  vector(dimensions: number): string {
    let text = '['
    for (let i = 0; i < dimensions; i++) {
      const number = this.#numbers[this.below(this.#numbers.length)] ?? '0'
      text += i === 0 ? number : `,${number}`
    }
    return `${text}]`
  }
}
