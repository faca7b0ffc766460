import { CollectionState, type StateServices } from '../../collection/collection-state.ts'
import { defaultPartition, partitionOfShard } from '../../collection/partitions.ts'
import type { VectorParams } from '../../collection/types.ts'
import { laterColumn, type VectorSchema } from '../../collection/vector-columns.ts'
import type { View } from '../../collection/view.ts'
import { DatabaseError } from '../../errors/database-error.ts'
import { collectionIdOf, seqOf, type SequenceNumber } from '../../ids/brands.ts'
import type { CatalogState } from '../catalog-state.ts'
import { checkCompatible, checkSamePartition, checkShardCompatible } from '../compatible.ts'
import { keepHistory } from '../history.ts'
import type { RecordOf, StagedCollection } from '../records.ts'
import { checkShard } from '../shards/check-shard.ts'
import { checkNameIsFree } from './collections.ts'
import { getPrepared, putAliasesAndReceipt, type Prepared } from './restored.ts'

/** Whether an import may happen now. @throws collection-exists, alias-exists, snapshot-incompatible */
export function checkImport(catalog: CatalogState, record: RecordOf<'import'>): void {
  for (const staged of record.collections) {
    const existing = catalog.collectionNamed(staged.name)
    if (staged.shard !== undefined) {
      if (existing === undefined) throw collectionGone(staged.name)
      checkShard(existing, staged.shard)
      checkShardCompatible(staged.name, existing.config, staged.config, staged.shards.length)
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

export function applyImport(
  catalog: CatalogState,
  services: StateServices,
  record: RecordOf<'import'>,
  seq: SequenceNumber,
  prepared: Prepared,
): void {
  checkImport(catalog, record)
  for (const staged of record.collections)
    importCollection(catalog, services, staged, seq, getPrepared(prepared, staged.id))
  putAliasesAndReceipt(catalog, record)
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
