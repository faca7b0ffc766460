import { databaseOf, getCollection, type Call, type MilvusDoor } from '../../door.ts'
import { modelOf } from '../../schema/collection-model.ts'
import type { FunctionMessage } from '../../schema/messages.ts'
import { invalidParameter } from '../../status.ts'
import { bm25 } from '../../text/functions.ts'
import type { NamedCollection } from '../describe-collection.ts'

// Calls that are older than AlterCollectionSchema. Milvus has them for functions that ask a model, which there are none of
// here, and refuses them for BM25.

interface FunctionRequest extends NamedCollection {
  readonly function_name: string
  readonly functionSchema: FunctionMessage | null
}

/** @throws 100, 800, 1100 */
export function addCollectionFunction(door: MilvusDoor, request: FunctionRequest, call: Call): object {
  getCollection(door, databaseOf(call, request.db_name), request.collection_name)
  const { functionSchema: made } = request
  if (made === null) throw invalidParameter('function schema is empty')
  if (made.type === bm25) throw invalidParameter('currently does not support adding BM25 function')
  throw invalidParameter(`function ${made.name}: only BM25 functions are supported`)
}

/** @throws 100, 800, 1100 */
export function alterCollectionFunction(door: MilvusDoor, request: FunctionRequest, call: Call): object {
  if (!hasFunction(door, request, call)) throw invalidParameter(`function ${request.function_name} not found`)
  throw invalidParameter('currently does not support alter BM25 function')
}

/** One that is not there is dropped already. @throws 100, 800, 1100 */
export function dropCollectionFunction(door: MilvusDoor, request: FunctionRequest, call: Call): object {
  if (!hasFunction(door, request, call)) return {}
  throw invalidParameter('currently does not support droping BM25 function')
}

function hasFunction(door: MilvusDoor, request: FunctionRequest, call: Call): boolean {
  const collection = getCollection(door, databaseOf(call, request.db_name), request.collection_name)
  return modelOf(collection).document.functions.some(({ name }) => name === request.function_name)
}
