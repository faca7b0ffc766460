import type { CollectionState } from '../collection/collection-state.ts'
import type { View } from '../collection/view.ts'
import { DatabaseError } from '../errors/database-error.ts'
import { seqOf, snapshotIdOf, type CollectionId, type SequenceNumber } from '../ids/brands.ts'
import type { CatalogState, HistoryState } from './catalog-state.ts'
import { isContent } from './checks/drill-clone.ts'
import type { RecordOf } from './records.ts'

// The past of a collection is a chain of stretches, the living entries being the last. Within a stretch rows and
// deletions only grow at their ends, so that any of its moments is a prefix of its last one. A stretch ends where
// something else happens: a merge, a rollback or restore in place, another configuration, a drop.

export interface Retention {
  /** How far back any moment can be read, in milliseconds; 0: only the present. */
  readonly windowMs: number
}

export function retentionOf(catalog: CatalogState): Retention {
  const document = catalog.document('retention', 'window') as { readonly windowMs: number } | undefined
  return { windowMs: document?.windowMs ?? 0 }
}

/** A retention window begins with the record that sets it: older moments were not kept. */
export function applyDocument(
  catalog: CatalogState,
  record: RecordOf<'document'>,
  seq: SequenceNumber,
): void {
  const before = retentionOf(catalog).windowMs
  catalog.setDocument(record.kind, record.name, record.value)
  if (record.kind !== 'retention') return
  const after = retentionOf(catalog).windowMs
  if (before === 0 && after > 0) catalog.horizon = seq
  if (before > 0 && after === 0) catalog.forget(seq)
}

/**
 * Keeps what the collection has been up to `seq`, if a retention window is set. To be called before its entries or its
 * configuration change as a whole, in the same tick.
 */
export function keepHistory(catalog: CatalogState, state: CollectionState, seq: SequenceNumber): void {
  if (!isContent(state)) return
  if (retentionOf(catalog).windowMs === 0 || seq < catalog.horizon || seq < state.validFrom) return
  // Another merge at the same number: the stretch before it holds that moment already.
  const last = catalog.history.get(state.id)?.at(-1)
  if (last !== undefined && last.record.seq >= seq) return
  const view = state.view(seq)
  catalog.addHistory({
    from: state.validFrom,
    record: {
      id: snapshotIdOf(historyId(state, seq)),
      name: `${state.name}@seq:${seq}`,
      seq,
      createdAt: catalog.timeline.lastTime,
      scope: 'collection',
      collections: [{ collection: state.id, name: state.name }],
      aliases: {},
      labels: {},
      description: '',
      reason: 'history',
    },
    views: new Map([[state.id, view]]),
    sealed: undefined,
  })
}

/** The collection's id with the number in its last group: the same at every replay, and a UUID in form. */
function historyId(state: CollectionState, seq: SequenceNumber): string {
  return `${state.id.slice(0, 24)}${seq.toString(16).padStart(12, '0').slice(-12)}`
}

/** Where a moment of a collection is kept. */
export type Moment = { readonly live: CollectionState } | { readonly kept: HistoryState }

/** @throws moment-not-kept, collection-not-found if it did not exist then */
export function findMoment(
  catalog: CatalogState,
  collection: CollectionId,
  name: string,
  seq: SequenceNumber,
  lastSeq: SequenceNumber,
): Moment {
  checkKept(catalog, seq, lastSeq)
  const live = catalog.collections.get(collection)
  if (live !== undefined && seq >= live.validFrom) return { live }
  const kept = catalog.history.get(collection)?.find((one) => one.from <= seq && seq <= one.record.seq)
  if (kept !== undefined) return { kept }
  throw new DatabaseError(
    'collection-not-found',
    `Cannot read collection "${name}" as of ${seq}: it did not exist then`,
    { name, seq },
  )
}

/** True if a moment can be read or restored when `lastSeq` is the last record applied; the same on replay. */
export function isKept(catalog: CatalogState, seq: SequenceNumber, lastSeq: SequenceNumber): boolean {
  return seq === lastSeq || (seq < lastSeq && retentionOf(catalog).windowMs > 0 && seq >= catalog.horizon)
}

/** @throws moment-not-kept */
export function checkKept(catalog: CatalogState, seq: SequenceNumber, lastSeq: SequenceNumber): void {
  if (seq > lastSeq)
    throw new DatabaseError('moment-not-kept', `Cannot read moment ${seq}: the last record is ${lastSeq}`, {
      seq,
      last: lastSeq,
    })
  if (isKept(catalog, seq, lastSeq)) return
  const text =
    retentionOf(catalog).windowMs === 0
      ? 'no retention window is set'
      : `the history begins at ${catalog.horizon}`
  throw new DatabaseError('moment-not-kept', `Cannot read moment ${seq}: ${text}`, {
    seq,
    horizon: catalog.horizon,
  })
}

/** Every collection that had the name at a moment, or has it: the living one first. */
export function collectionsNamed(catalog: CatalogState, name: string): CollectionId[] {
  const ids: CollectionId[] = []
  const live = catalog.findCollection(name)
  if (live !== undefined) ids.push(live.id)
  for (const [id, list] of catalog.history)
    if (!ids.includes(id) && list.some(({ record }) => record.collections[0]!.name === name)) ids.push(id)
  return ids
}

/** The newest number to let go of at `now`, if there is any. */
export function horizonAt(
  catalog: CatalogState,
  now: number,
  lastSeq: SequenceNumber,
): SequenceNumber | undefined {
  const { windowMs } = retentionOf(catalog)
  if (windowMs === 0) return undefined
  const seq = catalog.timeline.seqAt(now - windowMs, lastSeq)
  return seq !== undefined && seq > catalog.horizon ? seq : undefined
}

/** A view of the moment out of the view of its stretch, which stays with the caller. */
export function viewOfMoment(stretch: View, seq: SequenceNumber): View {
  return stretch.at(seqOf(Math.min(seq, stretch.seq)))
}
