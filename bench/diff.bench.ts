import { startProgress } from '../scripts/terminal/progress.ts'
import type { Bench, Context } from './support/context.ts'
import { openLoaded, pointOf, timed, type Database } from './support/embedded.ts'
import { inDigits, summarise } from './support/figures.ts'

const share = 0.01
const rounds = 3
const batchRows = 500

/** What differs after 1 % of the points were written again, against reading every point of both sides once. */
export const diff: Bench = {
  name: 'diff',
  title: 'Diff after 1 % of changes against a full scan of both sides',
  async run(context) {
    const db = await openLoaded(context, 'diff', ['large'])
    try {
      await db.getCollection('large').createSnapshot({ name: 'then' })
      const changes = Math.floor(context.sizes.largeRows * share)
      await change(context, db, changes)
      await db.flush()
      const ours: number[] = []
      const scans: number[] = []
      const progress = startProgress('comparing', rounds, 'rounds')
      for (let round = 0; round < rounds; round++) {
        context.signal.throwIfAborted()
        ours.push(
          await timed(async () => {
            await using found = await db.diff('large@then', 'large')
            if (found.counts.changed !== changes)
              throw new Error(`The diff found ${JSON.stringify(found.counts)}, not ${changes} changes`)
          }),
        )
        scans.push(
          await timed(async () => {
            for (const reference of ['large@then', 'large']) {
              await using reader = await db.openReader(reference)
              await reader.contentHash()
            }
          }),
        )
        progress.update(round + 1)
      }
      progress.end()
      const own = summarise('diff', 'ms', ours)
      const beside = summarise('full scan', 'ms', scans)
      return [
        {
          bench: diff.name,
          name: `diff of ${inDigits(context.sizes.largeRows)} rows after ${inDigits(changes)} changes: share of a full scan`,
          value: own.p50 / beside.p50,
          unit: 'x',
          ours: own,
          beside,
        },
      ]
    } finally {
      await db.close()
    }
  },
}

/** Spread over the whole collection. */
async function change(context: Context, db: Database, count: number): Promise<void> {
  const step = Math.floor(context.sizes.largeRows / count)
  for (let at = 0; at < count; at += batchRows) {
    context.signal.throwIfAborted()
    const ids = Array.from({ length: Math.min(batchRows, count - at) }, (_, i) => 1 + (at + i) * step)
    // Another payload than any that was loaded: each is a change.
    const points = ids.map((id) => ({ ...pointOf(context, id), payload: { n: id, changed: true } }))
    await db.getCollection('large').upsert(points)
  }
}
