import { Buckets, bucketRules, type BucketRule } from './buckets.ts'

// Which of a policy's snapshots stay. Invariants, whatever the rules:
//   - held snapshots stay, and so do the newest one that was verified and the newest one that is good.
//   - the last n good ones stay, and every one that is newer than the oldest of these.
//   - without any rule everything stays.

/** Members that are left out keep nothing by themselves. Numbers are whole, from 1. */
export interface Keep {
  /** The newest n. */
  readonly last?: number
  /** The newest one of each of the last n hours that have one; days, weeks (from Monday), months and years alike. */
  readonly hourly?: number
  readonly daily?: number
  readonly weekly?: number
  readonly monthly?: number
  readonly yearly?: number
  /**
   * Maximal age in milliseconds: what is older goes, whatever hourly … yearly say. If none of these is given, all that
   * is younger stays. `last` keeps its n however old they are.
   */
  readonly maxAgeMs?: number
}

/** What retention has to know of a snapshot. */
export interface RetainedSnapshot {
  readonly id: string
  /** The order of creation. Times do not tell: clocks are set back. */
  readonly seq: number
  /** Milliseconds since the epoch. */
  readonly createdAt: number
  readonly isHeld: boolean
  /** Its last verification found nothing wrong. */
  readonly isVerified: boolean
  /** It is not known to be damaged: one that is takes no other's place. */
  readonly isGood: boolean
}

export type KeepRule =
  'held' | 'newest-verified' | 'newest-good' | 'last' | 'max-age' | 'no-rules' | BucketRule

export interface RetentionPlan {
  /** Newest first; every rule that keeps it. */
  readonly kept: readonly { readonly id: string; readonly rules: readonly KeepRule[] }[]
  /** Ids, oldest first. */
  readonly deleted: readonly string[]
}

export interface RetentionOptions {
  /** Milliseconds since the epoch. */
  readonly now: number
  /** Where days begin. */
  readonly timezone: string
}

export function planRetention(
  snapshots: readonly RetainedSnapshot[],
  keep: Keep,
  options: RetentionOptions,
): RetentionPlan {
  const newestFirst = [...snapshots].sort((a, b) => b.seq - a.seq)
  const rules = new Map<string, KeepRule[]>(newestFirst.map(({ id }) => [id, []]))
  const mark = (rule: KeepRule) => (snapshot: RetainedSnapshot) => rules.get(snapshot.id)!.push(rule)
  newestFirst.filter(({ isHeld }) => isHeld).forEach(mark('held'))
  newestFirst
    .filter(({ isVerified }) => isVerified)
    .slice(0, 1)
    .forEach(mark('newest-verified'))
  newestFirst
    .filter(({ isGood }) => isGood)
    .slice(0, 1)
    .forEach(mark('newest-good'))
  if (Object.values(keep).every((value) => value === undefined)) newestFirst.forEach(mark('no-rules'))
  if (keep.last !== undefined) lastOf(newestFirst, keep.last).forEach(mark('last'))
  const young = newestFirst.filter(
    ({ createdAt }) => keep.maxAgeMs === undefined || options.now - createdAt <= keep.maxAgeMs,
  )
  if (keep.maxAgeMs !== undefined && bucketRules.every((rule) => keep[rule] === undefined))
    young.forEach(mark('max-age'))
  markBuckets(young, keep, options.timezone, mark)
  return {
    kept: newestFirst.flatMap(({ id }) => (rules.get(id)!.length > 0 ? { id, rules: rules.get(id)! } : [])),
    deleted: newestFirst.flatMap(({ id }) => (rules.get(id)!.length === 0 ? id : [])).reverse(),
  }
}

/** The newest `count` good ones, and what lies between them. */
function lastOf(newestFirst: readonly RetainedSnapshot[], count: number): RetainedSnapshot[] {
  const good = newestFirst.filter(({ isGood }) => isGood)
  const oldest = good[count - 1]
  // Fewer than `count`: then none is too many.
  return oldest === undefined ? [...newestFirst] : newestFirst.filter(({ seq }) => seq >= oldest.seq)
}

/** In each bucket the newest good one; where none is good, none takes a place. */
function markBuckets(
  newestFirst: readonly RetainedSnapshot[],
  keep: Keep,
  timezone: string,
  mark: (rule: KeepRule) => (snapshot: RetainedSnapshot) => void,
): void {
  const seen: Record<BucketRule, Set<string>> = {
    hourly: new Set(),
    daily: new Set(),
    weekly: new Set(),
    monthly: new Set(),
    yearly: new Set(),
  }
  const wanted = bucketRules.filter((rule) => keep[rule] !== undefined)
  if (wanted.length === 0) return
  const buckets = new Buckets(timezone)
  for (const snapshot of newestFirst) {
    if (!snapshot.isGood) continue
    const names = buckets.namesOf(snapshot.createdAt)
    for (const rule of wanted) {
      if (seen[rule].has(names[rule]) || seen[rule].size >= keep[rule]!) continue
      seen[rule].add(names[rule])
      mark(rule)(snapshot)
    }
  }
}
