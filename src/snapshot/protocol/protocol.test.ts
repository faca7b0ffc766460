import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { repositoryRoot, sourceFiles } from '../../../test/support/source-files.ts'
import { preparations, programs, type ActorName, type Preparation } from './actors.ts'
import { explore, type Exploration, type Explored } from './explore.ts'
import { planted } from './planted.ts'

// Goal: I1 to I4 hold in every interleaving of what the engine does with segments, snapshots and files, whenever it
// crashes. Method: the model is explored to its end; it must find nothing, and each bug that is planted in it.

const everyone = Object.keys(programs(undefined)) as ActorName[]

/** Explores and prints what was done. */
function run(title: string, exploration: Exploration): Explored {
  const explored = explore(exploration)
  const { states, transitions, crashes } = explored
  console.info(`${title}: ${states} states, ${transitions} steps, ${crashes} crashes with recovery`)
  return explored
}

/** From two of the beginnings without the collector: its steps are those of upkeep without the merge. */
const actorsOf = (preparation: Preparation): readonly ActorName[] =>
  everyone.filter((name) => preparation === 'sealed' || name !== 'collector')

const preparationNames = Object.keys(preparations) as Preparation[]

describe('the protocol as it is', () => {
  test.each(preparationNames)(
    'three of the actors, and any way to crash: nothing is found (%s)',
    { timeout: 180_000 },
    (preparation) => {
      const explored = run(`three of the actors, ${preparation}`, {
        preparation,
        actors: actorsOf(preparation),
        actorsMax: 3,
        afterCrash: [],
      })
      expect(explored.trace).toBeUndefined()
      expect(explored.states).toBeGreaterThan(10_000)
    },
  )

  test.each(preparationNames)(
    'two of all actors, a crash, then upkeep, and any way to crash: nothing is found (%s)',
    { timeout: 180_000 },
    (preparation) => {
      const explored = run(`two of all actors, upkeep after a crash, ${preparation}`, {
        preparation,
        actors: everyone,
        actorsMax: 2,
        afterCrash: ['upkeep'],
      })
      expect(explored.trace).toBeUndefined()
      expect(explored.states).toBeGreaterThan(1_000)
    },
  )
})

describe('a planted bug is found', () => {
  test.each(planted)('$bug', ({ bug, preparation, actors, afterCrash = [], finding }) => {
    const exploration = { preparation, actors, actorsMax: 3, afterCrash }
    expect(explore(exploration).problem).toBeUndefined()
    const { problem, trace, states } = explore({ ...exploration, planted: bug })
    console.info(`${bug}: ${problem ?? 'nothing found'} (${states} states)\n  ${trace?.join('\n  ') ?? ''}`)
    expect(problem).toMatch(finding)
  })
})

describe('the model and the code', () => {
  const steps = Object.values(programs(undefined)).flat()

  test('every step names code that is there', () => {
    const wrong = steps.flatMap(({ mirrors }) =>
      mirrors.split('; ').flatMap((place) => {
        const [path, names] = place.split(': ') as [string, string]
        const text = readFileSync(join(repositoryRoot, path), 'utf8')
        return names
          .split(', ')
          .filter((name) => !new RegExp(`${name}\\b`).test(text))
          .map((name) => `${path}: ${name}`)
      }),
    )
    expect([...new Set(wrong)]).toEqual([])
  })

  test('the README names every step', () => {
    const text = readFileSync(join(repositoryRoot, 'src/snapshot/protocol/README.md'), 'utf8')
    const missing = [...new Set(steps.map(({ says }) => says))].filter((says) => !text.includes(says))
    expect(missing).toEqual([])
  })

  test('the product does not use the model', () => {
    const users = sourceFiles('src').filter(
      ({ path, targets }) =>
        !path.startsWith('src/snapshot/protocol/') &&
        targets.some((target) => target.startsWith('src/snapshot/protocol/')),
    )
    expect(users.map(({ path }) => path)).toEqual([])
  })
})
