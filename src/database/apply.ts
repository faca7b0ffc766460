import { applyOperation } from '../collection/apply-operation.ts'
import { applyPoints } from '../collection/apply-points.ts'
import { CollectionState, fullConfig, type StateServices } from '../collection/collection-state.ts'
import type { ConfigChange } from '../collection/collection.ts'
import type { FullConfig, View } from '../collection/view.ts'
import type { VectorParams } from '../collection/types.ts'
import { DatabaseError } from '../errors/database-error.ts'
import type { CollectionId, SequenceNumber } from '../ids/brands.ts'
import { collectionIdOf, snapshotIdOf } from '../ids/brands.ts'
import type { SnapshotRecord } from '../manifest/format.ts'
import { assert } from '../runtime/assert.ts'
import type { CatalogState, SnapshotState } from './catalog-state.ts'
import { planAliases } from './aliases.ts'
import { checkCompatible } from './compatible.ts'
import type { DatabaseRecord, RecordOf, StagedCollection, UndoSnapshot } from './records.ts'

/** What a record needs in memory before it can be applied: the views that it restores, by collection id. */
export type Prepared = ReadonlyMap<string, View>

/**
 * Applies one record to the state: synchronously, in sequence order, the same at the first time and on replay.
 * A DatabaseError that it throws is the record's outcome: the state is as before, now and on replay.
 */
export function applyRecord(
  catalog: CatalogState,
  services: StateServices,
  record: DatabaseRecord,
  seq: SequenceNumber,
  prepared: Prepared,
): unknown {
  switch (record.type) {
    case 'points':
      return applyPoints(getState(catalog, record.batch.collection), record.batch, seq)
    case 'operation':
      return applyOperation(getState(catalog, record.operation.collection), record.operation, seq)
    case 'configure':
      return applyConfigure(getState(catalog, record.change.collection), record.change)
    case 'create-collection':
      return createCollection(catalog, services, record)
    case 'drop-collection':
      return dropCollection(catalog, record.name)
    case 'aliases':
      return applyAliases(catalog, record)
    case 'create-snapshot':
      return createSnapshot(catalog, record, seq)
    case 'delete-snapshot':
      return deleteSnapshot(catalog, record.id)
    case 'clone':
      return applyClone(catalog, services, record, prepared)
    case 'rollback':
      return applyRollback(catalog, record, seq, prepared)
    case 'import':
      return applyImport(catalog, services, record, prepared)
  }
}

function getState(catalog: CatalogState, id: string): CollectionState {
  const state = catalog.collections.get(id as CollectionId)
  if (state === undefined)
    throw new DatabaseError('collection-not-found', `Cannot write to collection ${id}: it was dropped`, {
      id,
    })
  return state
}

function checkNameIsFree(catalog: CatalogState, name: string): void {
  if (catalog.collectionNamed(name) !== undefined) {
    throw new DatabaseError('collection-exists', `Cannot create collection "${name}": it exists`, { name })
  }
  if (catalog.aliases.has(name)) {
    throw new DatabaseError('alias-exists', `Cannot create collection "${name}": an alias has this name`, {
      name,
    })
  }
}

function createCollection(
  catalog: CatalogState,
  services: StateServices,
  record: RecordOf<'create-collection'>,
): CollectionState {
  checkNameIsFree(catalog, record.name)
  const state = new CollectionState(
    collectionIdOf(record.id),
    record.name,
    fullConfig(record.config),
    services,
  )
  catalog.addCollection(state)
  return state
}

function dropCollection(catalog: CatalogState, name: string): boolean {
  const state = catalog.collectionNamed(name)
  if (state === undefined) return false
  catalog.removeCollection(state)
  return true
}

function applyAliases(catalog: CatalogState, record: RecordOf<'aliases'>): void {
  // All or nothing: the plan is made on a copy and throws before anything is changed.
  const aliases = planAliases(catalog, record.actions)
  catalog.aliases.clear()
  for (const [alias, collection] of aliases) catalog.aliases.set(alias, collection)
}

function applyConfigure(state: CollectionState, change: ConfigChange): void {
  let config: FullConfig = state.config
  if (change.createIndex !== undefined) {
    const { field, params } = change.createIndex
    config = { ...config, payloadIndexes: { ...config.payloadIndexes, [field]: params } }
  }
  if (change.dropIndex !== undefined) {
    const rest = Object.entries(config.payloadIndexes).filter(([field]) => field !== change.dropIndex)
    config = { ...config, payloadIndexes: Object.fromEntries(rest) }
  }
  if (change.settings !== undefined) config = { ...config, settings: change.settings }
  if (change.vectorSettings !== undefined) {
    const vectors: Record<string, VectorParams> = { ...config.vectors }
    for (const [name, settings] of Object.entries(change.vectorSettings)) {
      if (vectors[name] !== undefined) vectors[name] = { ...vectors[name], settings }
    }
    config = { ...config, vectors }
  }
  state.configure(config)
}

