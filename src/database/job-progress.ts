import type { Clock } from '../runtime/clock.ts'

const windowMs = 10_000
/** Samples closer than this to the one before replace it, so that a report for every row costs nothing. */
const sampleMs = 100

interface Sample {
  readonly at: number
  readonly done: number
}

export interface ProgressReport {
  readonly done: number
  readonly total: number | null
  /** '' if none was named. */
  readonly unit: string
}

/** How far a job is, and how fast it went within the last ten seconds. */
export class JobProgress {
  readonly #clock: Clock
  #startedAt: number
  #startedWith: number
  #samples: Sample[]
  #done: number
  #total: number | null
  #unit: string
  #ended: { readonly afterMs: number } | undefined

  /** `before`: how far an earlier attempt came. */
  constructor(clock: Clock, before: ProgressReport = { done: 0, total: null, unit: '' }) {
    this.#clock = clock
    this.#startedAt = clock.monotonic()
    this.#startedWith = before.done
    this.#done = before.done
    this.#total = before.total
    this.#unit = before.unit
    this.#samples = [{ at: this.#startedAt, done: before.done }]
  }

  get done(): number {
    return this.#done
  }

  get total(): number | null {
    return this.#total
  }

  get unit(): string {
    return this.#unit
  }

  report(done: number, total: number | null, unit: string | undefined): void {
    if (this.#ended !== undefined) return
    if (unit !== undefined && unit !== this.#unit) this.#count(unit, done)
    this.#done = done
    this.#total = total
    this.#sample()
  }

  end(): void {
    this.#ended ??= { afterMs: this.#clock.monotonic() - this.#startedAt }
  }

  /** Units per second: lately while it runs, on the whole when it has ended. Null while nothing can be said. */
  get ratePerSecond(): number | null {
    if (this.#ended !== undefined) return rateOf(this.#done - this.#startedWith, this.#ended.afterMs)
    const now = this.#clock.monotonic()
    const oldest = this.#oldest(now)
    return rateOf(this.#done - oldest.done, now - oldest.at)
  }

  /** Milliseconds to go at the present rate; null if that is unknown. */
  get etaMs(): number | null {
    if (this.#ended !== undefined || this.#total === null) return null
    const rate = this.ratePerSecond
    return rate === null || rate <= 0
      ? null
      : Math.round((Math.max(0, this.#total - this.#done) / rate) * 1000)
  }

  #count(unit: string, done: number): void {
    const isOther = this.#unit !== ''
    this.#unit = unit
    if (!isOther) return
    // Another thing is counted from here on: what was measured so far says nothing about it.
    this.#startedAt = this.#clock.monotonic()
    this.#startedWith = done
    this.#samples = [{ at: this.#startedAt, done }]
  }

  #sample(): void {
    const at = this.#clock.monotonic()
    const sample = { at, done: this.#done }
    const last = this.#samples.at(-1)!
    if (this.#samples.length > 1 && at - last.at < sampleMs) return
    this.#samples.push(sample)
    // The newest one from before the window stays: the rate is measured from there.
    const first = this.#samples.findIndex((one) => one.at > at - windowMs)
    if (first > 1) this.#samples.splice(0, first - 1)
  }

  #oldest(now: number): Sample {
    return this.#samples.findLast(({ at }) => at <= now - windowMs) ?? this.#samples[0]!
  }
}

function rateOf(done: number, ms: number): number | null {
  return ms > 0 ? (done / ms) * 1000 : null
}
