import type { Slices } from './slices.ts'

/** Work that can be left off and gone on with: each `next` does a slice of it, and the last one gives the result. */
export type Steps<T> = Generator<void, T, void>

/** All of it at once. */
export function runToEnd<T>(steps: Steps<T>): T {
  let step = steps.next()
  while (step.done !== true) step = steps.next()
  return step.value
}

/** The same with others running meanwhile; a step is some microseconds at least. */
export async function runInSlices<T>(steps: Steps<T>, slices: Slices): Promise<T> {
  let step = steps.next()
  while (step.done !== true) {
    if (slices.isDue()) await slices.pause()
    step = steps.next()
  }
  return step.value
}

/** The same with a pause after each step: for few and long ones. */
export async function runWithPauses<T>(steps: Steps<T>, pause: () => Promise<void>): Promise<T> {
  let step = steps.next()
  while (step.done !== true) {
    await pause()
    step = steps.next()
  }
  return step.value
}