function createSnapshot(
  catalog: CatalogState,
  record: RecordOf<'create-snapshot'>,
  seq: SequenceNumber,
): SnapshotState {
  const { snapshot, collection } = record
  if (catalog.snapshotNamed(collection ?? '', snapshot.name) !== undefined)
    throw snapshotExists(snapshot.name)
  const states = collection === null ? [...catalog.collections.values()] : [getState(catalog, collection)]
  const aliases = [...catalog.aliases].filter(([, name]) => states.some((state) => state.name === name))
  return captureSnapshot(catalog, states, { ...snapshot, seq, aliases: Object.fromEntries(aliases) })
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
  const views = new Map(states.map((state) => [state.id, state.view(record.seq)]))
  const state: SnapshotState = { record, views, sealed: undefined }
  catalog.addSnapshot(state)
  return state
}

function snapshotExists(name: string): DatabaseError {
  return new DatabaseError('snapshot-exists', `Cannot create snapshot "${name}": it exists`, { name })
}

function deleteSnapshot(catalog: CatalogState, id: string): boolean {
  const state = catalog.snapshots.get(snapshotIdOf(id))
  if (state === undefined) return false
  catalog.removeSnapshot(state)
  return true
}

function applyClone(
  catalog: CatalogState,
  services: StateServices,
  record: RecordOf<'clone'>,
  prepared: Prepared,
): CollectionState {
  checkNameIsFree(catalog, record.name)
  catalog.getSnapshot(record.snapshot)
  const view = getPrepared(prepared, record.source)
  const state = new CollectionState(collectionIdOf(record.id), record.name, view.config, services)
  state.become(view, view.config)
  catalog.addCollection(state)
  return state
}

function applyRollback(
  catalog: CatalogState,
  record: RecordOf<'rollback'>,
  seq: SequenceNumber,
  prepared: Prepared,
): void {
  const state = getState(catalog, record.collection)
  catalog.getSnapshot(record.snapshot)
  if (record.undo !== null) keepForUndo(catalog, state, record.undo, seq)
  const view = getPrepared(prepared, record.source)
  state.become(view, view.config)
}

function keepForUndo(
  catalog: CatalogState,
  state: CollectionState,
  undo: UndoSnapshot,
  seq: SequenceNumber,
): void {
  if (catalog.snapshotNamed(state.id, undo.name) !== undefined) throw snapshotExists(undo.name)
  captureSnapshot(catalog, [state], {
    id: snapshotIdOf(undo.id),
    name: undo.name,
    seq,
    createdAt: undo.createdAt,
    scope: 'collection',
    aliases: {},
    labels: {},
    description: '',
  })
}

/** Whether an import may happen now. @throws collection-exists, alias-exists, snapshot-incompatible */
export function checkImport(catalog: CatalogState, record: RecordOf<'import'>): void {
  for (const staged of record.collections) {
    const existing = catalog.collectionNamed(staged.name)
    if (staged.replace && existing !== undefined) checkCompatible(staged.name, existing.config, staged.config)
    else checkNameIsFree(catalog, staged.name)
  }
}

function applyImport(
  catalog: CatalogState,
  services: StateServices,
  record: RecordOf<'import'>,
  prepared: Prepared,
): void {
  checkImport(catalog, record)
  for (const staged of record.collections)
    importCollection(catalog, services, staged, getPrepared(prepared, staged.id))
  for (const [alias, collection] of Object.entries(record.aliases)) catalog.aliases.set(alias, collection)
}

function importCollection(
  catalog: CatalogState,
  services: StateServices,
  staged: StagedCollection,
  view: View,
): void {
  const existing = catalog.collectionNamed(staged.name)
  if (existing !== undefined) {
    const payloadIndexes = { ...view.config.payloadIndexes, ...existing.config.payloadIndexes }
    existing.become(view, { ...existing.config, payloadIndexes })
    return
  }
  const state = new CollectionState(collectionIdOf(staged.id), staged.name, view.config, services)
  state.become(view, view.config)
  catalog.addCollection(state)
}

function getPrepared(prepared: Prepared, id: string): View {
  const view = prepared.get(id)
  assert(view !== undefined, `the view of collection ${id} was opened before its record was applied`)
  return view
}
