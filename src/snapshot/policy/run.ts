import type { JsonValue } from '../../encoding/json.ts'
import type { SnapshotScope } from '../../manifest/format.ts'
import type { Policy } from './policy.ts'
import type { KeepRule } from './retention.ts'

/** Of long lists the catalog keeps this many. */
const listedMax = 100

export interface PolicySnapshot {
  readonly id: string
  readonly name: string
  /** Milliseconds since the epoch. */
  readonly createdAt: number
}

export interface PolicyRun {
  readonly policy: string
  /** `schedule` also for the one run that makes up for those that were missed. */
  readonly trigger: 'schedule' | 'manual'
  /** Milliseconds since the epoch, as all times here. */
  readonly startedAt: number
  readonly finishedAt: number
  /** `skipped`: no collection matched a pattern, so there was nothing to do. */
  readonly outcome: 'succeeded' | 'failed' | 'skipped'
  /** Why it failed or was skipped; null if it succeeded. */
  readonly reason: string | null
  /** The error code of the reason; null without one. */
  readonly code: string | null
  /** What was made; null if that failed. */
  readonly snapshot: PolicySnapshot | null
  /** Null if it was not verified. */
  readonly isVerified: boolean | null
  readonly collections: readonly string[]
  /** Names of the policy that no collection has. */
  readonly missing: readonly string[]
  readonly deleted: readonly PolicySnapshot[]
}

/** What a run would do. */
export interface PolicyPlan {
  readonly policy: string
  /** The moment that it was made for. */
  readonly at: number
  /** Null without a schedule, or if it is not enabled. */
  readonly nextRunAt: number | null
  /** Null if there is nothing to make; then nothing is deleted either. */
  readonly create: { readonly scope: SnapshotScope; readonly collections: readonly string[] } | null
  readonly missing: readonly string[]
  /** Newest first. */
  readonly keep: readonly (PolicySnapshot & { readonly rules: readonly KeepRule[] })[]
  /** Oldest first. */
  readonly delete: readonly PolicySnapshot[]
}

export interface PolicyInfo extends Policy {
  readonly createdAt: number
  readonly nextRunAt: number | null
  /** Its lists have 100 members at most. */
  readonly lastRun: PolicyRun | null
  /** When the last snapshot was made that counts as good. */
  readonly lastSuccessAt: number | null
  readonly runs: number
  readonly failures: number
}

export interface PolicyMetrics {
  readonly policy: string
  readonly isEnabled: boolean
  readonly nextRunAt: number | null
  /** Creation of the newest good snapshot that is there; null if there is none. */
  readonly lastSuccessAt: number | null
  /** Its age; null if there is none. */
  readonly ageMs: number | null
  readonly runs: number
  readonly failures: number
  /** How many of its snapshots there are. */
  readonly snapshots: number
  /** Bytes of the segments and deltas that they reach, each object counted once; what is not sealed yet is left out. */
  readonly bytes: number
}

/** What the catalog keeps of a policy, by its name. */
export interface PolicyRecord {
  readonly policy: Policy
  readonly createdAt: number
  /** Every run up to here has been done, or is not wanted. */
  readonly doneAt: number
  readonly lastRun: PolicyRun | null
  readonly lastSuccessAt: number | null
  readonly runs: number
  readonly failures: number
}

export function encodePolicyRecord(record: PolicyRecord): JsonValue {
  const { lastRun } = record
  const short = lastRun === null ? null : { ...lastRun, ...shortLists(lastRun) }
  return { ...record, lastRun: short } as unknown as JsonValue
}

/** The document was written by `encodePolicyRecord`; the log and the catalog have checksums. */
export function decodePolicyRecord(value: JsonValue): PolicyRecord {
  return value as unknown as PolicyRecord
}

function shortLists(run: PolicyRun): Pick<PolicyRun, 'collections' | 'missing' | 'deleted'> {
  return {
    collections: run.collections.slice(0, listedMax),
    missing: run.missing.slice(0, listedMax),
    deleted: run.deleted.slice(0, listedMax),
  }
}

/** The record after a run. One that was skipped is as if it had not been, but for its time. */
export function afterRun(record: PolicyRecord, run: PolicyRun): PolicyRecord {
  if (run.outcome === 'skipped') return { ...record, doneAt: run.startedAt }
  return {
    ...record,
    doneAt: run.startedAt,
    lastRun: run,
    lastSuccessAt: isGood(record.policy, run) ? run.snapshot!.createdAt : record.lastSuccessAt,
    runs: record.runs + 1,
    failures: record.failures + (run.outcome === 'failed' ? 1 : 0),
  }
}

/** Also if it failed later on, at deleting others. */
function isGood(policy: Policy, { snapshot, isVerified }: PolicyRun): boolean {
  return snapshot !== null && (policy.verify !== true || isVerified === true)
}
