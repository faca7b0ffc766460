import type { ArchiveFolder, Collection, Database, Snapshot } from '../../../src/index.ts'
import type { Random } from '../../../src/runtime/random.ts'
import type { Answer, ExpectedState, Possibility } from '../expected-state.ts'

/** One thing that a user does. */
export interface Operation {
  readonly text: string
  /** @throws what the engine throws; what the answer means is told by `possibilities` */
  send(): Promise<Answer>
  possibilities(state: ExpectedState, answer: Answer | undefined): readonly Possibility[]
}

/** What the operations of a simulation need beside the database. */
export interface Surroundings {
  readonly db: Database
  readonly random: Random
  /** Never the same twice. */
  newName(prefix: string): string
  sleep(ms: number): Promise<void>
  jumpClock(ms: number): void
  /** Whether the clock ever did: then a retention window may have passed. */
  hasJumped(): boolean
  /** Numbers of moments that may be asked for. */
  moments(): readonly number[]
  readonly archives: ArchiveShelf
  readonly folder: ArchiveFolder
}

/** Archive files that were published, and the snapshots that they are of. */
export interface ArchiveShelf {
  /** File names by what is known of them: which snapshot they hold, and whether publishing was acknowledged. */
  readonly files: Map<
    string,
    { readonly snapshot: string; readonly collection: string; isPublished: boolean }
  >
}

export const archiveDirectory = '/data/archives'

export const collectionNames = ['alpha', 'beta', 'gamma', 'clone-1', 'clone-2']
export const aliasNames = ['now', 'then', 'gamma']
export const tags = ['red', 'green', 'blue']

/** The answer of what went well and tells nothing else. */
export const ok = 'ok'

/** Chance, and what there is to do something with. */
export class Draw {
  readonly around: Surroundings
  readonly db: Database

  constructor(around: Surroundings) {
    this.around = around
    this.db = around.db
  }

  int(below: number): number {
    return Math.floor(this.around.random.next() * below)
  }

  pick<T>(values: readonly T[]): T | undefined {
    return values.length === 0 ? undefined : values[this.int(values.length)]
  }

  collection(): Collection | undefined {
    return this.pick(this.db.listCollections())
  }

  snapshot(): Snapshot | undefined {
    return this.pick(this.db.listAllSnapshots())
  }

  /** A snapshot, and one of the collections that it holds. */
  source(): { readonly snapshot: Snapshot; readonly collection: string } | undefined {
    const snapshot = this.snapshot()
    const collection = this.pick(snapshot?.info().collections ?? [])
    return snapshot === undefined || collection === undefined
      ? undefined
      : { snapshot, collection: collection.name }
  }
}

/** Nothing changes. */
export function same(state: ExpectedState, answer: string): Possibility {
  return { answer, next: state }
}

export function done(state: ExpectedState, change: (next: ExpectedState) => void, answer = ok): Possibility {
  return { answer, next: state.with(change) }
}

/** Why no collection can have this name; undefined if one can. */
export function taken(state: ExpectedState, name: string): Possibility[] | undefined {
  if (state.collections.has(name)) return [same(state, 'collection-exists')]
  return state.aliases.has(name) ? [same(state, 'alias-exists')] : undefined
}
