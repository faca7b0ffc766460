import { startProgress } from '../scripts/terminal/progress.ts'
import { rowDimensions, type Bench, type Context } from './support/context.ts'
import { inDigits, summarise } from './support/figures.ts'
import { waitUntilQuiet } from './support/quiet.ts'

const collection = 'large'

/** From the start of the process until it has answered a query. */
export const restart: Bench = {
  name: 'restart',
  title: 'Restarting with the large collection',
  async run(context) {
    await context.load(collection)
    await waitUntilQuiet(context)
    const afterKill: number[] = []
    const afterStop: number[] = []
    const progress = startProgress('restarting', context.sizes.restarts * 2, 'times')
    try {
      for (let round = 0; round < context.sizes.restarts; round++) {
        afterKill.push(await restartOnce(context, () => context.server.kill()))
        progress.update(round * 2 + 1)
        afterStop.push(await restartOnce(context, () => context.server.stop()))
        progress.update(round * 2 + 2)
      }
    } finally {
      progress.end()
    }
    return [
      figure(`ready with ${inDigits(context.sizes.largeRows)} rows, after kill -9`, afterKill),
      figure('the same, after a clean stop', afterStop),
    ]
  },
}

function figure(name: string, seconds: readonly number[]) {
  const ours = summarise(name, 's', seconds)
  return { bench: restart.name, name, value: ours.p50, unit: 's' as const, ours }
}

async function restartOnce(context: Context, end: () => Promise<unknown>): Promise<number> {
  // So that recovery has something to replay beyond what is in segments.
  await context.upsert(collection, context.points.body(1, 100, rowDimensions))
  await end()
  const start = performance.now()
  await context.startServer()
  const query = `{"query":${context.points.vector(rowDimensions)},"limit":10}`
  const { points } = await context.http.call<{ points: unknown[] }>(
    'POST',
    `/collections/${collection}/points/query`,
    query,
  )
  const seconds = (performance.now() - start) / 1000
  const count = await context.countPoints(collection)
  if (points.length !== 10 || count !== context.sizes.largeRows) {
    throw new Error(`After the restart there are ${count} points, not ${context.sizes.largeRows}`)
  }
  return seconds
}
