import { performance } from 'node:perf_hooks'

/** Gives, whenever it is asked, how much of the time since it was asked last this thread was at work: 0 to 1. */
export function loopUse(): () => number {
  let before = performance.eventLoopUtilization()
  return () => {
    const now = performance.eventLoopUtilization()
    const { utilization } = performance.eventLoopUtilization(now, before)
    before = now
    return utilization
  }
}
