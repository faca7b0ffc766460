import { availableParallelism } from 'node:os'

/** Threads that can run at the same time; at least 1. */
export function processorCount(): number {
  return Math.max(1, availableParallelism())
}
