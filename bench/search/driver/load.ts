import type { Searcher } from '../adapters/adapter.ts'
import { Histogram } from './histogram.ts'

export interface LoadResult {
  readonly queries: number
  readonly seconds: number
  readonly p50: number
  readonly p99: number
}

/** An engine that answers at once would keep timers and signals waiting for the whole load. */
const yieldMs = 2

/** Every searcher asks as soon as it has been answered, for the time given. The queries are taken in turn. */
export async function closedLoop(
  searchers: readonly Searcher[],
  queryCount: number,
  milliseconds: number,
): Promise<LoadResult> {
  const histogram = new Histogram()
  const start = performance.now()
  let queries = 0
  let yielded = start
  const client = async ({ run }: Searcher) => {
    for (let before = start; before - start < milliseconds;) {
      const answer = run(queries++ % queryCount)
      // Waiting for what is there already would cost the quickest engines a part of their speed.
      if (answer instanceof Promise) await answer
      const now = performance.now()
      histogram.record(now - before)
      before = now
      if (now - yielded < yieldMs) continue
      yielded = now
      await new Promise((resolve) => setImmediate(resolve))
      before = performance.now()
    }
  }
  await Promise.all(searchers.map(client))
  const seconds = (performance.now() - start) / 1_000
  return { queries, seconds, p50: histogram.quantile(0.5), p99: histogram.quantile(0.99) }
}
