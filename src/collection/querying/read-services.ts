import { InlineSearcher } from '../../graph/search/inline-searcher.ts'
import type { VectorSearcher } from '../../graph/search/vector-searcher.ts'
import { systemClock } from '../../runtime/clock.ts'
import { Slices } from '../../runtime/slices.ts'

/** What reads have work done by. */
export interface ReadServices {
  readonly searcher: VectorSearcher
  readonly slices: Slices
}

const slices = new Slices(systemClock)

/** For readers that belong to no database: everything in the calling thread. */
export const ownServices: ReadServices = { slices, searcher: new InlineSearcher(slices) }
