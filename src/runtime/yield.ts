const waiting: (() => void)[] = []
let isScheduled = false

/**
 * Lets waiting I/O and requests run before the caller goes on: long work on the main thread calls it between slices. One
 * caller goes on per turn of the event loop. Otherwise: a dozen of them each take their slice in the same turn, and
 * requests wait for the sum.
 */
export function yieldToEventLoop(): Promise<void> {
  return new Promise((resolve) => {
    waiting.push(resolve)
    schedule()
  })
}

function schedule(): void {
  if (isScheduled) return
  isScheduled = true
  setImmediate(() => {
    isScheduled = false
    waiting.shift()?.()
    if (waiting.length > 0) schedule()
  })
}

/** Resolves once the events that are waiting now have been handled. */
export function nextTurn(): Promise<void> {
  return new Promise(afterThisTurn)
}

/** Calls back once the events that are waiting now have been handled. */
export function afterThisTurn(callback: () => void): void {
  setImmediate(callback)
}
