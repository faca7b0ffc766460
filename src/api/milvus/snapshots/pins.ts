import { isDatabaseError } from '../../../index.ts'
import type { Call, MilvusDoor } from '../door.ts'
import { numericId } from '../numeric-id.ts'
import { invalidParameter, missingParameter } from '../status.ts'
import { sweepDropped } from './dropped-collections.ts'
import { getSnapshot, heldSnapshots, onSnapshot, sequenceOf, type NamedSnapshot } from './find-snapshot.ts'

export interface PinSnapshotRequest extends NamedSnapshot {
  readonly ttl_seconds: bigint
}

const secondsMax = 2_592_000n
/** The reason of a hold that is a pin. */
const pinReason = 'pinned through the Milvus API'

/** The number of a pin follows from the id of its hold, which nobody can guess. */
const pinId = (hold: { readonly id: string }): bigint => numericId('pin', hold.id)

/** A hold; a lifetime of 0 is none. @throws 2600, 1100, 1101, 100, 800 */
export async function pinSnapshot(
  door: MilvusDoor,
  request: PinSnapshotRequest,
  call: Call,
): Promise<object> {
  const seconds = request.ttl_seconds
  if (seconds < 0n) throw invalidParameter('ttl_seconds must be non-negative')
  if (seconds > secondsMax) throw invalidParameter(`ttl_seconds exceeds maximum of ${secondsMax} (30 days)`)
  const snapshot = getSnapshot(door, request, call, 'pin snapshot data')
  const until = seconds === 0n ? {} : { until: door.clock.now() + Number(seconds) * 1000 }
  const hold = await onSnapshot(snapshot, () =>
    door.sequences.run(sequenceOf(snapshot), () => snapshot.hold({ ...until, reason: pinReason })),
  )
  return { pin_id: pinId(hold) }
}

/** A pin that is not there is released already. @throws 1101 */
export async function unpinSnapshot(door: MilvusDoor, request: { readonly pin_id: bigint }): Promise<object> {
  if (request.pin_id === 0n)
    throw missingParameter('pin_id is required for unpin snapshot data: missing parameter')
  for (const snapshot of heldSnapshots(door)) {
    const hold = snapshot
      .info()
      .holds.find((one) => one.reason === pinReason && pinId(one) === request.pin_id)
    if (hold === undefined) continue
    try {
      await snapshot.releaseHold(hold.id)
    } catch (error) {
      // Another call has released it, or the snapshot is gone: it does not pin any more.
      if (!isDatabaseError(error, 'hold-not-found') && !isDatabaseError(error, 'snapshot-not-found'))
        throw error
    }
  }
  await sweepDropped(door)
  return {}
}
