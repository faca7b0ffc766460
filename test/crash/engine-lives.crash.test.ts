import { expect, test } from 'vitest'
import { open } from '../../src/index.ts'
import { runLives } from '../support/crash-lives.ts'

const firstSeed = Number(process.env['STILLPOINT_SEED'] ?? 30_000)
const pointsWanted = Number(process.env['STILLPOINT_CRASH_POINTS'] ?? 2_000)

test(
  `a database that crashed, recovered and went on keeps its promises, life after life (seeds from ${firstSeed})`,
  { timeout: 30 * 60_000 },
  async () => {
    let points = 0
    let seed = firstSeed
    for (; points < pointsWanted; seed++) {
      const result = await runLives(open, { seed, lives: 12, length: 5, ends: 8 })
      expect(result.finding).toBeUndefined()
      points += result.points
    }
    console.log(`${points} crash points, seeds from ${firstSeed} to ${seed - 1}`)
  },
)
