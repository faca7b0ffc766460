import { DatabaseError, isDatabaseError } from '../../errors/database-error.ts'
import { InvariantViolation } from '../../runtime/assert.ts'
import { policyLabel, reasonOf, timezoneOf, type Policy } from '../../snapshot/policy/policy.ts'
import { planRetention } from '../../snapshot/policy/retention.ts'
import type { PolicyRun, PolicySnapshot } from '../../snapshot/policy/run.ts'
import type { VerifyReport } from '../../snapshot/verify/verify.ts'
import type { SnapshotState } from '../catalog-state.ts'
import { submitSnapshot } from '../submit-snapshot.ts'
import type { Engine } from '../engine.ts'
import type { Jobs } from '../jobs.ts'
import { retainedOf, snapshotsOf, summaryOf, targetOf, type PolicyTarget } from './policy-snapshots.ts'
import { Snapshot } from '../snapshot-handle.ts'
import { startVerifyJob } from '../verify-job.ts'

const attemptsMax = 3

/** What a run has come to so far; a failure ends it and leaves this. */
interface Progress {
  target: PolicyTarget
  snapshot: Snapshot | undefined
  isVerified: boolean | null
  readonly deleted: PolicySnapshot[]
}

export interface RunHooks {
  /** The policy as it is by now; undefined if it is gone, or the database is being closed. */
  readonly current: () => Policy | undefined
  /** The id of the job that verifies, so that it can be cancelled; undefined when it has ended. */
  readonly verifying: (job: string | undefined) => void
}

/**
 * One run: a snapshot, its verification, and only if both went well what retention lets go of. Whatever happens is told
 * by the outcome.
 */
export async function runPolicy(
  engine: Engine,
  jobs: Jobs,
  policy: Policy,
  trigger: PolicyRun['trigger'],
  hooks: RunHooks,
): Promise<PolicyRun> {
  const { catalog, clock } = engine.parts
  const startedAt = clock.now()
  const target = targetOf(catalog, policy)
  const progress: Progress = { target, snapshot: undefined, isVerified: null, deleted: [] }
  let outcome: PolicyRun['outcome'] = 'succeeded'
  let reason: string | null = null
  let code: string | null = null
  try {
    if (hasNothingToDo(target)) {
      outcome = 'skipped'
      reason = 'no collection matches'
    } else {
      await perform(engine, jobs, policy, progress, hooks)
    }
  } catch (error) {
    if (error instanceof InvariantViolation) throw error
    outcome = 'failed'
    reason = error instanceof Error ? error.message : String(error)
    code = error instanceof DatabaseError ? error.code : 'internal'
  }
  const { snapshot, isVerified, deleted } = progress
  return {
    policy: policy.name,
    trigger,
    startedAt,
    finishedAt: clock.now(),
    outcome,
    reason,
    code,
    snapshot: snapshot === undefined ? null : summaryOf(snapshot.info()),
    isVerified,
    collections: progress.target.collections,
    missing: progress.target.missing,
    deleted,
  }
}

/** Only patterns, and none matches: that is no failure. */
function hasNothingToDo({ ids, missing }: PolicyTarget): boolean {
  return ids?.length === 0 && missing.length === 0
}

async function perform(
  engine: Engine,
  jobs: Jobs,
  policy: Policy,
  progress: Progress,
  hooks: RunHooks,
): Promise<void> {
  progress.snapshot = await create(engine, policy, progress)
  if (policy.verify === true) {
    const { ok, problems } = await verify(engine, jobs, policy, progress.snapshot, hooks)
    progress.isVerified = ok
    if (!ok) {
      const [first] = problems
      const why = first === undefined ? 'it was not read to its end' : `${first.file}: ${first.why}`
      const text = `Cannot trust snapshot "${progress.snapshot.name}": ${why}`
      throw new DatabaseError('segment-corrupt', text, { snapshot: progress.snapshot.id })
    }
  }
  await retain(engine, policy.name, progress, hooks)
}

async function create(engine: Engine, policy: Policy, progress: Progress): Promise<Snapshot> {
  const { clock, random } = engine.parts
  let name = `${policy.name}-${new Date(clock.now()).toISOString()}`
  for (let attempt = 1; ; attempt++) {
    const { scope, ids, missing } = progress.target
    if (ids?.length === 0)
      throw new DatabaseError(
        'collection-not-found',
        `Cannot find collection "${missing[0]!}": it does not exist`,
      )
    const labels = { ...policy.labels, [policyLabel]: policy.name }
    try {
      return await submitSnapshot(engine, scope, ids, { name, labels, reason: reasonOf(policy.name) })
    } catch (error) {
      if (attempt === attemptsMax) throw error
      if (isDatabaseError(error, 'snapshot-exists')) name = `${name}-${random.uuid().slice(0, 8)}`
      // Dropped between our look and the record: what is left is still to be kept.
      else if (isDatabaseError(error, 'collection-not-found'))
        progress.target = targetOf(engine.parts.catalog, policy)
      else throw error
    }
  }
}

async function verify(
  engine: Engine,
  jobs: Jobs,
  policy: Policy,
  snapshot: Snapshot,
  hooks: RunHooks,
): Promise<VerifyReport> {
  const job = startVerifyJob(engine, jobs, { snapshot: snapshot.id, policy: policy.name })
  hooks.verifying(job.id)
  try {
    return await job.result
  } finally {
    hooks.verifying(undefined)
  }
}

/** What is to go, as of a look at the policy and at all of its snapshots. */
interface RetentionLook {
  readonly policy: Policy
  readonly marks: ReadonlyMap<SnapshotState, SnapshotState['marks']>
  readonly doomed: readonly SnapshotState[]
}

/**
 * Looks again before each deletion if anything has changed: the policy, or what is known of one of its snapshots.
 * Otherwise: the plan spares A, the newest that was verified, and dooms B; while others are deleted A is found to be
 * damaged and B is not; B goes.
 */
async function retain(engine: Engine, name: string, progress: Progress, hooks: RunHooks): Promise<void> {
  const tried = new Set<SnapshotState>()
  let look: RetentionLook | undefined
  for (let policy = hooks.current(); policy !== undefined; policy = hooks.current()) {
    if (look?.policy !== policy || hasChanged(engine, look, tried)) look = lookAt(engine, policy)
    const state: SnapshotState | undefined = look.doomed.find((one) => !tried.has(one))
    if (state === undefined) return
    tried.add(state)
    try {
      if (await new Snapshot(engine, state).delete()) progress.deleted.push(summaryOf(state.record))
    } catch (error) {
      // Somebody has taken hold of it meanwhile: it stays, and that is right.
      if (!isDatabaseError(error, 'snapshot-held')) throw error
    }
  }
}

function lookAt(engine: Engine, policy: Policy): RetentionLook {
  const { catalog, clock } = engine.parts
  const now = clock.now()
  const own = snapshotsOf(catalog, policy.name)
  const retained = own.map((state) => retainedOf(state, now))
  const { deleted } = planRetention(retained, policy.keep, { now, timezone: timezoneOf(policy) })
  const doomed = new Set<string>(deleted)
  return {
    policy,
    marks: new Map(own.map((state) => [state, state.marks])),
    doomed: own.filter(({ record }) => doomed.has(record.id)),
  }
}

function hasChanged(engine: Engine, look: RetentionLook, tried: ReadonlySet<SnapshotState>): boolean {
  for (const [state, marks] of look.marks) {
    if (tried.has(state)) continue
    if (state.marks !== marks || engine.parts.catalog.snapshots.get(state.record.id) !== state) return true
  }
  return false
}
