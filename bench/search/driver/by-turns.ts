/** What was measured of two, one right after the other. */
export interface Pair<T> {
  readonly one: T
  readonly two: T
}

const attemptsPerPair = 4

interface TurnOptions<T> {
  readonly pairs: number
  readonly signal: AbortSignal
  /** Whether a pair is one of these. Default: each is. */
  readonly counts?: (pair: Pair<T>) => boolean
}

/**
 * Measures two by turns: a machine that is slower for some seconds, as those are that share their memory with others, is slower
 * for both of a pair. Each of them is first in every other pair, so that what a pair does to the one behind it is nobody's advantage.
 * Goes on until there are so many pairs that count, for four times as many at most.
 * @returns all pairs
 * @throws what they throw, or the signal's reason
 */
export async function byTurns<T>(
  one: () => Promise<T>,
  two: () => Promise<T>,
  { pairs, signal, counts = () => true }: TurnOptions<T>,
): Promise<readonly Pair<T>[]> {
  const measured: Pair<T>[] = []
  let counted = 0
  while (counted < pairs && measured.length < pairs * attemptsPerPair) {
    signal.throwIfAborted()
    const isOneFirst = measured.length % 2 === 0
    const first = await (isOneFirst ? one() : two())
    const second = await (isOneFirst ? two() : one())
    const pair = isOneFirst ? { one: first, two: second } : { one: second, two: first }
    measured.push(pair)
    if (counts(pair)) counted += 1
  }
  return measured
}
