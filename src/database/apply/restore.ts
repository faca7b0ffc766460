import { CollectionState, type StateServices } from '../../collection/collection-state.ts'
import { partitionOfShard } from '../../collection/partitions.ts'
import type { VectorParams } from '../../collection/types.ts'
import { isStoredAsGiven } from '../../collection/vector-input.ts'
import type { FullConfig, View } from '../../collection/view.ts'
import { collectionIdOf, seqOf, type SequenceNumber } from '../../ids/brands.ts'
import type { CatalogState } from '../catalog-state.ts'
import { checkSamePartition, checkShardCompatible } from '../compatible.ts'
import { checkKept, keepHistory } from '../history.ts'
import type { RecordOf, RestoreSource, ShardTarget } from '../records.ts'
import { checkShard } from '../shards/check-shard.ts'
import { checkNameIsFree, collectionExists, getState } from './collections.ts'
import { getPrepared, putAliasesAndReceipt, type Prepared } from './restored.ts'
import { keepForUndo } from './snapshots.ts'

/** All of the targets, or none: everything that can refuse the record is looked at before anything is changed. */
export function applyRestore(
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
  putAliasesAndReceipt(catalog, record)
  if ('live' in record.source) for (const view of views.values()) view.release()
  return states
}

/** A moment that was the present when it was opened may not be kept any more when the record's turn comes. */
function checkSource(catalog: CatalogState, source: RestoreSource, seq: SequenceNumber): void {
  if ('snapshot' in source) catalog.getSnapshot(source.snapshot)
  else if ('seq' in source) checkKept(catalog, seqOf(source.seq), seqOf(seq - 1))
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

/** @throws shard-not-found, snapshot-incompatible */
function checkShardTarget(state: CollectionState, { source, target, of }: ShardTarget, view: View): void {
  checkShard(state, target)
  checkShardCompatible(state.name, state.config, withDistancesOf(view.config, state.config), of)
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
