import { join } from 'node:path'
import { startProgress } from '../scripts/terminal/progress.ts'
import type { Bench, Context } from './support/context.ts'
import { openLoaded, timed, type Database } from './support/embedded.ts'
import { inDigits, summarise } from './support/figures.ts'

const few = 10
const pageSize = 10
const rounds = 200

/** Does the cost of listing a page depend on how many snapshots there are? Also after a restart, when all are sealed. */
export const snapshotListing: Bench = {
  name: 'snapshot-listing',
  title: 'Listing snapshots, few against many',
  async run(context) {
    const many = context.sizes.snapshots
    const db = await openLoaded(context, 'listing', ['small'])
    try {
      const collection = db.getCollection('small')
      await takeSnapshots(context, db, few)
      const before = await listTimes(db, rounds)
      const creationFew = await creationTimes(db)
      await takeSnapshots(context, db, many - few)
      const after = await listTimes(db, rounds)
      const creationMany = await creationTimes(db)
      const flush = await timed(() => db.flush())
      console.log(
        `${inDigits(many)} snapshots sealed in ${(flush / 1000).toFixed(1)} s under ${join(context.home, 'listing')}`,
      )
      const bench = snapshotListing.name
      const ours = summarise(`${inDigits(many)} snapshots`, 'ms', after)
      const beside = summarise(`${few} snapshots`, 'ms', before)
      const created = summarise(`beside ${inDigits(many)}`, 'ms', creationMany)
      const createdFew = summarise(`beside ${few}`, 'ms', creationFew)
      if (collection.listSnapshots().length < many) throw new Error('Snapshots are missing from the list')
      return [
        {
          bench,
          name: `a page of ${pageSize} out of ${inDigits(many)} snapshots`,
          value: ours.p50,
          unit: 'ms',
          ours,
        },
        {
          bench,
          name: 'the same, many to few (p50)',
          value: ours.p50 / beside.p50,
          unit: 'x',
          ours,
          beside,
          goal: { atMost: 1.5 },
        },
        {
          bench,
          name: 'creating another, many to few (p50)',
          value: created.p50 / createdFew.p50,
          unit: 'x',
          ours: created,
          beside: createdFew,
          goal: { atMost: 1.5 },
        },
      ]
    } finally {
      await db.close()
    }
  },
}

async function takeSnapshots(context: Context, db: Database, count: number): Promise<void> {
  const collection = db.getCollection('small')
  const progress = startProgress('snapshots', count, 'snapshots')
  const width = 50
  try {
    for (let at = 0; at < count; at += width) {
      context.signal.throwIfAborted()
      await Promise.all(
        Array.from({ length: Math.min(width, count - at) }, () => collection.createSnapshot()),
      )
      progress.update(Math.min(count, at + width))
    }
  } finally {
    progress.end()
  }
}

async function listTimes(db: Database, count: number): Promise<number[]> {
  const times: number[] = []
  for (let i = 0; i < count; i++) {
    times.push(
      await timed(() => {
        const { snapshots } = db.querySnapshots({ collection: 'small', limit: pageSize })
        return snapshots.map((snapshot) => snapshot.info())
      }),
    )
  }
  return times
}

async function creationTimes(db: Database): Promise<number[]> {
  const times: number[] = []
  for (let i = 0; i < 60; i++) times.push(await timed(() => db.getCollection('small').createSnapshot()))
  return times
}
