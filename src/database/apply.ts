import { applyOperation } from '../collection/apply-operation.ts'
import { applyPoints } from '../collection/apply-points.ts'
import { CollectionState, fullConfig, type StateServices } from '../collection/collection-state.ts'
import { checkVectorParams } from '../collection/check-config.ts'
import type { ConfigChange } from '../collection/collection.ts'
import {
  addPartition,
  defaultPartition,
  partitionOfShard,
  removePartition,
} from '../collection/partitions.ts'
import { isStoredAsGiven } from '../collection/vector-input.ts'
import { viewOfShard } from '../collection/shard-view.ts'
import type { FullConfig, View } from '../collection/view.ts'
import type { CollectionConfig, VectorParams } from '../collection/types.ts'
import { withDistance } from '../collection/set-distance.ts'
import { laterColumn, unknownVector, type VectorSchema } from '../collection/vector-columns.ts'
import { DatabaseError } from '../errors/database-error.ts'
import type { CollectionId, SequenceNumber } from '../ids/brands.ts'
import { collectionIdOf, seqOf, snapshotIdOf } from '../ids/brands.ts'
import type { SnapshotRecord } from '../manifest/format.ts'
import { assert } from '../runtime/assert.ts'
import { keptViews, nameScopeOf, type CatalogState, type SnapshotState } from './catalog-state.ts'
import { ownCollections } from './checks/drill-clone.ts'
import { applyDocument, checkKept, keepHistory } from './history.ts'
import { planAliases } from './aliases.ts'
import { renameCollection } from './rename-collection.ts'
import { checkCompatible, checkSamePartition, checkShardCompatible } from './compatible.ts'
import type {
  DatabaseRecord,
  RecordOf,
  RestoreSource,
  ShardTarget,
  StagedCollection,
  UndoSnapshot,
} from './records.ts'

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
      return applyConfigure(catalog, getState(catalog, record.change.collection), record.change, seq)
    case 'create-collection':
      return createCollection(catalog, services, record, seq)
    case 'drop-collection':
      return dropCollection(catalog, record.name, seq)
    case 'rename-collection':
      return renameCollection(catalog, record, seq)
    case 'aliases':
      return applyAliases(catalog, record)
    case 'create-snapshot':
      return createSnapshot(catalog, record, seq)
    case 'delete-snapshot':
      return deleteSnapshot(catalog, record)
    case 'update-snapshot':
      return updateSnapshot(catalog, record)
    case 'restore':
      return applyRestore(catalog, services, record, seq, prepared)
    case 'import':
      return applyImport(catalog, services, record, seq, prepared)
    case 'forget':
      return catalog.forget(seqOf(record.horizon))
    case 'time':
      return catalog.timeline.add(record.at, seq)
    case 'document':
      return applyDocument(catalog, record, seq)
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

/** @throws collection-exists, alias-exists */
export function checkNameIsFree(catalog: CatalogState, name: string): void {
  if (catalog.collectionNamed(name) !== undefined) {
    throw collectionExists(name)
  }
  if (catalog.aliases.has(name)) {
    throw new DatabaseError('alias-exists', `Cannot create collection "${name}": an alias has this name`, {
      name,
    })
  }
}

function collectionExists(name: string): DatabaseError {
  return new DatabaseError('collection-exists', `Cannot create collection "${name}": it exists`, { name })
}

function createCollection(
  catalog: CatalogState,
  services: StateServices,
  record: RecordOf<'create-collection'>,
  seq: SequenceNumber,
): CollectionState {
  checkNameIsFree(catalog, record.name)
  const state = new CollectionState(
    collectionIdOf(record.id),
    record.name,
    fullConfig(record.config),
    services,
    seq,
  )
  catalog.addCollection(state)
  return state
}

function dropCollection(catalog: CatalogState, name: string, seq: SequenceNumber): boolean {
  const state = catalog.collectionNamed(name)
  if (state === undefined) return false
  keepHistory(catalog, state, seqOf(seq - 1))
  catalog.removeCollection(state)
  return true
}

function applyAliases(catalog: CatalogState, record: RecordOf<'aliases'>): void {
  // All or nothing: the plan is made on a copy and throws before anything is changed.
  const aliases = planAliases(catalog, record.actions)
  catalog.aliases.clear()
  for (const [alias, collection] of aliases) catalog.aliases.set(alias, collection)
}

function applyConfigure(
  catalog: CatalogState,
  state: CollectionState,
  change: ConfigChange,
  seq: SequenceNumber,
): void {
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
  config = { ...config, vectors: changedVectors(config.vectors, change) }
  if (change.addPartition !== undefined) config = addPartition(config, change.addPartition)
  if (change.dropPartition !== undefined) config = removePartition(config, change.dropPartition)
  keepHistory(catalog, state, seqOf(seq - 1))
  state.configure(config, seq)
}

