import type { Snapshot } from '../../../index.ts'
import { hybridOf } from '../hybrid-clock.ts'

// What this door says of its snapshots, in their labels.

/** A snapshot with these goes with its collection when that is dropped through this door. */
export const ownLabels = { door: 'milvus' } as const
const timestampLabel = 'milvus.create_ts'
const protectionLabel = 'milvus.compaction_expire_time'

/** `protectedUntil`: seconds since the epoch; undefined: not protected. */
export function labelsOf(timestamp: bigint, protectedUntil: number | undefined): Record<string, string> {
  return {
    ...ownLabels,
    [timestampLabel]: String(timestamp),
    ...(protectedUntil === undefined ? {} : { [protectionLabel]: String(protectedUntil) }),
  }
}

/** Hybrid: every write that was acknowledged before the snapshot was asked for has a smaller one. */
export function createdAt(snapshot: Snapshot): bigint {
  const { labels, createdAt: milliseconds } = snapshot.info()
  const own = labels['door'] === ownLabels.door ? labels[timestampLabel] : undefined
  // Labels can be changed by other doors.
  return own !== undefined && /^\d{1,19}$/.test(own) ? BigInt(own) : hybridOf(milliseconds)
}
