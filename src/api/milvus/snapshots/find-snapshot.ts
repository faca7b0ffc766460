import { isDatabaseError, type Collection, type Snapshot } from '../../../index.ts'
import { checkDatabase, databaseOf, getCollection, milvusName, type Call, type MilvusDoor } from '../door.ts'
import { MilvusError } from '../status.ts'
import { checkSnapshotName, collectionRequired, givenName, snapshotMissing } from './snapshot-names.ts'

/** How requests name a snapshot. */
export interface NamedSnapshot {
  readonly name: string
  readonly db_name: string
  readonly collection_name: string
}

/** Changes of one snapshot that look before they act go one after the other. Names of collections have no slashes. */
export const sequenceOf = (snapshot: Pick<Snapshot, 'id'>): string => `snapshot/${snapshot.id}`

/** Those of one collection, by its id: whoever made them, and whatever it was called then. */
export function snapshotsOf(door: MilvusDoor, collectionId: string): readonly Snapshot[] {
  return door.database.listAllSnapshots().filter((one) => {
    const { scope, collections } = one.info()
    return scope === 'collection' && collections[0]!.id === collectionId
  })
}

/** Those of the collections of a database, also of collections that are gone. */
export function snapshotsIn(door: MilvusDoor, database: string): readonly Snapshot[] {
  checkDatabase(door, database)
  const names = namesById(door)
  return door.database.listAllSnapshots().filter((one) => {
    const { scope, collections } = one.info()
    if (scope !== 'collection') return false
    const { id, name } = collections[0]!
    return milvusName(door, names.get(id) ?? name).database === database
  })
}

/** Names of the engine. */
function namesById(door: MilvusDoor): ReadonlyMap<string, string> {
  return new Map(door.database.listCollections().map(({ id, name }) => [id, name]))
}

/** What its collection is called now, or was called last. */
export function collectionOf(
  door: MilvusDoor,
  snapshot: Snapshot,
): { readonly database: string; readonly name: string } {
  const { id, name } = snapshot.info().collections[0]!
  return milvusName(door, namesById(door).get(id) ?? name)
}

/** Undefined if there is none. A name that could not be given to any is refused. @throws 1100, 1101, 100, 800 */
export function findSnapshot(
  door: MilvusDoor,
  request: NamedSnapshot,
  call: Call,
  what: string,
): Snapshot | undefined {
  const name = givenName(request.name)
  const database = databaseOf(call, request.db_name)
  const found =
    request.collection_name === ''
      ? findByNameOnly(door, database, name, what)
      : findIn(getCollection(door, database, request.collection_name), name)
  // Those that were made elsewhere may be called otherwise.
  if (found === undefined) checkSnapshotName(name)
  return found
}

/** @throws 2600, and as findSnapshot */
export function getSnapshot(door: MilvusDoor, request: NamedSnapshot, call: Call, what: string): Snapshot {
  const found = findSnapshot(door, request, call, what)
  if (found === undefined) throw snapshotMissing(request.name.trim(), request.collection_name)
  return found
}

/** A change of a snapshot that may be gone by now. @throws 2600 */
export async function onSnapshot<T>(snapshot: Snapshot, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!isDatabaseError(error, 'snapshot-not-found')) throw error
    throw snapshotMissing(snapshot.name, '')
  }
}

function findIn(collection: Collection, name: string): Snapshot | undefined {
  try {
    return collection.getSnapshot(name)
  } catch (error) {
    if (isDatabaseError(error, 'snapshot-not-found')) return undefined
    throw error
  }
}

/** The older form of the calls: a name that one snapshot of the database has. */
function findByNameOnly(
  door: MilvusDoor,
  database: string,
  name: string,
  what: string,
): Snapshot | undefined {
  const [found, ...others] = snapshotsIn(door, database).filter((one) => one.name === name)
  if (others.length === 0) return found
  const { code, message } = collectionRequired(what)
  const count = others.length + 1
  throw new MilvusError(code, `${count} collections have a snapshot ${name}: ${message}`)
}
