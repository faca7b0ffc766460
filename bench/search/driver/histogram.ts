/** Times from a microsecond on, each bucket 2 % wider than the one before: quantiles are exact to that. */
export class Histogram {
  readonly #counts = new Uint32Array(1_200)
  #count = 0

  record(ms: number): void {
    const bucket = Math.max(0, Math.ceil(Math.log(ms / firstMs) / step))
    this.#counts[Math.min(bucket, this.#counts.length - 1)]! += 1
    this.#count++
  }

  /** The upper bound of the bucket in which the smallest value lies that at least `share` of the values do not exceed. */
  quantile(share: number): number {
    const wanted = Math.max(1, Math.ceil(this.#count * share))
    let seen = 0
    const bucket = this.#counts.findIndex((count) => (seen += count) >= wanted)
    return bucket < 0 ? Number.NaN : firstMs * Math.exp(bucket * step)
  }
}

const firstMs = 0.001
const step = Math.log(1.02)
