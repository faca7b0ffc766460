import type { CollectionState } from '../../collection/collection-state.ts'
import { viewOfShard } from '../../collection/shard-view.ts'
import type { View } from '../../collection/view.ts'
import { DatabaseError } from '../../errors/database-error.ts'
import { snapshotIdOf, type SequenceNumber } from '../../ids/brands.ts'
import type { SnapshotRecord } from '../../manifest/format.ts'
import { keptViews, nameScopeOf, type CatalogState, type SnapshotState } from '../catalog-state.ts'
import { ownCollections } from '../checks/drill-clone.ts'
import type { RecordOf, UndoSnapshot } from '../records.ts'
import { checkShard } from '../shards/check-shard.ts'
import { getState } from './collections.ts'

export function createSnapshot(
  catalog: CatalogState,
  record: RecordOf<'create-snapshot'>,
  seq: SequenceNumber,
): SnapshotState {
  const { snapshot, collections } = record
  const scope = nameScopeOf(snapshot, collections?.[0])
  if (catalog.snapshotNamed(scope, snapshot.name) !== undefined) throw snapshotExists(snapshot.name)
  const states =
    collections === null ? ownCollections(catalog) : collections.map((id) => getState(catalog, id))
  if (snapshot.shard !== undefined) checkShard(states[0]!, snapshot.shard)
  const aliases = [...catalog.aliases].filter(([, name]) => states.some((state) => state.name === name))
  const state = captureSnapshot(catalog, states, { ...snapshot, seq, aliases: Object.fromEntries(aliases) })
  if (record.holds.length > 0) state.marks = { ...state.marks, holds: record.holds }
  return state
}

/** What the collections are before the record at `seq` replaces them. @throws snapshot-exists */
export function keepForUndo(
  catalog: CatalogState,
  states: readonly CollectionState[],
  undo: UndoSnapshot,
  seq: SequenceNumber,
): void {
  if (states.length === 0) return
  const scope = nameScopeOf(undo, states[0]!.id)
  if (catalog.snapshotNamed(scope, undo.name) !== undefined) throw snapshotExists(undo.name)
  captureSnapshot(catalog, states, {
    ...undo,
    id: snapshotIdOf(undo.id),
    seq,
    aliases: {},
    labels: {},
    description: '',
  })
}

/** The snapshot's moment: from here its views hold what was acknowledged, at the cost of a few references. */
function captureSnapshot(
  catalog: CatalogState,
  states: readonly CollectionState[],
  snapshot: Omit<SnapshotRecord, 'collections'>,
): SnapshotState {
  const record = {
    ...snapshot,
    collections: states.map((state) => ({ collection: state.id, name: state.name })),
  }
  const state = keptViews(record, new Map(states.map((one) => [one.id, viewFor(record, one)])))
  catalog.addSnapshot(state)
  return state
}

function viewFor({ seq, shard }: Pick<SnapshotRecord, 'seq' | 'shard'>, state: CollectionState): View {
  const whole = state.view(seq)
  if (shard === undefined) return whole
  const part = viewOfShard(whole, shard)
  whole.release()
  return part
}

function snapshotExists(name: string): DatabaseError {
  return new DatabaseError('snapshot-exists', `Cannot create snapshot "${name}": it exists`, { name })
}

export function deleteSnapshot(catalog: CatalogState, record: RecordOf<'delete-snapshot'>): boolean {
  const state = catalog.snapshots.get(snapshotIdOf(record.id))
  if (state === undefined) return false
  const hold = state.marks.holds.find(({ until }) => until === null || until > record.at)
  if (hold !== undefined) {
    const until = hold.until === null ? '' : ` until ${new Date(hold.until).toISOString()}`
    const why = hold.reason === '' ? '' : ` (${hold.reason})`
    throw new DatabaseError(
      'snapshot-held',
      `Cannot delete snapshot "${state.record.name}": it is held${until}${why}`,
      { name: state.record.name, hold: hold.id, until: hold.until },
    )
  }
  catalog.removeSnapshot(state)
  return true
}

export function updateSnapshot(catalog: CatalogState, record: RecordOf<'update-snapshot'>): SnapshotState {
  const state = catalog.getSnapshot(record.id)
  const { change } = record
  const { name, labels, description, reason } = change
  if (name !== undefined && name !== state.record.name) {
    const scope = nameScopeOf(state.record, state.record.collections[0]?.collection)
    if (catalog.snapshotNamed(scope, name) !== undefined) throw snapshotExists(name)
  }
  if (change.removeHold !== undefined && !state.marks.holds.some(({ id }) => id === change.removeHold)) {
    throw new DatabaseError('hold-not-found', `Cannot release hold ${change.removeHold}: it does not exist`, {
      hold: change.removeHold,
    })
  }
  catalog.replaceRecord(state, {
    ...state.record,
    ...(name === undefined ? {} : { name }),
    ...(labels === undefined ? {} : { labels }),
    ...(description === undefined ? {} : { description }),
    ...(reason === undefined ? {} : { reason }),
  })
  const holds = state.marks.holds.filter(({ id }) => id !== change.removeHold && id !== change.addHold?.id)
  state.marks = {
    holds: change.addHold === undefined ? holds : [...holds, change.addHold],
    verified: change.verified ?? state.marks.verified,
    drilled: change.drilled ?? state.marks.drilled,
    contentHashes: { ...state.marks.contentHashes, ...change.contentHashes },
  }
  return state
}
