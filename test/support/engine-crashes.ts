import { expect, test } from 'vitest'
import { open } from '../../src/index.ts'
import { runCrashSuite } from './crash-suite.ts'

const firstSeed = Number(process.env['STILLPOINT_SEED'] ?? 7_000)
/** Over both parts. */
const pointsWanted = Number(process.env['STILLPOINT_CRASH_POINTS'] ?? 10_400)

/** Half of the crash points: the files of the two halves run side by side. */
export function describeEngineCrashes(part: 1 | 2): void {
  test(
    `nothing acknowledged is lost and nothing is half done, wherever a crash comes (part ${part}, seeds from ${firstSeed + part * 100})`,
    async () => {
      let points = 0
      for (let seed = firstSeed + part * 100; points < pointsWanted / 2; seed++) {
        // Short histories and long ones.
        const length = part === 1 ? 16 : 40
        const result = await runCrashSuite(open, { seed, length, points: pointsWanted / 2 - points })
        const finding = result.findings[0]
        if (finding !== undefined) {
          throw new Error(
            `Seed ${seed}, crash before mutation ${finding.at} (${finding.variant}):\n${finding.problem}\nHistory:\n${result.steps.join('\n')}`,
          )
        }
        points += result.points
      }
      expect(points).toBeGreaterThanOrEqual(pointsWanted / 2)
      console.log(`${points} crash points, seeds from ${firstSeed + part * 100}`)
    },
    30 * 60_000,
  )
}
