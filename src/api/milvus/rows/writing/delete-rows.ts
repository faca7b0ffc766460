import type { Collection, PointSelector } from '../../../../index.ts'
import { databaseOf, getCollection, type Call, type MilvusDoor } from '../../door.ts'
import { modelOf } from '../../schema/collection-model.ts'
import { invalidParameter, MilvusError } from '../../status.ts'
import { checkLoaded } from '../../collections/load-state.ts'
import { partitionOf } from '../partitions.ts'
import { whereOf, type TemplateValue } from '../where.ts'

export interface DeleteRequest {
  readonly db_name: string
  readonly collection_name: string
  readonly partition_name: string
  readonly expr: string
  readonly expr_template_values: Readonly<Record<string, TemplateValue>>
}

/**
 * Of all partitions, unless one is named. A list of keys counts as many as it has, whether they are there or not.
 * @throws 100, 101, 200, 1100
 */
export async function deleteRows(door: MilvusDoor, request: DeleteRequest, call: Call): Promise<object> {
  const collection = collectionOf(door, databaseOf(call, request.db_name), request.collection_name)
  const model = modelOf(collection)
  if (request.expr.trim() === '') throw invalidParameter('failed to create delete plan: expr cannot be empty')
  const named = request.partition_name
  const partition = partitionOf(collection, model, named, 'Failed to get partition id: ')
  const { filter, keys, ids } = whereOf(model, request.expr, request.expr_template_values)
  if (keys === undefined) checkLoaded(door, collection)
  const selector: PointSelector = ids === undefined ? { filter: filter ?? {} } : { ids }
  // All of them in one record: a snapshot holds the rows of every partition or of none, and so does a crash.
  const target = { partition: named === '' ? null : partition }
  const { affected } = await collection.delete(selector, target)
  // Clients take an answer with keys for a list of them.
  return { delete_cnt: keys?.length ?? affected, acknowledged: true, timestamp: door.timestamps.next() }
}

/** The words are other ones than elsewhere. */
function collectionOf(door: MilvusDoor, database: string, name: string): Collection {
  try {
    return getCollection(door, database, name)
  } catch (error) {
    if (!(error instanceof MilvusError)) throw error
    throw new MilvusError(error.code, `Failed to get collection id: ${error.message}`, { cause: error })
  }
}
