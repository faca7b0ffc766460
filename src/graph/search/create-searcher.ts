import type { Slices } from '../../runtime/slices.ts'
import { InlineSearcher } from './inline-searcher.ts'
import type { ThreadOptions } from './threads/search-thread.ts'
import { ThreadSearcher } from './threads/thread-searcher.ts'
import type { VectorSearcher } from './vector-searcher.ts'

/**
 * Searches in `threads` worker threads, which start when several searches come at once, or a long one; 0: in the calling
 * thread. The worker is a module of the built package: run from its TypeScript sources, and without a worker of their own in
 * `options`, searches are done in the calling thread.
 */
export function createSearcher(
  threads: number,
  slices: Slices,
  options: Partial<ThreadOptions> = {},
): VectorSearcher {
  const inline = new InlineSearcher(slices)
  if (threads === 0 || (options.entry === undefined && import.meta.url.endsWith('.ts'))) return inline
  // In the package all modules lie side by side.
  const entry = options.entry ?? new URL('./search-worker.js', import.meta.url)
  return new ThreadSearcher(threads, { execArgv: [], ...options, entry }, inline, slices)
}
