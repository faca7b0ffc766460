/** Lets waiting I/O and requests run before the caller goes on: long work on the main thread calls it between slices. */
export function yieldToEventLoop(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}
