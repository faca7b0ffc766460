import { afterThisTurn, yieldToEventLoop } from '../../runtime/yield.ts'

/** Bytes of bodies, over all connections, that a turn of the event loop takes in: a millisecond. */
const turnBytesMax = 2 ** 20

let turnBytes = 0
let isInTurn = false

/**
 * Counts bytes of a body that have come, and says whether to pause its stream: undefined, or what resolves when it may go on, in
 * a later turn. Otherwise: each connection gives up to two MiB per turn, and four that send large bodies hold the loop for
 * 10 ms.
 */
export function countReceived(bytes: number): Promise<void> | undefined {
  turnBytes += bytes
  if (!isInTurn) {
    isInTurn = true
    afterThisTurn(() => {
      isInTurn = false
      turnBytes = 0
    })
  }
  return turnBytes < turnBytesMax ? undefined : yieldToEventLoop()
}
