import { vectorsOf } from '../../bench/search/data/mixtures.ts'
import { numbersBelow } from '../../bench/search/data/filters.ts'
import { seededRandom } from '../../src/runtime/random.ts'

/** A small data set as the bench makes them, in memory. */
export function sampleData({
  rows,
  queries,
  dimensions,
  seed,
}: Readonly<Record<'rows' | 'queries' | 'dimensions' | 'seed', number>>) {
  const all = vectorsOf('hard', rows + queries, dimensions, seed)
  const random = seededRandom(seed)
  return {
    vectors: { dimensions, flat: all.subarray(0, rows * dimensions) },
    queries: { dimensions, flat: all.subarray(rows * dimensions) },
    numbers: Uint32Array.from({ length: rows }, () => Math.floor(random.next() * numbersBelow)),
  }
}
