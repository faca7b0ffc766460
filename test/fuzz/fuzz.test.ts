import { expect, test } from 'vitest'
import { runInputs } from './run-inputs.ts'

const seed = Number(process.env['STILLPOINT_SEED'] ?? 20_260)
const inputs = Number(process.env['STILLPOINT_INPUTS'] ?? 120)

test(`hostile archives are refused or restored whole, seed ${seed}`, async () => {
  const { findings, outcomes } = await runInputs({ seed, from: 0, to: inputs })
  expect(
    findings.map(({ index, what, changes }) => `input ${index}: ${what}\n${changes.join('\n')}`),
    `seed ${seed}`,
  ).toEqual([])
  // It would find nothing if all were refused at the door, or nothing were.
  expect(outcomes.get('archive-invalid')).toBeGreaterThan(inputs / 5)
  expect(outcomes.get('restored, changed')).toBeGreaterThan(inputs / 50)
  expect(outcomes.get('restored as it was')).toBeGreaterThan(0)
}, 240_000)
