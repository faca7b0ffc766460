import { DatabaseError } from '../errors/database-error.ts'
import { seqOf, type CollectionId, type SequenceNumber, type SnapshotId } from '../ids/brands.ts'
import type { CatalogState, SnapshotState } from './catalog-state.ts'
import { collectionsNamed } from './history.ts'

/** What a name with or without `@…` stands for. */
export type Reference =
  | { readonly kind: 'live'; readonly name: string; readonly collection: CollectionId }
  | {
      readonly kind: 'snapshot'
      readonly name: string
      readonly collection: CollectionId
      readonly snapshot: SnapshotState
    }
  | {
      readonly kind: 'moment'
      readonly name: string
      readonly collection: CollectionId
      readonly seq: SequenceNumber
    }

/** What stands behind the `@`, before it is looked up. */
export type At =
  | { readonly seq: number }
  /** Milliseconds since the epoch. */
  | { readonly time: number }
  | { readonly snapshot: string }

/** RFC 3339 with a time and an offset; nothing else is taken for a time. */
const timeText = /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/
const seqText = /^seq:(\d{1,16})$/

/** `seq:<n>`, an RFC 3339 time, or a snapshot's name (or id). */
export function parseAt(text: string): At {
  const seq = seqText.exec(text)
  if (seq !== null) return { seq: Number(seq[1]) }
  if (timeText.test(text)) {
    const time = Date.parse(text.replace(' ', 'T'))
    if (!Number.isNaN(time)) return { time }
  }
  return { snapshot: text }
}

/**
 * `<collection>`, `<collection>@<snapshot>`, `<collection>@<RFC 3339 time>` or `<collection>@seq:<n>`. A collection whose
 * own name has an `@` comes first. @throws collection-not-found, snapshot-not-found, moment-not-kept
 */
export function resolveReference(catalog: CatalogState, text: string, lastSeq: SequenceNumber): Reference {
  const live = catalog.findCollection(text)
  if (live !== undefined) return { kind: 'live', name: live.name, collection: live.id }
  let unknown: DatabaseError | undefined
  for (let at = text.indexOf('@'); at > 0; at = text.indexOf('@', at + 1)) {
    const name = text.slice(0, at)
    const rest = text.slice(at + 1)
    if (!isKnown(catalog, name) && !holdsById(catalog, rest, name)) continue
    try {
      return resolveAt(catalog, name, parseAt(rest), lastSeq)
    } catch (error) {
      if (!(error instanceof DatabaseError) || error.kind !== 'not-found') throw error
      unknown ??= error
    }
  }
  throw (
    unknown ??
    new DatabaseError('collection-not-found', `Cannot find collection "${text}": it does not exist`, {
      name: text,
    })
  )
}

function isKnown(catalog: CatalogState, name: string): boolean {
  return catalog.findCollection(name) !== undefined || wasKnown(catalog, name)
}

/** True for a name that snapshots or the history hold, though no collection has it now. */
function wasKnown(catalog: CatalogState, name: string): boolean {
  if (catalog.snapshotsFrom(name).size > 0 || collectionsNamed(catalog, name).length > 0) return true
  return [...catalog.snapshotsFrom('').values()].some(({ record }) =>
    record.collections.some((one) => one.name === name),
  )
}

/** True for the id of a snapshot that holds the collection: one of a shard outlives its collection, known by its id alone. */
function holdsById(catalog: CatalogState, id: string, name: string): boolean {
  const snapshot = catalog.snapshots.get(id as SnapshotId)
  return snapshot?.record.collections.some((one) => one.name === name) ?? false
}

export function resolveAt(
  catalog: CatalogState,
  name: string,
  at: At,
  lastSeq: SequenceNumber,
): Exclude<Reference, { readonly kind: 'live' }> {
  if ('snapshot' in at) return resolveSnapshot(catalog, name, at.snapshot)
  const seq = 'seq' in at ? seqOf(at.seq) : seqAtTime(catalog, at.time, lastSeq)
  const ids = collectionsNamed(catalog, name)
  const live = catalog.findCollection(name)
  // The one that had the name then: a living collection may have taken the name of one that was dropped or renamed.
  const then =
    ids.find((id) => hadName(catalog, id, name, seq)) ??
    live?.id ??
    ids.find((id) => !catalog.collections.has(id))
  if (then === undefined)
    throw new DatabaseError('collection-not-found', `Cannot find collection "${name}": it does not exist`, {
      name,
    })
  return { kind: 'moment', name, collection: then, seq }
}

function hadName(catalog: CatalogState, id: CollectionId, name: string, seq: SequenceNumber): boolean {
  const living = catalog.collections.get(id)
  if (living !== undefined && seq >= living.validFrom) return catalog.findCollection(name) === living
  const stretch = catalog.history.get(id)?.find((one) => one.from <= seq && seq <= one.record.seq)
  return stretch?.record.collections[0]!.name === name
}

/** The last record written by a time (milliseconds since the epoch). @throws moment-not-kept */
export function seqAtTime(catalog: CatalogState, time: number, lastSeq: SequenceNumber): SequenceNumber {
  const seq = catalog.timeline.seqAt(time, lastSeq)
  if (seq !== undefined) return seq
  const text = `Cannot read ${new Date(time).toISOString()}: the history does not reach so far back`
  throw new DatabaseError('moment-not-kept', text, { time })
}

function resolveSnapshot(
  catalog: CatalogState,
  name: string,
  snapshotName: string,
): Exclude<Reference, { readonly kind: 'live' }> {
  const live = catalog.findCollection(name)
  const origin = live?.name ?? name
  const candidates = [
    live === undefined ? undefined : catalog.snapshotNamed(live.id, snapshotName),
    catalog.snapshotsFrom(origin).get(snapshotName),
    catalog.snapshotsFrom('').get(snapshotName),
    catalog.snapshots.get(snapshotName as SnapshotId),
  ]
  for (const snapshot of candidates) {
    const held = snapshot?.record.collections
    // A snapshot knows the names of then; the name of now stands for the same collection if it was another one then.
    const found =
      held?.find((one) => one.name === origin) ?? held?.find(({ collection }) => collection === live?.id)
    if (snapshot !== undefined && found !== undefined)
      return { kind: 'snapshot', name: origin, collection: found.collection, snapshot }
  }
  throw new DatabaseError(
    'snapshot-not-found',
    `Cannot find snapshot "${snapshotName}" of collection "${name}": it does not exist`,
    { name: snapshotName, collection: name },
  )
}
