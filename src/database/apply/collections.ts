import { CollectionState, fullConfig, type StateServices } from '../../collection/collection-state.ts'
import { DatabaseError } from '../../errors/database-error.ts'
import { collectionIdOf, seqOf, type CollectionId, type SequenceNumber } from '../../ids/brands.ts'
import { planAliases } from '../aliases.ts'
import type { CatalogState } from '../catalog-state.ts'
import { keepHistory } from '../history.ts'
import type { RecordOf } from '../records.ts'

/** @throws collection-not-found */
export function getState(catalog: CatalogState, id: string): CollectionState {
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

export function collectionExists(name: string): DatabaseError {
  return new DatabaseError('collection-exists', `Cannot create collection "${name}": it exists`, { name })
}

export function createCollection(
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

export function dropCollection(catalog: CatalogState, name: string, seq: SequenceNumber): boolean {
  const state = catalog.collectionNamed(name)
  if (state === undefined) return false
  keepHistory(catalog, state, seqOf(seq - 1))
  catalog.removeCollection(state)
  return true
}

export function applyAliases(catalog: CatalogState, record: RecordOf<'aliases'>): void {
  // All or nothing: the plan is made on a copy and throws before anything is changed.
  const aliases = planAliases(catalog, record.actions)
  catalog.aliases.clear()
  for (const [alias, collection] of aliases) catalog.aliases.set(alias, collection)
}
