import { checkVectorParams } from '../../collection/checks/check-config.ts'
import type { CollectionState } from '../../collection/collection-state.ts'
import type { ConfigChange } from '../../collection/collection.ts'
import { addPartition, removePartition } from '../../collection/partitions.ts'
import { withDistance } from '../../collection/set-distance.ts'
import type { VectorParams } from '../../collection/types.ts'
import { unknownVector, type VectorSchema } from '../../collection/vector-columns.ts'
import type { FullConfig } from '../../collection/view.ts'
import { DatabaseError } from '../../errors/database-error.ts'
import { seqOf, type SequenceNumber } from '../../ids/brands.ts'
import type { CatalogState } from '../catalog-state.ts'
import { keepHistory } from '../history.ts'

export function applyConfigure(
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
