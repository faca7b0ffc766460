import { startProgress } from '../../scripts/terminal/progress.ts'
import type { Context, LoadedCollection } from './context.ts'

export const sides = ['small', 'large'] as const satisfies readonly LoadedCollection[]

/** Measures both collections in turn, pair after pair, so that what happens on the machine meanwhile meets both alike. */
export async function measurePairs(
  { signal }: Context,
  title: string,
  pairs: number,
  measure: (inTurn: readonly LoadedCollection[]) => Promise<void>,
): Promise<void> {
  const progress = startProgress(title, pairs, 'pairs')
  try {
    for (let pair = 0; pair < pairs; pair++) {
      signal.throwIfAborted()
      // Who comes first changes from pair to pair.
      await measure(pair % 2 === 0 ? sides : sides.toReversed())
      progress.update(pair + 1)
    }
  } finally {
    progress.end()
  }
}
