/** Time as the engine sees it. Tests inject one that they turn by hand. */
export interface Clock {
  /** Wall clock, milliseconds since the Unix epoch. */
  now(): number
  /** Monotonic milliseconds, for durations only. */
  monotonic(): number
  /** Calls back once after `delayMs`; the handle does not keep the process alive. */
  after(delayMs: number, callback: () => void): Timer
}

export interface Timer {
  cancel(): void
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(delayMs, callback) {
    const handle = setTimeout(callback, delayMs)
    handle.unref()
    return { cancel: () => clearTimeout(handle) }
  },
}
