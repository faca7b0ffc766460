import { setTimeout as wait } from 'node:timers/promises'

interface Look {
  readonly isIdle: boolean
  readonly indexed: number
}

const stepMs = 200
const stepsMax = (20 * 60 * 1_000) / stepMs

/**
 * Looks until all rows are indexed, or nothing has changed for `restMs` in an engine that says it is idle: it may leave
 * its last few rows without an index for good.
 * @returns the share that is indexed
 * @throws after 20 minutes
 */
export async function indexedWithin(
  { rows, restMs }: { readonly rows: number; readonly restMs: number },
  signal: AbortSignal,
  look: () => Promise<Look>,
): Promise<number> {
  let before = -1
  let resting = 0
  for (let step = 0; step < stepsMax; step++) {
    signal.throwIfAborted()
    const { isIdle, indexed } = await look()
    if (isIdle && indexed >= rows) return 1
    resting = isIdle && indexed === before ? resting + 1 : 0
    if (resting * stepMs >= restMs) return Math.min(1, indexed / rows)
    before = indexed
    await wait(stepMs, undefined, { signal })
  }
  throw new Error('Nothing was ready after 20 minutes of building indexes')
}
