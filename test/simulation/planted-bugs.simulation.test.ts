import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { patchedEngine } from '../support/patched-engine.ts'
import { plantedBugs, plantedFolder, type PlantedBug } from './planted-bugs.ts'
import { runSeed } from './run-seed.ts'

// Goal: the simulation would notice. Method: each bug must be found by one of a few seeds; simulation.test.ts shows that
// seeds find nothing in the engine as it is.

const seedsMax = 40
const steps = 60

afterAll(() => rmSync(plantedFolder, { recursive: true, force: true }))

/** The first seed that finds something, and what. */
async function firstFinding({ name, faults, from = 1, plant, patches }: PlantedBug) {
  const open =
    patches === undefined
      ? undefined
      : await patchedEngine(join(plantedFolder, name.replaceAll(' ', '-')), patches)
  for (let seed = from; seed < from + seedsMax; seed++) {
    const { finding } = await runSeed({
      seed,
      steps,
      faults,
      ...(open === undefined ? {} : { open }),
      ...(plant === undefined ? {} : { plant }),
    })
    if (finding !== undefined) return { seed, finding }
  }
  return undefined
}

test.each(plantedBugs.map((bug) => [bug.name, bug] as const))(
  'found within a few seeds: %s',
  { timeout: 300_000 },
  async (_name, bug) => {
    const found = await firstFinding(bug)
    expect(found, `${seedsMax} seeds found nothing`).toBeDefined()
    console.log(`${bug.name}: seed ${found!.seed}: ${found!.finding.split('\n')[0]!.slice(0, 160)}`)
  },
)
