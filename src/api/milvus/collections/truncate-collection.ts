import { databaseOf, type Call, type MilvusDoor } from '../door.ts'
import { exclusively } from '../schema/own-document.ts'
import type { NamedCollection } from './describe-collection.ts'

/** All rows go, in every partition; indexes, and whether it is loaded, stay. @throws 100, 800 */
export async function truncateCollection(
  door: MilvusDoor,
  request: NamedCollection,
  call: Call,
): Promise<object> {
  const database = databaseOf(call, request.db_name)
  await exclusively(door, database, request.collection_name, async (collection) => {
    await collection.delete({ filter: {} }, { partition: null })
  })
  return {}
}
