import type { Searcher } from '../adapters/adapter.ts'
import { recallOf } from '../data/truth.ts'

/** The mean recall of the first `count` queries, which the searchers share. @throws what a query throws, or the signal's reason */
export async function measureRecall(
  searchers: readonly Searcher[],
  { truth, count }: { readonly truth: Uint32Array; readonly count: number },
  signal: AbortSignal,
): Promise<number> {
  const queries = Array.from({ length: count }, (_, query) => query).values()
  let sum = 0
  const client = async (searcher: Searcher) => {
    for (const query of queries) {
      signal.throwIfAborted()
      // Waited for before the sum is read: others add to it meanwhile.
      const found = await searcher.rows(query)
      sum += recallOf(truth, query, found)
    }
  }
  await Promise.all(searchers.map(client))
  return sum / count
}
