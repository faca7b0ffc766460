import { canonicalJson } from '../../encoding/json.ts'
import { DatabaseError } from '../../errors/database-error.ts'
import { InvariantViolation } from '../../runtime/assert.ts'
import type { Timer } from '../../runtime/clock.ts'
import { Mutex } from '../../runtime/mutex.ts'
import { checkPolicy, scheduleOf, timezoneOf, type Policy } from '../../snapshot/policy/policy.ts'
import { planRetention } from '../../snapshot/policy/retention.ts'
import {
  afterRun,
  decodePolicyRecord,
  encodePolicyRecord,
  type PolicyInfo,
  type PolicyMetrics,
  type PolicyPlan,
  type PolicyRecord,
  type PolicyRun,
} from '../../snapshot/policy/run.ts'
import { anchorOf } from '../../snapshot/policy/schedule.ts'
import type { SnapshotState } from '../catalog-state.ts'
import type { Engine } from '../engine.ts'
import { asJson } from '../job-record.ts'
import type { Jobs } from '../jobs.ts'
import { afterRename, type Rename } from './follow-rename.ts'
import { PolicyBytes } from './policy-bytes.ts'
import { runPolicy } from './policy-runner.ts'
import { newestGood, retainedOf, snapshotsOf, summaryOf, targetOf } from './policy-snapshots.ts'

/** The scheduler looks at the clock at least this often: it may have been set. */
const tickMs = 60_000
/** Stands for the snapshot that a run would make. */
const planned = 'planned'

/** Snapshots that are made and deleted by themselves. */
export class Policies {
  readonly #engine: Engine
  readonly #jobs: Jobs
  /** By name; the catalog holds the same, a moment later. */
  readonly #records = new Map<string, PolicyRecord>()
  readonly #writes = new Mutex()
  readonly #running = new Map<string, Promise<PolicyRun>>()
  readonly #verifying = new Map<string, string>()
  readonly #bytes = new Map<string, PolicyBytes>()
  #timer: Timer | undefined
  #isStarted = false
  #isClosed = false

  constructor(engine: Engine, jobs: Jobs) {
    this.#engine = engine
    this.#jobs = jobs
    for (const [name, value] of engine.parts.catalog.documents.get('policy') ?? [])
      this.#records.set(name, decodePolicyRecord(value))
  }

  /** By name. */
  list(): PolicyInfo[] {
    return [...this.#records.keys()].sort().map((name) => this.get(name))
  }

  /** @throws policy-not-found */
  get(name: string): PolicyInfo {
    const record = this.#record(name)
    const { policy, doneAt: _doneAt, ...state } = record
    return { ...policy, ...state, nextRunAt: this.#nextRunAt(record) }
  }

  /**
   * Creates a policy, or replaces the one of its name, which keeps its snapshots and its counts. The same one again
   * changes nothing. A schedule counts from now on. @throws request-invalid
   */
  async put(policy: Policy): Promise<PolicyInfo> {
    this.#checkOpen()
    const checked = checkPolicy(policy)
    await this.#writes.run(async () => {
      const before = this.#records.get(checked.name)
      if (before !== undefined && isSame(before.policy, checked)) return
      const now = this.#now()
      const isRescheduled = before === undefined || !isSame(timesOf(before.policy), timesOf(checked))
      const changed = (record: PolicyRecord): PolicyRecord => ({
        ...record,
        policy: checked,
        doneAt: isRescheduled ? now : record.doneAt,
      })
      await this.#write(checked.name, changed(before ?? newRecord(checked, now)))
      // A run may have ended while the record was written.
      this.#records.set(checked.name, changed(this.#records.get(checked.name) ?? newRecord(checked, now)))
    })
    this.#arm()
    return this.get(checked.name)
  }

