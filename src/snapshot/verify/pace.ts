import { DatabaseError } from '../../errors/database-error.ts'
import type { Clock, Timer } from '../../runtime/clock.ts'
import { keepAlive } from '../../runtime/keep-alive.ts'

// Timers are coarse: shorter waits are put together.
const waitMsMin = 10
// What a late timer or a slow disk left unused may be made up for, but no more.
const creditMsMax = 50

/** Holds a reader to a number of bytes per second, by waiting on the clock. */
export class Pace {
  readonly #clock: Clock
  readonly #bytesPerSecond: number | undefined
  /** When all bytes taken so far are paid for, on the monotonic clock. */
  #paidAt: number

  /** No number: as fast as it goes. @throws request-invalid */
  constructor(clock: Clock, bytesPerSecond: number | undefined) {
    if (bytesPerSecond !== undefined && !(Number.isFinite(bytesPerSecond) && bytesPerSecond > 0)) {
      throw new DatabaseError(
        'request-invalid',
        `Cannot limit the rate: bytesPerSecond is ${String(bytesPerSecond)}, not a number above 0`,
        { bytesPerSecond },
      )
    }
    this.#clock = clock
    this.#bytesPerSecond = bytesPerSecond
    this.#paidAt = clock.monotonic()
  }

  /** After bytes were read: waits until their time has passed, or until the signal aborts. */
  async take(bytes: number, signal: AbortSignal | undefined): Promise<void> {
    if (this.#bytesPerSecond === undefined) return
    const now = this.#clock.monotonic()
    this.#paidAt = Math.max(this.#paidAt, now - creditMsMax) + (bytes * 1000) / this.#bytesPerSecond
    const waitMs = this.#paidAt - now
    if (waitMs >= waitMsMin) await waitFor(this.#clock, waitMs, signal)
  }
}

async function waitFor(clock: Clock, delayMs: number, signal: AbortSignal | undefined): Promise<void> {
  if (signal?.aborted === true) return
  const release = keepAlive()
  let timer: Timer | undefined
  let stop = (): void => undefined
  try {
    await new Promise<void>((resolve) => {
      stop = () => resolve()
      timer = clock.after(delayMs, stop)
      signal?.addEventListener('abort', stop, { once: true })
    })
  } finally {
    timer?.cancel()
    signal?.removeEventListener('abort', stop)
    release()
  }
}
