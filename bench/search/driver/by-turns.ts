/** What was measured of two, one right after the other. */
export interface Pair<T> {
  readonly one: T
  readonly two: T
}

/**
 * Measures two by turns: a machine that is slower for some seconds, as those are that share their memory with others, is slower
 * for both of a pair. Each of them is first in every other pair, so that what a pair does to the one behind it is nobody's advantage.
 * @throws what they throw, or the signal's reason
 */
export async function byTurns<T>(
  one: () => Promise<T>,
  two: () => Promise<T>,
  { pairs, signal }: { readonly pairs: number; readonly signal: AbortSignal },
): Promise<readonly Pair<T>[]> {
  const measured: Pair<T>[] = []
  for (let pair = 0; pair < pairs; pair++) {
    signal.throwIfAborted()
    if (pair % 2 === 0) measured.push({ one: await one(), two: await two() })
    else measured.push({ two: await two(), one: await one() })
  }
  return measured
}
