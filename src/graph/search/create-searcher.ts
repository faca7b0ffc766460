import { systemClock } from '../../runtime/clock.ts'
import type { Slices } from '../../runtime/slices.ts'
import { SpareTime } from '../../runtime/spare-time.ts'
import { InlineSearcher } from './inline-searcher.ts'
import type { ThreadOptions } from './threads/search-thread.ts'
import { ThreadSearcher } from './threads/thread-searcher.ts'
import type { VectorSearcher } from './vector-searcher.ts'

/**
 * Searches in `threads` threads, of which the calling one is one: it does what is short, if it has `spare` time, and all of it if
 * it is the only one. What is long is done by the others, which are at least one; they start when they are needed first. 0: all
 * is done in the calling thread. The worker is a module of the built package: run from its TypeScript sources, and without a
 * worker of their own in `options`, searches are done in the calling thread.
 */
export function createSearcher(
  threads: number,
  slices: Slices,
  {
    spare = new SpareTime(systemClock),
    ...options
  }: Partial<ThreadOptions> & { readonly spare?: SpareTime } = {},
): VectorSearcher {
  const inline = new InlineSearcher(slices)
  if (threads === 0 || (options.entry === undefined && import.meta.url.endsWith('.ts'))) return inline
  // In the package all modules lie side by side.
  const entry = options.entry ?? new URL('./search-worker.js', import.meta.url)
  return new ThreadSearcher(threads, { execArgv: [], ...options, entry }, inline, { slices, spare })
}
