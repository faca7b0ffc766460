import type { Database } from '../../src/index.ts'
import type { ModelCollection } from '../support/model.ts'

/** What an operation answered, as text that the model can give too; what only the engine knows beside it. */
export interface Answer {
  readonly text: string
  /** The log record's number, where the API tells it. */
  readonly seq?: number
  /** Of the collection that was made. */
  readonly collectionId?: string
}

/** One way in which an operation may go, from one state. */
export interface Possibility {
  readonly answer: string
  readonly next: ExpectedState
}

/** A collection as a caller holds it: by id, so that another one of the same name is another one. */
export interface Target {
  readonly name: string
  readonly id: string
}

export interface ExpectedSnapshot {
  readonly collections: ReadonlyMap<string, ModelCollection>
  readonly aliases: ReadonlyMap<string, string>
  readonly label: string
  readonly holds: number
}

/** What there was at the end of a round, by the number of the last record. */
export interface ExpectedMoment {
  readonly collections: ReadonlyMap<string, ModelCollection>
  readonly ids: ReadonlyMap<string, string | undefined>
}

const momentsMax = 12

/**
 * Everything that a user could ask of the database, as plain maps; with what operations that overlap need beside it:
 * which collection a handle means, and what snapshots held that are deleted by now. A state and its collections are
 * never changed once others may hold them: `with` gives another state.
 */
export class ExpectedState {
  readonly collections: Map<string, ModelCollection>
  readonly aliases: Map<string, string>
  /** By name: no name comes twice. */
  readonly snapshots: Map<string, ExpectedSnapshot>
  /** The engine's ids of collections, by name; undefined where nobody has been told. */
  readonly ids: Map<string, string | undefined>
  /** Every snapshot there ever was, by name. */
  readonly everHeld: Map<string, ExpectedSnapshot>
  /** Whether a retention window is set. */
  keepsMoments: boolean
  readonly moments: Map<number, ExpectedMoment>
  /** Two states may be equal now and have another past. */
  #past: string
  #fingerprint: string | undefined

  constructor(before?: ExpectedState) {
    this.collections = new Map(before?.collections)
    this.aliases = new Map(before?.aliases)
    this.snapshots = new Map(before?.snapshots)
    this.ids = new Map(before?.ids)
    this.everHeld = new Map(before?.everHeld)
    this.keepsMoments = before?.keepsMoments ?? false
    this.moments = new Map(before?.moments)
    this.#past = before === undefined ? '' : before.#past
  }

  /** One text that two states share which no user could tell apart; `observe` reads it from the engine. */
  fingerprint(): string {
    return (this.#fingerprint ??= textOf(
      [...this.collections].map(([name, collection]) => `${name}=${collection.hash()}`),
      [...this.aliases],
      [...this.snapshots].map(([name, { collections, aliases, label, holds }]) => {
        const held = [...collections].map(([one, collection]) => `${one}=${collection.hash()}`)
        return snapshotText(name, held, [...aliases], label, holds)
      }),
      this.keepsMoments,
    ))
  }

  get key(): string {
    return `${this.fingerprint()}\n${[...this.ids].sort().join(' ')}\n${this.#past}`
  }

  with(change: (next: ExpectedState) => void): ExpectedState {
    const next = new ExpectedState(this)
    change(next)
    return next
  }

  /** The collection that a handle means, if it is still there. */
  find({ name, id }: Target): ModelCollection | undefined {
    const known = this.ids.get(name)
    return known === undefined || known === id ? this.collections.get(name) : undefined
  }

  edit(name: string, points: (collection: ModelCollection) => void): void {
    const collection = this.collections.get(name)!.copy()
    points(collection)
    this.collections.set(name, collection)
  }

  put(name: string, collection: ModelCollection, id: string | undefined): void {
    this.collections.set(name, collection)
    this.ids.set(name, id)
  }

  drop(name: string): void {
    this.collections.delete(name)
    this.ids.delete(name)
    for (const [alias, target] of this.aliases) if (target === name) this.aliases.delete(alias)
  }

  takeSnapshot(name: string, collections: readonly string[], withAliases: boolean): void {
    const held = new Map(collections.map((one) => [one, this.collections.get(one)!]))
    const aliases = withAliases ? [...this.aliases].filter(([, target]) => held.has(target)) : []
    const snapshot = { collections: held, aliases: new Map(aliases), label: '', holds: 0 }
    this.snapshots.set(name, snapshot)
    this.everHeld.set(name, snapshot)
  }

  note(name: string, change: Partial<Pick<ExpectedSnapshot, 'label' | 'holds'>>): void {
    this.snapshots.set(name, { ...this.snapshots.get(name)!, ...change })
  }

  keepMoments(keeps: boolean): void {
    if (this.keepsMoments === keeps) return
    this.keepsMoments = keeps
    this.moments.clear()
    this.#past = ''
  }

  /** What there is now can be asked for later. */
  rememberMoment(seq: number): void {
    if (!this.keepsMoments || this.moments.has(seq)) return
    this.moments.set(seq, { collections: new Map(this.collections), ids: new Map(this.ids) })
    const held = [...this.collections].map(
      ([name, collection]) => `${name}=${collection.hash().slice(0, 12)}`,
    )
    this.#past = `${this.#past} ${seq}:${held.sort().join(',')}`
    const oldest = this.moments.keys().next().value!
    if (this.moments.size > momentsMax) this.moments.delete(oldest)
  }
}

/** Without repetitions. */
export function distinct(states: readonly ExpectedState[]): ExpectedState[] {
  return [...new Map(states.map((state) => [state.key, state])).values()]
}

/** All that can be seen of a database at rest: the same text as the fingerprint of the state that it is in. */
export async function observe(db: Database): Promise<string> {
  const collections = []
  for (const collection of db.listCollections())
    collections.push(`${collection.name}=${await collection.contentHash()}`)
  const aliases = db.listAliases().map(({ alias, collection }) => [alias, collection] as const)
  const snapshots = []
  for (const snapshot of db.listAllSnapshots()) {
    const info = snapshot.info()
    const held = []
    for (const { name } of info.collections) {
      await using reader = await snapshot.collection(name)
      held.push(`${name}=${await reader.contentHash()}`)
    }
    const label = info.labels['tag'] ?? ''
    snapshots.push(snapshotText(snapshot.name, held, Object.entries(info.aliases), label, info.holds.length))
  }
  return textOf(collections, aliases, snapshots, db.retention().windowMs > 0)
}

type Alias = readonly [string, string]

function textOf(
  collections: readonly string[],
  aliases: readonly Alias[],
  snapshots: readonly string[],
  keepsMoments: boolean,
): string {
  const moments = keepsMoments ? ['every moment'] : []
  return [...[...collections].sort(), ...aliasTexts(aliases), ...[...snapshots].sort(), ...moments].join('\n')
}

function snapshotText(
  name: string,
  held: readonly string[],
  aliases: readonly Alias[],
  label: string,
  holds: number,
): string {
  return [`@${name}`, label, holds, ...[...held].sort(), ...aliasTexts(aliases)].join(' ')
}

function aliasTexts(aliases: readonly Alias[]): string[] {
  return aliases.map(([alias, name]) => `${alias}->${name}`).sort()
}
