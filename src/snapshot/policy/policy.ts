import { DatabaseError } from '../../errors/database-error.ts'
import { bucketRules } from './buckets.ts'
import type { Keep } from './retention.ts'
import { checkTimezone, Schedule } from './schedule.ts'

const nameText = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/
const collectionsMax = 1000
const scheduleCharsMax = 200
const countMax = 100_000
const labelsMax = 63

/** When snapshots are made by themselves, of what, and which of them stay. */
export interface Policy {
  /** 1 to 100 letters, digits, `.`, `_`, `-`. */
  readonly name: string
  /** Names, aliases or patterns (`*` stands for any characters) of the collections of one cut, or the whole store. */
  readonly collections: readonly string[] | 'store'
  /** Cron text of five fields (six with seconds in front); null: it runs only when it is told to. */
  readonly schedule: string | null
  /** IANA name; the schedule and the buckets of `keep` are read in it. Default UTC. */
  readonly timezone?: string
  readonly keep: Keep
  /** Labels of its snapshots, beside `policy`. */
  readonly labels?: Readonly<Record<string, string>>
  /** Whether each snapshot is verified; one that fails does not count. Default false. */
  readonly verify?: boolean
  /** Whether the schedule is followed. */
  readonly isEnabled: boolean
}

export const reasonOf = (policy: string): string => `policy:${policy}`
/** The label that its snapshots carry; without it a snapshot is left alone. */
export const policyLabel = 'policy'

export const timezoneOf = (policy: Policy): string => policy.timezone ?? 'UTC'

export function scheduleOf(policy: Policy): Schedule | undefined {
  return policy.schedule === null ? undefined : new Schedule(policy.schedule, timezoneOf(policy))
}

/** A frozen copy without members that say nothing. @throws request-invalid naming the member */
export function checkPolicy(policy: Policy): Policy {
  const { name, collections, schedule, timezone, labels, verify, isEnabled } = policy
  if (typeof name !== 'string' || !nameText.test(name))
    throw invalid('name', 'it must have 1 to 100 letters, digits, dots, hyphens or underscores')
  if (typeof isEnabled !== 'boolean') throw invalid('isEnabled', 'it must be true or false')
  if (verify !== undefined && typeof verify !== 'boolean') throw invalid('verify', 'it must be true or false')
  if (timezone !== undefined) checkTimezone(timezone)
  return Object.freeze({
    name,
    collections: checkCollections(collections),
    schedule: checkSchedule(policy, schedule),
    ...(timezone === undefined ? {} : { timezone }),
    keep: checkKeep(policy.keep),
    ...(labels === undefined ? {} : { labels: checkLabels(labels) }),
    ...(verify === undefined ? {} : { verify }),
    isEnabled,
  })
}

function checkCollections(collections: Policy['collections']): Policy['collections'] {
  if (collections === 'store') return collections
  if (!Array.isArray(collections) || collections.length === 0 || collections.length > collectionsMax)
    throw invalid('collections', `it must be 'store' or a list of 1 to ${collectionsMax} names or patterns`)
  const names: readonly unknown[] = collections
  for (const name of names) {
    if (typeof name !== 'string' || name === '' || name.length > 255)
      throw invalid('collections', 'each name or pattern must have 1 to 255 characters')
  }
  return Object.freeze([...new Set(names as readonly string[])])
}

function checkSchedule(policy: Policy, schedule: string | null): string | null {
  if (schedule === null) return null
  if (typeof schedule !== 'string' || schedule.length > scheduleCharsMax)
    throw invalid('schedule', `it must be cron text of at most ${scheduleCharsMax} characters, or null`)
  scheduleOf(policy)
  return schedule
}

function checkKeep(keep: Keep): Keep {
  if (typeof keep !== 'object' || keep === null) throw invalid('keep', 'it must be an object')
  const checked: Record<string, number> = {}
  for (const [name, value] of Object.entries(keep) as [string, unknown][]) {
    if (value === undefined) continue
    const max =
      name === 'maxAgeMs'
        ? Number.MAX_SAFE_INTEGER
        : name === 'last' || bucketRules.some((rule) => rule === name)
          ? countMax
          : undefined
    if (max === undefined) throw invalid(`keep.${name}`, 'there is no such rule')
    if (!Number.isSafeInteger(value) || (value as number) < 1 || (value as number) > max)
      throw invalid(`keep.${name}`, `it must be a whole number from 1 to ${max}`)
    checked[name] = value as number
  }
  return Object.freeze(checked)
}

function checkLabels(labels: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  if (typeof labels !== 'object' || labels === null || Array.isArray(labels))
    throw invalid('labels', 'it must be an object of texts')
  if (Object.keys(labels).length > labelsMax) throw invalid('labels', `at most ${labelsMax} are kept`)
  if (Object.hasOwn(labels, policyLabel))
    throw invalid('labels', `"${policyLabel}" is set by the policy itself`)
  for (const [key, value] of Object.entries(labels) as [string, unknown][]) {
    if (key === '' || key.length > 255 || typeof value !== 'string' || value.length > 255)
      throw invalid(`labels.${key.slice(0, 80)}`, 'names and values are texts of at most 255 characters')
  }
  return Object.freeze({ ...labels })
}

function invalid(field: string, why: string): DatabaseError {
  return new DatabaseError('request-invalid', `Cannot use policy: ${field}: ${why}`, { field })
}
