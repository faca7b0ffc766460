import { expect, test } from 'vitest'
import { tryQdrant } from './try-qdrant.ts'

const seed = Number(process.env['STILLPOINT_SEED'] ?? 20_260)
const inputs = Number(process.env['STILLPOINT_INPUTS'] ?? 150)

test(`hostile archives in Qdrant's layout are refused, or read within bounds, seed ${seed}`, async () => {
  const outcomes = new Map<string, number>()
  for (let index = 0; index < inputs; index++) {
    const result = await tryQdrant(seed, index)
    const isChanged = result.changes.length > 0
    const outcome = result.code === '' ? (isChanged ? 'read, changed' : 'read as it was') : result.code
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
  }
  // It would find nothing if all were refused, or nothing were.
  expect(outcomes.get('archive-invalid')).toBeGreaterThan(inputs / 5)
  expect(outcomes.get('read, changed')).toBeGreaterThan(inputs / 20)
  expect(outcomes.get('read as it was')).toBeGreaterThan(0)
}, 240_000)