/** @throws vector-exists, vector-unknown, request-invalid; then nothing has changed */
function changedVectors(vectors: VectorSchema, change: ConfigChange): VectorSchema {
  const { addVectors = {}, dropVector, modifiers = {}, distances = {} } = change
  const changed: Record<string, VectorParams> = { ...vectors }
  if (dropVector === undefined && Object.keys({ ...addVectors, ...modifiers, ...distances }).length === 0)
    return vectors
  for (const name of Object.keys(addVectors)) {
    if (!Object.hasOwn(vectors, name)) continue
    const text = `Cannot add vector "${name}": the collection has a vector of this name`
    throw new DatabaseError('vector-exists', text, { name })
  }
  Object.assign(changed, addVectors)
  if (dropVector !== undefined) {
    if (!Object.hasOwn(changed, dropVector)) throw unknownVector(dropVector)
    delete changed[dropVector]
  }
  for (const [name, modifier] of Object.entries(modifiers)) {
    const params = Object.hasOwn(changed, name) ? changed[name]! : undefined
    if (params === undefined) throw unknownVector(name)
    const { modifier: _, ...rest } = params
    changed[name] = modifier === null ? rest : { ...rest, modifier }
    checkVectorParams(name, changed[name])
  }
  for (const [name, distance] of Object.entries(distances))
    changed[name] = withDistance(changed, name, distance)
  return changed
}

