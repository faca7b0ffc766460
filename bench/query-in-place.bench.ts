import { startProgress } from '../scripts/terminal/progress.ts'
import type { Bench } from './support/context.ts'
import { openLoaded, pointOf, timed, vectorOf } from './support/embedded.ts'
import { inDigits, summarise } from './support/figures.ts'

/** A query of a snapshot in place against the same query of the living collection. */
export const queryInPlace: Bench = {
  name: 'query-in-place',
  title: 'Querying a snapshot in place against querying the collection',
  async run(context) {
    const db = await openLoaded(context, 'in-place', ['large'])
    try {
      const collection = db.getCollection('large')
      await collection.createSnapshot({ name: 'then' })
      // The collection goes on: the snapshot's rows and deletions are no longer all there are.
      for (let i = 0; i < 100; i++)
        await collection.upsert([pointOf(context, 1 + context.points.below(context.rowsOf('large')))])
      await db.flush()
      const live: number[] = []
      const inPlace: number[] = []
      const rounds = context.sizes.queryRounds
      const progress = startProgress('queries', rounds, 'rounds')
      for (let round = 0; round < rounds; round++) {
        context.signal.throwIfAborted()
        const vector = vectorOf(context)
        const query = { vector, limit: 10, payload: true as const }
        const ofLive = () => timed(() => collection.query(query))
        const ofSnapshot = () =>
          timed(async () => {
            await using reader = await db.openReader('large@then')
            return reader.query(query)
          })
        if (round % 2 === 0) {
          live.push(await ofLive())
          inPlace.push(await ofSnapshot())
        } else {
          inPlace.push(await ofSnapshot())
          live.push(await ofLive())
        }
        progress.update(round + 1)
      }
      progress.end()
      const ours = summarise('snapshot', 'ms', inPlace)
      const beside = summarise('living collection', 'ms', live)
      return [
        {
          bench: queryInPlace.name,
          name: `queries of a snapshot in place, ${inDigits(context.sizes.largeRows)} rows: speed against the living collection (p50)`,
          value: beside.p50 / ours.p50,
          unit: 'x',
          ours,
          beside,
          goal: { atLeast: 0.95 },
        },
      ]
    } finally {
      await db.close()
    }
  },
}
