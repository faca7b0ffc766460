import type { Bench, Context, LoadedCollection } from './support/context.ts'
import { openLoaded, pointOf, timed, type Database } from './support/embedded.ts'
import { inDigits, summarise, type Figure } from './support/figures.ts'
import { measurePairs } from './support/pairs.ts'

const operations = ['create', 'clone', 'rollback', 'undo'] as const
type Operation = (typeof operations)[number]
/** Goals for the large collection, in milliseconds. */
const goals = { create: 1, clone: 2, rollback: 5, undo: 5 } as const
const ratioGoal = 1.5
const warmUpPairs = 10

type Samples = Record<Operation, Record<LoadedCollection, number[]>>

/** In this process, without a server: what a snapshot, a clone, a rollback and its undo cost at two sizes. */
export const snapshotOperations: Bench = {
  name: 'snapshot-operations',
  title: 'Create, clone, rollback and undo in process, small collection against large',
  async run(context) {
    const db = await openLoaded(context, 'operations')
    try {
      await measure(context, db, warmUpPairs)
      const samples = await measure(context, db, context.sizes.snapshotPairs)
      return operations.flatMap((operation) => figuresOf(context, operation, samples))
    } finally {
      await db.close()
    }
  },
}

function figuresOf(context: Context, operation: Operation, samples: Samples): Figure[] {
  const large = summarise(`${inDigits(context.sizes.largeRows)} rows`, 'ms', samples[operation].large)
  const small = summarise(`${inDigits(context.sizes.smallRows)} rows`, 'ms', samples[operation].small)
  const bench = snapshotOperations.name
  return [
    {
      bench,
      name: `${operation} at ${inDigits(context.sizes.largeRows)} rows`,
      value: large.p50,
      unit: 'ms',
      ours: large,
      goal: { atMost: goals[operation] },
    },
    {
      bench,
      name: 'the same, large to small (p50)',
      value: large.p50 / small.p50,
      unit: 'x',
      ours: large,
      beside: small,
      goal: { atMost: ratioGoal },
    },
  ]
}

async function measure(context: Context, db: Database, pairs: number): Promise<Samples> {
  const samples = Object.fromEntries(
    operations.map((operation) => [operation, { small: [], large: [] }]),
  ) as unknown as Samples
  await measurePairs(context, 'snapshot operations', pairs, async (inTurn) => {
    for (const side of inTurn) await measureOnce(context, db, side, samples)
  })
  return samples
}

/** A write before each, so that there is something new to hold and to take back. */
async function measureOnce(
  context: Context,
  db: Database,
  side: LoadedCollection,
  samples: Samples,
): Promise<void> {
  const collection = db.getCollection(side)
  const write = () => collection.upsert([pointOf(context, 1 + context.points.below(context.rowsOf(side)))])
  await write()
  let snapshot = await collection.createSnapshot()
  await write()
  samples.create[side].push(
    await timed(async () => {
      snapshot = await collection.createSnapshot()
    }),
  )
  samples.clone[side].push(await timed(() => db.restore(snapshot, { as: 'clone' })))
  await db.dropCollection('clone')
  await write()
  let undo = snapshot
  samples.rollback[side].push(
    await timed(async () => {
      undo = await collection.rollback(snapshot)
    }),
  )
  samples.undo[side].push(await timed(() => collection.rollback(undo)))
}
