import type { Clock, Timer } from '../runtime/clock.ts'

/** From the moment when everything is in memory. */
const delayMs = 1_000
/** A thread that has been at work for more than this of the last second has better things to do. */
const useMax = 0.5
// What is always at work has them after a minute.
const waitsMax = 60

export interface LaterModules {
  cancel(): void
}

/**
 * Loads what a start does not wait for, one after the other, before somebody has to wait for it: a second after `loaded`, however
 * that ends, or later, while this thread is busy. Whoever needs one of them loads it at once. `onFatal` is called with what cannot
 * be loaded, as it is part of the program. `use` tells how busy the thread has been since it was asked last, 0 to 1.
 */
export function loadLater(
  loads: readonly (() => Promise<unknown>)[],
  loaded: Promise<unknown>,
  clock: Clock,
  onFatal: (error: unknown) => void,
  use: () => number,
): LaterModules {
  let isCancelled = false
  let timer: Timer | undefined
  const loadAll = async (): Promise<void> => {
    for (const load of loads) if (!isCancelled) await load()
  }
  let waits = 0
  const wait = (): void => {
    if (isCancelled) return
    timer = clock.after(delayMs, () => {
      waits += 1
      if (use() > useMax && waits < waitsMax) wait()
      else void loadAll().catch(onFatal)
    })
  }
  const begin = (): void => {
    // From here on, without the start itself.
    use()
    wait()
  }
  void loaded.then(begin, begin)
  return {
    cancel: () => {
      isCancelled = true
      timer?.cancel()
    },
  }
}
