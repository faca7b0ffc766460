import { collectionMissing, databaseOf, getCollection, type Call, type MilvusDoor } from '../door.ts'
import { codes, MilvusError } from '../status.ts'

interface LoadBalanceRequest {
  readonly db_name: string
  readonly collectionName: string
}

/** There is one node, and nowhere that its segments could go. @throws 10, 100, 800 */
export function loadBalance(door: MilvusDoor, request: LoadBalanceRequest, call: Call): never {
  const database = databaseOf(call, request.db_name)
  const name = request.collectionName
  // No name is one that no collection has, here.
  if (name === '') throw collectionMissing(database, name)
  getCollection(door, database, name)
  const why = 'cannot move segments: this server is a single node: service unimplemented'
  throw new MilvusError(codes.unimplemented, why)
}
