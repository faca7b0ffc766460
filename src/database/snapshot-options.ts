import { DatabaseError } from '../errors/database-error.ts'
import { checkMembers, type Members } from '../errors/known-members.ts'
import { snapshotIdOf } from '../ids/brands.ts'
import type { Hold, SnapshotRecord, SnapshotScope } from '../manifest/format.ts'
import type { Engine } from './engine.ts'

const nameCharsMax = 255
const labelsMax = 64
const labelCharsMax = 255
const textCharsMax = 4096

export interface HoldOptions {
  /** Milliseconds since the epoch; left out: until it is released. */
  readonly until?: number
  readonly reason?: string
}

export interface SnapshotOptions {
  /** Unique within its collection, or among those of several collections and of the whole store. Default: `snapshot-<time>-<random>`. */
  readonly name?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly description?: string
  /** Default `manual`. */
  readonly reason?: string
  /** Holds it from its first moment. */
  readonly hold?: HoldOptions
}

const ofHold: Members<HoldOptions> = { until: true, reason: true }
const ofSnapshot: Members<SnapshotOptions> = {
  name: true,
  labels: true,
  description: true,
  reason: true,
  hold: true,
}

/** @throws request-invalid */
export function checkSnapshotName(name: string): void {
  if (name === '' || name.length > nameCharsMax || /[\0-\x1f\x7f]/.test(name)) {
    throw new DatabaseError(
      'request-invalid',
      `Cannot use snapshot name ${JSON.stringify(name.slice(0, 300))}: it must have 1 to ${nameCharsMax} characters, none of them a control character`,
      { name },
    )
  }
}

/** @throws request-invalid naming the label, or what is too long */
export function checkNotes(notes: {
  readonly labels?: Readonly<Record<string, string>>
  readonly description?: string
  readonly reason?: string
}): void {
  const labels = Object.entries(notes.labels ?? {})
  if (labels.length > labelsMax)
    throw invalid('labels', `there are ${labels.length}, at most ${labelsMax} are kept`)
  for (const [key, value] of labels) {
    if (key === '' || key.length > labelCharsMax)
      throw invalid(`label "${key.slice(0, 80)}"`, `its name must have 1 to ${labelCharsMax} characters`)
    if (typeof value !== 'string' || value.length > labelCharsMax)
      throw invalid(`label "${key}"`, `its value must be a text of at most ${labelCharsMax} characters`)
  }
  for (const name of ['description', 'reason'] as const) {
    if ((notes[name]?.length ?? 0) > textCharsMax)
      throw invalid(name, `it has more than ${textCharsMax} characters`)
  }
}

function invalid(what: string, why: string): DatabaseError {
  return new DatabaseError('request-invalid', `Cannot use ${what}: ${why}`, { field: what })
}

/** @throws request-invalid if it has expired already */
export function createHold(engine: Engine, options: HoldOptions): Hold {
  checkMembers(options, ofHold, { cannot: 'Cannot hold the snapshot', of: 'the options' })
  const { clock, random } = engine.parts
  const until = options.until ?? null
  if (until !== null && !(Number.isFinite(until) && until > clock.now()))
    throw new DatabaseError('request-invalid', `Cannot hold the snapshot until ${until}: that has passed`, {
      until,
    })
  checkNotes({ reason: options.reason ?? '' })
  return { id: random.uuid(), until, reason: options.reason ?? '' }
}

/** The part of a snapshot's record that is known before it has a number. @throws request-invalid */
export function draftSnapshot(
  engine: Engine,
  scope: SnapshotScope,
  options: SnapshotOptions,
  shard?: number,
): Omit<SnapshotRecord, 'seq' | 'collections' | 'aliases'> {
  checkMembers(options, ofSnapshot, { cannot: 'Cannot create the snapshot', of: 'the options' })
  const createdAt = engine.parts.clock.now()
  const id = snapshotIdOf(engine.parts.random.uuid())
  const name = options.name ?? `snapshot-${new Date(createdAt).toISOString()}-${id.slice(0, 8)}`
  checkSnapshotName(name)
  checkNotes(options)
  return {
    id,
    name,
    createdAt,
    scope,
    ...(shard === undefined ? {} : { shard }),
    labels: { ...options.labels },
    description: options.description ?? '',
    reason: options.reason ?? 'manual',
  }
}