function createSnapshot(
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

/** @throws shard-not-found */
export function checkShard(
  state: { readonly name: string; readonly shards: readonly unknown[] },
  shard: number,
): void {
  if (Number.isSafeInteger(shard) && shard >= 0 && shard < state.shards.length) return
  const text = `Cannot use shard ${shard} of collection "${state.name}": it has ${state.shards.length}`
  throw new DatabaseError('shard-not-found', text, { collection: state.name, shard })
}

function snapshotExists(name: string): DatabaseError {
  return new DatabaseError('snapshot-exists', `Cannot create snapshot "${name}": it exists`, { name })
}

function deleteSnapshot(catalog: CatalogState, record: RecordOf<'delete-snapshot'>): boolean {
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

function updateSnapshot(catalog: CatalogState, record: RecordOf<'update-snapshot'>): SnapshotState {
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

/** All of the targets, or none: everything that can refuse the record is looked at before anything is changed. */
function applyRestore(
  catalog: CatalogState,
  services: StateServices,
  record: RecordOf<'restore'>,
  seq: SequenceNumber,
  prepared: Prepared,
): readonly CollectionState[] {
  checkSource(catalog, record.source, seq)
  const names = new Set<string>()
  for (const target of record.collections) {
    if (names.has(target.name)) throw collectionExists(target.name)
    names.add(target.name)
    if (target.inPlace) getState(catalog, target.id)
    else checkNameIsFree(catalog, target.name)
  }
  for (const alias of Object.keys(record.aliases)) {
    if (catalog.collectionNamed(alias) !== undefined || names.has(alias)) throw collectionExists(alias)
  }
  const views = sourceViews(catalog, record, seq, prepared)
  for (const { shard, id, source } of record.collections)
    if (shard !== undefined) checkShardTarget(getState(catalog, id), shard, views.get(source)!)
  const replaced = record.collections.flatMap(({ inPlace, id }) => (inPlace ? getState(catalog, id) : []))
  if (record.undo !== null) keepForUndo(catalog, replaced, record.undo, seq)
  for (const state of replaced) keepHistory(catalog, state, seqOf(seq - 1))
  const states = record.collections.map((target) => {
    const view = views.get(target.source)!
    if (target.inPlace) {
      const state = getState(catalog, target.id)
      if (target.shard === undefined) state.become(view, view.config, seq)
      else state.becomeShard(target.shard.target, view, target.shard.source, seq)
      return state
    }
    const { settings } = target
    const config = settings === undefined ? view.config : { ...view.config, settings }
    const state = new CollectionState(collectionIdOf(target.id), target.name, config, services, seq)
    state.become(view, config, seq)
    catalog.addCollection(state)
    return state
  })
  for (const [alias, collection] of Object.entries(record.aliases)) catalog.aliases.set(alias, collection)
  putReceipt(catalog, record)
  if ('live' in record.source) for (const view of views.values()) view.release()
  return states
}

/** @throws shard-not-found, snapshot-incompatible */
function checkShardTarget(state: CollectionState, { source, target, of }: ShardTarget, view: View): void {
  checkShard(state, target)
  checkShardFits(state, of, withDistancesOf(view.config, state.config))
  checkSamePartition(
    state.name,
    partitionOfShard(state.config, target),
    partitionOfShard(view.config, source),
  )
}

/** A shard brings no distance with it: where vectors are stored as given, that of the collection goes on. */
function withDistancesOf(config: FullConfig, own: FullConfig): FullConfig {
  const vectors = Object.entries(config.vectors).map(([name, params]): [string, VectorParams] => {
    const now = own.vectors[name]
    if (now === undefined || !isStoredAsGiven(now) || !isStoredAsGiven(params)) return [name, params]
    return [name, { ...params, distance: now.distance, keepsLength: now.keepsLength ?? false }]
  })
  return { ...config, vectors: Object.fromEntries(vectors) }
}

/** Whether points that were looked at as those of one of `of` shards may become a shard now. @throws snapshot-incompatible */
function checkShardFits(state: CollectionState, of: number, config: CollectionConfig): void {
  checkShardCompatible(state.name, state.config, config, of)
}

function sourceViews(
  catalog: CatalogState,
  record: RecordOf<'restore'>,
  seq: SequenceNumber,
  prepared: Prepared,
): ReadonlyMap<string, View> {
  const ids = new Set(record.collections.map(({ source }) => source))
  if (!('live' in record.source)) return new Map([...ids].map((id) => [id, getPrepared(prepared, id)]))
  const states = [...ids].map((id) => getState(catalog, id))
  return new Map(states.map((state) => [state.id, state.view(seqOf(seq - 1))]))
}

/** A moment that was the present when it was opened may not be kept any more when the record's turn comes. */
function checkSource(catalog: CatalogState, source: RestoreSource, seq: SequenceNumber): void {
  if ('snapshot' in source) catalog.getSnapshot(source.snapshot)
  else if ('seq' in source) checkKept(catalog, seqOf(source.seq), seqOf(seq - 1))
}

function keepForUndo(
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

/** Whether an import may happen now. @throws collection-exists, alias-exists, snapshot-incompatible */
export function checkImport(catalog: CatalogState, record: RecordOf<'import'>): void {
  for (const staged of record.collections) {
    const existing = catalog.collectionNamed(staged.name)
    if (staged.shard !== undefined) {
      if (existing === undefined) throw collectionGone(staged.name)
      checkShard(existing, staged.shard)
      checkShardFits(existing, staged.shards.length, staged.config)
      checkSamePartition(
        staged.name,
        partitionOfShard(existing.config, staged.shard),
        staged.partition ?? defaultPartition,
      )
      continue
    }
    if (staged.replace && existing !== undefined) checkCompatible(staged.name, existing.config, staged.config)
    else checkNameIsFree(catalog, staged.name)
  }
  for (const alias of Object.keys(record.aliases)) {
    // One that was made, by whomever, since the import was checked; or one of the import itself.
    if (
      catalog.collectionNamed(alias) === undefined &&
      !record.collections.some(({ name }) => name === alias)
    )
      continue
    const text = `Cannot restore alias "${alias}": a collection has this name`
    throw new DatabaseError('alias-exists', text, { alias })
  }
}

export function collectionGone(name: string): DatabaseError {
  const text = `Cannot restore a shard of collection "${name}": it does not exist`
  return new DatabaseError('collection-not-found', text, { name })
}

function applyImport(
  catalog: CatalogState,
  services: StateServices,
  record: RecordOf<'import'>,
  seq: SequenceNumber,
  prepared: Prepared,
): void {
  checkImport(catalog, record)
  for (const staged of record.collections)
    importCollection(catalog, services, staged, seq, getPrepared(prepared, staged.id))
  for (const [alias, collection] of Object.entries(record.aliases)) catalog.aliases.set(alias, collection)
  putReceipt(catalog, record)
}

function putReceipt(catalog: CatalogState, { receipt }: RecordOf<'restore' | 'import'>): void {
  if (receipt !== undefined) catalog.setDocument('user', receipt.name, receipt.value)
}

function importCollection(
  catalog: CatalogState,
  services: StateServices,
  staged: StagedCollection,
  seq: SequenceNumber,
  view: View,
): void {
  const existing = catalog.collectionNamed(staged.name)
  if (existing !== undefined) {
    keepHistory(catalog, existing, seqOf(seq - 1))
    if (staged.shard !== undefined) {
      existing.becomeShard(staged.shard, view, staged.shard % view.shards.length, seq)
      return
    }
    const payloadIndexes = { ...view.config.payloadIndexes, ...existing.config.payloadIndexes }
    const vectors = importedVectors(existing.config.vectors, view.config.vectors, staged.id)
    existing.become(view, { ...existing.config, vectors, payloadIndexes }, seq)
    return
  }
  const state = new CollectionState(collectionIdOf(staged.id), staged.name, view.config, services, seq)
  state.become(view, view.config, seq)
  catalog.addCollection(state)
}

/**
 * Vectors as the import has them, in the columns where its segments keep them; with the settings of the collection. Sparse
 * vectors that only the collection has stay, and no imported point has any: their column is none of the import's.
 */
function importedVectors(existing: VectorSchema, imported: VectorSchema, unique: string): VectorSchema {
  const own = Object.entries(existing).filter(([name]) => !Object.hasOwn(imported, name))
  return Object.fromEntries([
    ...Object.entries(imported).map(([name, params]): [string, VectorParams] => {
      if (!Object.hasOwn(existing, name)) return [name, params]
      const { settings: _, ...rest } = params
      const { settings } = existing[name]!
      return [name, settings === undefined ? rest : { ...rest, settings }]
    }),
    ...own.map(([name, params]): [string, VectorParams] => [
      name,
      { ...params, column: laterColumn(name, unique) },
    ]),
  ])
}

function getPrepared(prepared: Prepared, id: string): View {
  const view = prepared.get(id)
  assert(view !== undefined, `the view of collection ${id} was opened before its record was applied`)
  return view
}
