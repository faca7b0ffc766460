import { applyOperation } from '../../collection/apply-operation.ts'
import { applyPoints } from '../../collection/apply-points.ts'
import type { StateServices } from '../../collection/collection-state.ts'
import type { PointsOperation } from '../../collection/operations.ts'
import { placesOfPartitions } from '../../collection/partitions.ts'
import type { WriteResult } from '../../collection/types.ts'
import { seqOf, type SequenceNumber } from '../../ids/brands.ts'
import type { CatalogState } from '../catalog-state.ts'
import { applyDocument } from '../history.ts'
import type { DatabaseRecord } from '../records.ts'
import { applyAliases, createCollection, dropCollection, getState } from './collections.ts'
import { applyConfigure } from './configure.ts'
import { applyImport } from './import.ts'
import { renameCollection } from './rename-collection.ts'
import { applyRestore } from './restore.ts'
import type { Prepared } from './restored.ts'
import { createSnapshot, deleteSnapshot, updateSnapshot } from './snapshots.ts'

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
      return runOperation(catalog, record.operation, seq)
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

function runOperation(catalog: CatalogState, operation: PointsOperation, seq: SequenceNumber): WriteResult {
  const { collection, settings, partition } = operation
  const state = getState(catalog, collection)
  if (settings !== undefined) {
    // What can fail does so before anything has changed.
    if (partition !== undefined && partition !== null) placesOfPartitions(state.config, partition)
    applyConfigure(catalog, state, { collection, settings }, seq)
  }
  return applyOperation(state, operation, seq)
}
