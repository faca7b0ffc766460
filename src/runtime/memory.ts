import { totalmem } from 'node:os'

/** Of the memory that this process may use, the share that it takes, in whole percents. */
export function residentPercent(): number {
  const constrained = process.constrainedMemory()
  const total = constrained > 0 ? Math.min(constrained, totalmem()) : totalmem()
  return Math.floor((process.memoryUsage.rss() / total) * 100)
}
