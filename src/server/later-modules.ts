import type { Clock, Timer } from '../runtime/clock.ts'

/** From the moment when everything is in memory. */
const delayMs = 1_000

export interface LaterModules {
  cancel(): void
}

/**
 * Loads what a start does not wait for, one after the other, before somebody has to wait for it: a second after `loaded`, however
 * that ends. Whoever needs one of them loads it at once. `onFatal` is called with what cannot be loaded, as it is part of the program.
 */
export function loadLater(
  loads: readonly (() => Promise<unknown>)[],
  loaded: Promise<unknown>,
  clock: Clock,
  onFatal: (error: unknown) => void,
): LaterModules {
  let isCancelled = false
  let timer: Timer | undefined
  const loadAll = async (): Promise<void> => {
    for (const load of loads) if (!isCancelled) await load()
  }
  const begin = (): void => {
    if (!isCancelled) timer = clock.after(delayMs, () => void loadAll().catch(onFatal))
  }
  void loaded.then(begin, begin)
  return {
    cancel: () => {
      isCancelled = true
      timer?.cancel()
    },
  }
}
