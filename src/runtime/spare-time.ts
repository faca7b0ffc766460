import type { Clock } from './clock.ts'
import { loopUse } from './loop-use.ts'

/** Between two looks at what the thread was busy with. */
const lookMs = 50
/** Who is busy with other things for more of the time has none to spare. */
const busyMax = 0.8

/** Whether a thread has time for work that others can do as well. */
export class SpareTime {
  readonly #clock: Pick<Clock, 'monotonic'>
  readonly #use: () => number
  #lookedAt: number
  #spentMs = 0
  #isThere = true

  /** `use` gives, whenever it is asked, how much of the time since it was asked last the thread was at work: 0 to 1. */
  constructor(clock: Pick<Clock, 'monotonic'>, use: () => number = loopUse()) {
    this.#clock = clock
    this.#use = use
    this.#lookedAt = clock.monotonic()
  }

  /** Not if the thread was busy of late with what it did not `spend` here. */
  get isThere(): boolean {
    const elapsed = this.#clock.monotonic() - this.#lookedAt
    if (elapsed < lookMs) return this.#isThere
    this.#isThere = this.#use() - this.#spentMs / elapsed <= busyMax
    this.#lookedAt += elapsed
    this.#spentMs = 0
    return this.#isThere
  }

  /** Does the work. @returns the milliseconds it took */
  spend(work: () => void): number {
    const start = this.#clock.monotonic()
    work()
    const ms = this.#clock.monotonic() - start
    this.#spentMs += ms
    return ms
  }
}