  /** False if there is none of this name. Its snapshots stay. */
  async delete(name: string): Promise<boolean> {
    this.#checkOpen()
    return this.#writes.run(async () => {
      if (!this.#records.has(name)) return false
      await this.#engine.submit({ type: 'document', kind: 'policy', name, value: null })
      this.#records.delete(name)
      this.#bytes.delete(name)
      return true
    })
  }

  /**
   * Lets a collection be renamed while no policy is written. Otherwise: the end of a run is encoded; the rename changes the
   * policy; what was encoded, and names the collection of before, is written over it.
   */
  duringRename<T>(rename: Rename, submit: () => Promise<T>): Promise<T> {
    return this.#writes.run(async () => {
      const result = await submit()
      for (const [name, record] of this.#records)
        this.#records.set(name, { ...record, policy: afterRename(record.policy, rename) })
      return result
    })
  }

  /** What a run at `now` (milliseconds since the epoch; default: the present) would do. Changes nothing. @throws policy-not-found */
  plan(name: string, now: number = this.#now()): PolicyPlan {
    const record = this.#record(name)
    const { policy } = record
    const { catalog } = this.#engine.parts
    const target = targetOf(catalog, policy)
    const isIdle = target.ids?.length === 0
    const own = snapshotsOf(catalog, name)
    const states = new Map<string, ReturnType<typeof summaryOf>>(
      own.map(({ record: one }) => [one.id, summaryOf(one)]),
    )
    const next = { id: planned, seq: Infinity, createdAt: now, isHeld: false, isGood: true }
    const retained = own.map((state) => retainedOf(state, now))
    const { kept, deleted } = planRetention(
      isIdle ? retained : [...retained, { ...next, isVerified: policy.verify === true }],
      policy.keep,
      { now, timezone: timezoneOf(policy) },
    )
    const keep = kept.flatMap(({ id, rules }) => (id === planned ? [] : { ...states.get(id)!, rules }))
    const unkept = deleted.map((id) => states.get(id)!)
    return {
      policy: name,
      at: now,
      nextRunAt: this.#nextRunAt(record),
      create: isIdle ? null : { scope: target.scope, collections: target.collections },
      missing: target.missing,
      keep: isIdle ? [...keep, ...unkept.map((one) => ({ ...one, rules: [] })).reverse()] : keep,
      delete: isIdle ? [] : unkept,
    }
  }

  /** Runs it now, whatever its schedule says, after a run that is under way. A failure is told by the outcome. @throws policy-not-found */
  async run(name: string): Promise<PolicyRun> {
    this.#checkOpen()
    this.#record(name)
    for (let running = this.#running.get(name); running !== undefined; running = this.#running.get(name))
      await running
    this.#checkOpen()
    return this.#launch(this.#record(name).policy, 'manual')
  }

  /** Follows the schedules from here on; whatever was missed since the last run of a policy is made up for by one. */
  start(): void {
    this.#checkOpen()
    if (this.#isStarted) return
    this.#isStarted = true
    for (const [name, record] of this.#records) {
      // A process that ended between the snapshot and the record of its run.
      const newest = newestGood(snapshotsOf(this.#engine.parts.catalog, name), record.policy)
      const doneAt = Math.max(record.doneAt, newest?.record.createdAt ?? 0)
      this.#records.set(name, { ...record, doneAt })
    }
    this.#tick()
  }

  /** Follows no schedule any more; waits for the runs that are under way. */
  async stop(): Promise<void> {
    this.#isStarted = false
    this.#timer?.cancel()
    this.#timer = undefined
    await Promise.allSettled(this.#running.values())
  }

  /** Called when the database is closed: ends the runs that are under way where that is safe. */
  async close(): Promise<void> {
    this.#isClosed = true
    for (const job of this.#verifying.values()) this.#jobs.cancel(job)
    await this.stop()
  }

  async metrics(): Promise<PolicyMetrics[]> {
    return Promise.all([...this.#records.keys()].sort().map((name) => this.#metricsOf(this.#record(name))))
  }

  async #metricsOf(record: PolicyRecord): Promise<PolicyMetrics> {
    const { policy, runs, failures } = record
    const own = snapshotsOf(this.#engine.parts.catalog, policy.name)
    const lastSuccessAt = newestGood(own, policy)?.record.createdAt ?? null
    return {
      policy: policy.name,
      isEnabled: policy.isEnabled,
      nextRunAt: this.#nextRunAt(record),
      lastSuccessAt,
      ageMs: lastSuccessAt === null ? null : Math.max(0, this.#now() - lastSuccessAt),
      runs,
      failures,
      snapshots: own.length,
      bytes: await this.#bytesOf(policy.name, own),
    }
  }

  #bytesOf(name: string, own: readonly SnapshotState[]): Promise<number> {
    let bytes = this.#bytes.get(name)
    if (bytes === undefined) this.#bytes.set(name, (bytes = new PolicyBytes(this.#engine.parts.store)))
    return bytes.of(own)
  }

  #tick(): void {
    this.#timer = undefined
    if (!this.#isStarted || this.#isClosed) return
    const now = this.#now()
    for (const record of [...this.#records.values()]) {
      const { policy } = record
      const doneAt = anchorOf(record.doneAt, now)
      if (doneAt !== record.doneAt) this.#records.set(policy.name, { ...record, doneAt })
      if (!policy.isEnabled || this.#running.has(policy.name)) continue
      if (scheduleOf(policy)?.due(doneAt, now) === undefined) continue
      // It has no caller to tell: the outcome says what went wrong. A fault of our own stays unhandled on purpose.
      void this.#launch(policy, 'schedule')
    }
    this.#arm()
  }

  /** Wakes up when the next policy is due. One that runs has its turn when it has ended. */
  #arm(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    if (!this.#isStarted || this.#isClosed) return
    const times = [...this.#records.values()]
      .filter(({ policy }) => !this.#running.has(policy.name))
      .flatMap((record) => this.#nextRunAt(record) ?? [])
    if (times.length === 0) return
    const delayMs = Math.min(tickMs, Math.max(0, Math.min(...times) - this.#now()))
    this.#timer = this.#engine.parts.clock.after(delayMs, () => this.#tick())
  }

  #launch(policy: Policy, trigger: PolicyRun['trigger']): Promise<PolicyRun> {
    const { name } = policy
    const running = this.#run(policy, trigger).finally(() => {
      this.#running.delete(name)
      this.#arm()
    })
    this.#running.set(name, running)
    return running
  }

  async #run(policy: Policy, trigger: PolicyRun['trigger']): Promise<PolicyRun> {
    const { name } = policy
    const run = await runPolicy(this.#engine, this.#jobs, policy, trigger, {
      current: () => (this.#isClosed ? undefined : this.#records.get(name)?.policy),
      verifying: (job) => {
        if (job === undefined) this.#verifying.delete(name)
        else if (this.#isClosed) this.#jobs.cancel(job)
        else this.#verifying.set(name, job)
      },
    })
    this.#log(run)
    // Cut short by the end of the process: it is as if it had not been, and the next start makes up for it.
    if (this.#isClosed && run.outcome === 'failed') return run
    await this.#keep(run)
    return run
  }

  async #keep(run: PolicyRun): Promise<void> {
    const record = this.#records.get(run.policy)
    if (record === undefined) return
    this.#records.set(run.policy, afterRun(record, run))
    if (run.outcome === 'skipped') return
    try {
      await this.#writes.run(async () => {
        const newest = this.#records.get(run.policy)
        if (newest !== undefined) await this.#write(run.policy, newest)
      })
    } catch (error) {
      if (error instanceof InvariantViolation) throw error
      const details = { policy: run.policy, error: String(error) }
      this.#engine.parts.logger.error('cannot keep the run of a policy', details)
    }
  }

  #log(run: PolicyRun): void {
    const { logger } = this.#engine.parts
    const { policy, trigger, outcome, reason, snapshot, deleted, missing } = run
    const details = { policy, trigger, reason, snapshot: snapshot?.name, deleted: deleted.length, missing }
    if (outcome === 'failed') logger.error('policy failed', details)
    else if (outcome === 'skipped') logger.debug('policy skipped', details)
    else logger.info('policy ran', details)
  }

  async #write(name: string, record: PolicyRecord): Promise<void> {
    const value = encodePolicyRecord(record)
    await this.#engine.submit({ type: 'document', kind: 'policy', name, value })
  }

  #nextRunAt({ policy, doneAt }: PolicyRecord): number | null {
    if (!policy.isEnabled) return null
    return scheduleOf(policy)?.next(anchorOf(doneAt, this.#now())) ?? null
  }

  #record(name: string): PolicyRecord {
    const record = this.#records.get(name)
    if (record === undefined)
      throw new DatabaseError('policy-not-found', `Cannot find policy "${name}": it does not exist`, { name })
    return record
  }

  #checkOpen(): void {
    this.#engine.checkOpen()
    if (this.#isClosed)
      throw new DatabaseError('database-closed', 'Cannot use policies: the database is being closed')
  }

  #now(): number {
    return this.#engine.parts.clock.now()
  }
}

function newRecord(policy: Policy, now: number): PolicyRecord {
  return {
    policy,
    createdAt: now,
    doneAt: now,
    lastRun: null,
    lastSuccessAt: null,
    runs: 0,
    failures: 0,
  }
}

/** What decides when it runs. */
function timesOf({ schedule, timezone, isEnabled }: Policy): unknown {
  return [schedule, timezone ?? 'UTC', isEnabled]
}

function isSame(a: unknown, b: unknown): boolean {
  return canonicalJson(asJson(a)) === canonicalJson(asJson(b))
}
