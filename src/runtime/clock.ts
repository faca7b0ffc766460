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

/** The same clock, never before 1970, as machines without a battery start: what is written down is a count from then on. */
export function sinceEpoch(clock: Clock): Clock {
  return {
    now: () => Math.max(0, clock.now()),
    monotonic: () => clock.monotonic(),
    after: (delayMs, callback) => clock.after(delayMs, callback),
  }
}
