import type { Collection } from '../../../index.ts'
import { databaseOf, getCollection, type Call, type MilvusDoor } from '../door.ts'
import { modelOf } from '../schema/collection-model.ts'
import type { IndexDocument } from '../schema/document.ts'
import { pairsOf } from '../schema/messages.ts'
import { codes, MilvusError } from '../status.ts'

export interface NamedIndex {
  readonly db_name: string
  readonly collection_name: string
  readonly field_name?: string
  readonly index_name: string
}

/** The number of the state Finished: an index is done when it is made. */
const finished = 3

/** The indexes that a request names: by name, by field, or all. @throws 100, 700, 800 */
function findIndexes(
  door: MilvusDoor,
  request: NamedIndex,
  call: Call,
): { readonly collection: Collection; readonly indexes: readonly IndexDocument[] } {
  const { collection_name: name, index_name: index, field_name: field = '' } = request
  const collection = getCollection(door, databaseOf(call, request.db_name), name)
  const all = modelOf(collection).document.indexes
  const indexes = all.filter(
    (one) => (index === '' || one.name === index) && (field === '' || one.field === field),
  )
  if (indexes.length === 0) throw indexMissing(index === '' ? `collection=${name}` : `index=${index}`)
  return { collection, indexes }
}

export const indexMissing = (which: string): MilvusError =>
  new MilvusError(codes.indexNotFound, `index not found[${which}]`)

/** A `DescribeIndexResponse`, or the like of GetIndexStatistics. @throws 100, 700, 800 */
export function describeIndex(door: MilvusDoor, request: NamedIndex, call: Call): object {
  const { collection, indexes } = findIndexes(door, request, call)
  const rows = BigInt(collection.info().pointCount)
  return {
    index_descriptions: indexes.map((one) => ({
      index_name: one.name,
      indexID: BigInt(one.id),
      params: pairsOf(one.params),
      field_name: one.field,
      indexed_rows: rows,
      total_rows: rows,
      pending_index_rows: 0n,
      state: finished,
    })),
  }
}

export function getIndexState(door: MilvusDoor, request: NamedIndex, call: Call): object {
  findIndexes(door, request, call)
  return { state: finished }
}

export function getIndexBuildProgress(door: MilvusDoor, request: NamedIndex, call: Call): object {
  const { collection } = findIndexes(door, request, call)
  const rows = BigInt(collection.info().pointCount)
  return { indexed_rows: rows, total_rows: rows }
}
