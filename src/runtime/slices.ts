import type { Clock } from './clock.ts'

/** Work of all who share a thread, between two looks at the event loop. */
const sliceMs = 4

/**
 * Cuts long work on one thread into slices, so that what arrives meanwhile waits for a slice only, whatever the number of
 * those who work: all of them share the time of a turn of the event loop, and one of them goes on in each.
 */
export class Slices {
  readonly #clock: Pick<Clock, 'monotonic'>
  readonly #waiting: (() => void)[] = []
  #turnStart = 0
  #isInTurn = false

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock
  }

  /** Whether it is time to `pause`, or so much time is gone of it. Ask every few microseconds of work at the earliest. */
  isDue(partMs = sliceMs): boolean {
    const now = this.#clock.monotonic()
    if (this.#isInTurn) return now - this.#turnStart > partMs
    this.#begin(now)
    return false
  }

  /** Resolves in a later turn, with a slice for the caller. */
  pause(): Promise<void> {
    if (!this.#isInTurn) this.#begin(this.#clock.monotonic())
    return new Promise((resolve) => {
      this.#waiting.push(resolve)
    })
  }

  #begin(now: number): void {
    this.#isInTurn = true
    this.#turnStart = now
    setImmediate(() => this.#end())
  }

  #end(): void {
    this.#isInTurn = false
    const next = this.#waiting.shift()
    if (next === undefined) return
    this.#begin(this.#clock.monotonic())
    next()
  }
}
