import { operationSteps, workOfOperation } from '../../collection/apply-operation.ts'
import { pointsSteps, workOfPoints } from '../../collection/apply-points.ts'
import type { CollectionState } from '../../collection/collection-state.ts'
import type { WriteResult } from '../../collection/types.ts'
import { isDatabaseError } from '../../errors/database-error.ts'
import type { SequenceNumber } from '../../ids/brands.ts'
import type { Steps } from '../../runtime/steps.ts'
import type { CatalogState } from '../catalog-state.ts'
import type { DatabaseRecord } from '../records.ts'
import { getState } from './collections.ts'

/** A record that is applied in several turns of the event loop. */
export interface SlicedRecord {
  readonly state: CollectionState
  readonly steps: Steps<WriteResult>
}

/**
 * The record in steps of about `sliceBytes` of work, if it takes more than that; undefined: it is applied at once.
 * @throws what applying it throws
 */
export function slicedRecord(
  catalog: CatalogState,
  record: DatabaseRecord,
  seq: SequenceNumber,
  sliceBytes: number,
): SlicedRecord | undefined {
  if (record.type === 'points') {
    const { batch } = record
    if (workOfPoints(batch) <= sliceBytes) return undefined
    const state = getState(catalog, batch.collection)
    return { state, steps: pointsSteps(state, batch, seq, sliceBytes) }
  }
  // One that changes settings too does both in one tick.
  if (record.type !== 'operation' || record.operation.settings !== undefined) return undefined
  const { operation } = record
  const state = getState(catalog, operation.collection)
  if (workOfOperation(state, operation) <= sliceBytes) return undefined
  return { state, steps: operationSteps(state, operation, seq, sliceBytes) }
}

/**
 * Applies it with pauses. Until it ends nothing else may change the collection, and readers see it as it was; `onEnd` runs
 * in the tick in which they see all of it.
 * @throws DatabaseError as the record's outcome: nothing has changed then; anything else leaves a part applied, unseen
 */
export async function applyInSlices(
  { state, steps }: SlicedRecord,
  pause: () => Promise<void>,
  onEnd: () => void,
): Promise<WriteResult> {
  state.hold()
  try {
    let step = steps.next()
    while (step.done !== true) {
      await pause()
      step = steps.next()
    }
    state.show()
    onEnd()
    return step.value
  } catch (error) {
    if (isDatabaseError(error)) {
      state.show()
      onEnd()
    }
    throw error
  }
}
