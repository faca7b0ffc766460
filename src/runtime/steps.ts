/** Work that can be left off and gone on with: each `next` does a slice of it, and the last one gives the result. */
export type Steps<T> = Generator<void, T, void>

/** All of it at once. */
export function runToEnd<T>(steps: Steps<T>): T {
  let step = steps.next()
  while (step.done !== true) step = steps.next()
  return step.value
}
