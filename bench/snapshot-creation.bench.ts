import { rowDimensions, type Bench, type Context, type LoadedCollection } from './support/context.ts'
import { inDigits, summarise } from './support/figures.ts'
import { measurePairs, sides } from './support/pairs.ts'
import { waitUntilQuiet } from './support/quiet.ts'

const warmUpPairs = 20

/** Does the cost of a snapshot depend on the amount of data? A write before each gives it something new to hold. */
export const snapshotCreation: Bench = {
  name: 'snapshot-creation',
  title: 'Creating a snapshot, small collection against large',
  async run(context) {
    for (const collection of sides) await context.load(collection)
    await waitUntilQuiet(context)
    await createPairs(context, warmUpPairs)
    const samples = await createPairs(context, context.sizes.snapshotPairs)
    const large = summarise(`${inDigits(context.sizes.largeRows)} rows`, 'ms', samples.large)
    const small = summarise(`${inDigits(context.sizes.smallRows)} rows`, 'ms', samples.small)
    const bench = snapshotCreation.name
    return [
      {
        bench,
        name: `snapshot of ${inDigits(context.sizes.largeRows)} rows x ${rowDimensions}`,
        value: large.p50,
        unit: 'ms',
        ours: large,
        goal: { atMost: 5 },
      },
      {
        bench,
        name: 'the same, large to small (p50)',
        value: large.p50 / small.p50,
        unit: 'x',
        ours: large,
        beside: small,
        goal: { atMost: 1.5 },
      },
    ]
  },
}

async function createPairs(context: Context, pairs: number): Promise<Record<LoadedCollection, number[]>> {
  const samples: Record<LoadedCollection, number[]> = { small: [], large: [] }
  await measurePairs(context, 'snapshots', pairs, async (inTurn) => {
    for (const collection of inTurn) {
      const id = 1 + context.points.below(context.rowsOf(collection))
      await context.upsert(collection, context.points.body(id, 1, rowDimensions))
      const start = performance.now()
      await context.createSnapshot(collection)
      samples[collection].push(performance.now() - start)
    }
  })
  return samples
}
