import { checkDatabase, databaseOf, type Call, type MilvusDoor } from '../door.ts'
import { isExpected, missingParameter, statusOf, success } from '../status.ts'
import { describeCollection, type NumberedCollection } from './describe-collection.ts'

interface BatchDescribeRequest {
  readonly db_name: string
  readonly collection_name: readonly string[]
  readonly collectionID: readonly bigint[]
}

/** Each has a status of its own. @throws 800, 1101 */
export function batchDescribeCollection(door: MilvusDoor, request: BatchDescribeRequest, call: Call): object {
  const { db_name, collection_name: names, collectionID: ids } = request
  checkDatabase(door, databaseOf(call, db_name))
  if (names.length + ids.length === 0) throw missingParameter('collection names are required')
  const asked = [
    ...names.map((collection_name) => ({ db_name, collection_name, collectionID: 0n })),
    ...ids.map((collectionID) => ({ db_name, collection_name: '', collectionID })),
  ]
  const describe = (one: NumberedCollection): object => {
    try {
      return { status: success, ...describeCollection(door, one, call) }
    } catch (error) {
      if (!isExpected(error)) throw error
      return { status: statusOf(error) }
    }
  }
  return { responses: asked.map(describe) }
}
