import type { CollectionState } from '../../collection/collection-state.ts'
import { DatabaseError } from '../../errors/database-error.ts'
import { seqOf, type SequenceNumber } from '../../ids/brands.ts'
import type { CatalogState } from '../catalog-state.ts'
import { keepHistory } from '../history.ts'
import { renameInPolicies } from '../policies/follow-rename.ts'
import type { RecordOf } from '../records.ts'

/**
 * The collection stays what it is, by its id; its aliases and its snapshots are those of the new name, and policies that
 * name it name it anew. What snapshots and stretches of the past say of themselves stays as it was.
 * @throws collection-not-found, collection-exists, alias-exists; then nothing has changed
 */
export function renameCollection(
  catalog: CatalogState,
  { from, to }: RecordOf<'rename-collection'>,
  seq: SequenceNumber,
): CollectionState {
  const state = catalog.collectionNamed(from)
  const cannot = `Cannot rename collection "${from}"`
  if (state === undefined)
    throw new DatabaseError('collection-not-found', `${cannot}: it does not exist`, { name: from })
  if (catalog.collectionNamed(to) !== undefined)
    throw new DatabaseError('collection-exists', `${cannot} to "${to}": a collection has this name`, {
      name: to,
    })
  if (catalog.aliases.has(to))
    throw new DatabaseError('alias-exists', `${cannot} to "${to}": an alias has this name`, { name: to })
  keepHistory(catalog, state, seqOf(seq - 1))
  catalog.renameCollection(state, to, seq)
  renameInPolicies(catalog, { from, to })
  return state
}
