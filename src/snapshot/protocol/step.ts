import type { Bug } from './planted.ts'
import { applyRecord, expectedAfter, type Outcome } from './records.ts'
import { pruneDeletions } from './views.ts'
import type { Actor, LogRecord, World } from './world.ts'

/** What happens between two awaits: nobody else acts meanwhile. */
export interface Step {
  /** For traces; the actor is the subject. */
  readonly says: string
  /** The code that it mirrors: `folder/file.ts: function`. */
  readonly mirrors: string
  /** Whether it can happen now; by default always. */
  readonly isReady?: (world: World, me: Actor) => boolean
  /** A step that repeats: until this holds, perhaps not once. */
  readonly isDone?: (world: World, me: Actor) => boolean
  /** A step that is left out in some cases. */
  readonly isSkipped?: (world: World, me: Actor) => boolean
  /** Changes the world, and gives what changes of the actor. @throws Missing */
  readonly run: (world: World, me: Actor) => Partial<Actor> | undefined
}

export type Program = readonly Step[]

/** What somebody must never see. */
export class Broken extends Error {}

export function newActor(name: string): Actor {
  return {
    name,
    at: 0,
    isAtEnd: false,
    outcome: undefined,
    view: undefined,
    capture: undefined,
    merge: undefined,
    keys: undefined,
    roots: undefined,
    pinned: undefined,
  }
}

/** The actor's next step, if it can happen now. */
export function readyStep(world: World, program: Program, me: Actor): Step | undefined {
  const step = program[me.at]
  if (me.isAtEnd || step === undefined) return undefined
  return (step.isReady ?? (() => true))(world, me) ? step : undefined
}

/** Runs a step of an actor in `world`, which is changed. */
export function runStep(world: World, program: Program, me: Actor, step: Step): void {
  let next: Actor = { ...me, ...step.run(world, me) }
  let at = step.isDone === undefined ? me.at + 1 : me.at
  for (let then = program[at]; then !== undefined; then = program[++at])
    if (then.isDone?.(world, next) !== true && then.isSkipped?.(world, next) !== true) break
  const isAtEnd = next.isAtEnd || at >= program.length
  // `Mutex.run` lets go in the same tick.
  if (isAtEnd && world.lockedBy === me.name) world.lockedBy = undefined
  next = {
    ...next,
    at,
    isAtEnd,
    ...(isAtEnd ? { keys: undefined, roots: undefined, outcome: undefined } : {}),
  }
  world.actors.set(me.name, next)
  pruneDeletions(world)
}

/**
 * `Engine.submit`: appended; later durable, then at once applied and acknowledged, in the order of the queue. `finish`
 * is what the caller does in the same tick.
 */
export function submit(
  record: (world: World, me: Actor) => LogRecord,
  bug: Bug | undefined,
  finish: (world: World, me: Actor) => Partial<Actor> = () => ({}),
): Step[] {
  const isEarly = bug === 'a record is acknowledged before it is durable'
  return [
    {
      says: 'appends its record to the log',
      mirrors: 'src/database/engine.ts: submit',
      run: (world, me) => {
        const entry = { by: me.name, record: record(world, me), isApplied: isEarly }
        world.queue = [...world.queue, entry]
        return isEarly ? { outcome: acknowledge(world, me, entry.record, bug) } : {}
      },
    },
    {
      says: 'sees its record durable, applied and acknowledged',
      mirrors: 'src/log/writer.ts: #settle; src/database/engine.ts: #apply',
      isReady: (world, me) => world.queue[0]?.by === me.name,
      run: (world, me) => {
        const { record } = world.queue[0]!
        world.queue = world.queue.slice(1)
        const outcome = isEarly ? me.outcome! : acknowledge(world, me, record, bug)
        world.log = [...world.log, { seq: world.appliedSeq, record }]
        return { outcome, ...finish(world, { ...me, outcome }) }
      },
    },
  ]
}

function acknowledge(world: World, me: Actor, record: LogRecord, bug: Bug | undefined): Outcome {
  world.appliedSeq += 1
  return applyAndCompare(world, record, me.view, bug)
}

/** Applies the record of number `appliedSeq`. @throws Broken if the outcome is not the expected one */
export function applyAndCompare(
  world: World,
  record: LogRecord,
  prepared: Actor['view'],
  bug: Bug | undefined,
): Outcome {
  const outcome = apply(world, record, prepared, bug)
  const after = expectedAfter(world.expected, record, world.appliedSeq)
  world.expected = after.expected
  if (outcome !== after.outcome)
    throw new Broken(`I4: the record (${record.type}) is ${outcome}, it should be ${after.outcome}`)
  return outcome
}

/** `Engine.#apply`. */
export function apply(
  world: World,
  record: LogRecord,
  prepared: Actor['view'],
  bug: Bug | undefined,
): Outcome {
  const outcome = applyRecord(world, record, world.appliedSeq, prepared, bug)
  const isKept = bug !== 'an import lets go of its segments before a checkpoint'
  if (record.type === 'import' && outcome === 'done' && isKept) keepForReplay(world, record, world.appliedSeq)
  return outcome
}

/** `Engine.keepForReplay`. */
function keepForReplay(world: World, record: Extract<LogRecord, { type: 'import' }>, seq: number): void {
  for (const { segment } of record.stored.entries) {
    pin(world, segment)
    world.recentImports = [...world.recentImports, { seq, segment }]
  }
}

// src/snapshot/pins.ts.

export function pin(world: World, segment: string): void {
  world.pins.set(segment, (world.pins.get(segment) ?? 0) + 1)
}

export function unpin(world: World, segment: string): void {
  const count = world.pins.get(segment)! - 1
  if (count === 0) world.pins.delete(segment)
  else world.pins.set(segment, count)
}

/** Folders, ending in `/`. */
export function pinnedPrefixes(world: World): string[] {
  return [...world.pins.keys()].map((segment) => `segments/${segment}/`)
}
