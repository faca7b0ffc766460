import type { Searching, VectorSearcher } from '../../src/graph/search/vector-searcher.ts'

/** What one search gives that no other runs beside. */
export async function runSearch<T>(searcher: VectorSearcher, searching: Searching<T>): Promise<T> {
  const [found] = await searcher.run([searching])
  return found!
}
