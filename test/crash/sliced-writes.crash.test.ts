import { expect, test } from 'vitest'
import { open } from '../../src/index.ts'
import { yieldToEventLoop } from '../../src/runtime/yield.ts'
import { runCrashSuite, type Open } from '../support/crash-suite.ts'

// Goal: that records are applied in slices, with others running in between, is seen neither by readers nor after a crash.
// Method: the crash suite, with every write of points in slices of one point each, at the first time and on replay.

const firstSeed = Number(process.env['STILLPOINT_SEED'] ?? 8_300)
const pointsWanted = Number(process.env['STILLPOINT_CRASH_POINTS'] ?? 600)

test(
  `a record that is applied in slices is there or not, wherever a crash comes (seeds from ${firstSeed})`,
  async () => {
    let pauses = 0
    const pause = (): Promise<void> => {
      pauses += 1
      return yieldToEventLoop()
    }
    const inSlices: Open = (path, options) => open(path, { ...options, unstable_slices: { bytes: 1, pause } })
    let points = 0
    for (let seed = firstSeed; points < pointsWanted; seed++) {
      const result = await runCrashSuite(inSlices, { seed, length: 24, points: pointsWanted - points })
      const finding = result.findings[0]
      if (finding !== undefined) {
        throw new Error(
          `Seed ${seed}, crash before mutation ${finding.at} (${finding.variant}):\n${finding.problem}\nHistory:\n${result.steps.join('\n')}`,
        )
      }
      points += result.points
    }
    expect(pauses).toBeGreaterThan(pointsWanted)
    console.log(`${points} crash points, ${pauses} pauses, seeds from ${firstSeed}`)
  },
  10 * 60_000,
)
