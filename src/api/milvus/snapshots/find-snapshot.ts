import { isDatabaseError, type Collection, type Snapshot, type SnapshotQuery } from '../../../index.ts'
import { collectionsOf } from '../collections/describe-collection.ts'
import { checkDatabase, databaseOf, getCollection, milvusName, type Call, type MilvusDoor } from '../door.ts'
import { MilvusError } from '../status.ts'
import { droppedCollections } from './dropped-documents.ts'
import { ownLabels } from './own-labels.ts'
import { checkSnapshotName, collectionRequired, givenName, snapshotMissing } from './snapshot-names.ts'

/** How requests name a snapshot. */
export interface NamedSnapshot {
  readonly name: string
  readonly db_name: string
  readonly collection_name: string
}

const pageSize = 1_000

/** Changes of one snapshot that look before they act go one after the other. Names of collections have no slashes. */
export const sequenceOf = (snapshot: Pick<Snapshot, 'id'>): string => `snapshot/${snapshot.id}`

/** Those of a collection that is there or gone, by its id; those that were made elsewhere are left out. */
export function ownSnapshotsOf(door: MilvusDoor, collectionId: string): readonly Snapshot[] {
  return allSnapshots(door, { scope: 'collection', labels: ownLabels }).filter(
    (one) => one.info().collections[0]!.id === collectionId,
  )
}

/** Those that something holds. */
export const heldSnapshots = (door: MilvusDoor): readonly Snapshot[] => allSnapshots(door, { isHeld: true })

/** In order of creation. There may be many, of which few are looked for. */
function allSnapshots(door: MilvusDoor, query: SnapshotQuery): readonly Snapshot[] {
  const found: Snapshot[] = []
  for (let after: string | undefined; ;) {
    const page = door.database.querySnapshots({
      ...query,
      order: 'asc',
      limit: pageSize,
      ...(after === undefined ? {} : { after }),
    })
    found.push(...page.snapshots)
    if (page.next === undefined) return found
    after = page.next
  }
}

/** Those of the collections of a database, and those that its dropped collections have left. */
export function snapshotsIn(door: MilvusDoor, database: string): readonly Snapshot[] {
  checkDatabase(door, database)
  const living = collectionsOf(door, database).flatMap((one) => one.listSnapshots())
  return [...living, ...leftBehind(door, database)]
}

function leftBehind(door: MilvusDoor, database: string): readonly Snapshot[] {
  return droppedCollections(door)
    .filter(({ name }) => milvusName(door, name).database === database)
    .flatMap(({ id }) => ownSnapshotsOf(door, id))
}

/** What its collection is called now, or was called last. */
export function collectionOf(
  door: MilvusDoor,
  snapshot: Snapshot,
): { readonly database: string; readonly name: string } {
  const { id, name } = snapshot.info().collections[0]!
  const now = door.database.listCollections().find((one) => one.id === id)
  return milvusName(door, now?.name ?? name)
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
  checkDatabase(door, database)
  const living = collectionsOf(door, database).flatMap((one) => findIn(one, name) ?? [])
  const left = leftBehind(door, database).filter((one) => one.name === name)
  const [found, ...others] = [...living, ...left]
  if (others.length === 0) return found
  const { code, message } = collectionRequired(what)
  const count = others.length + 1
  throw new MilvusError(code, `${count} collections have a snapshot ${name}: ${message}`)
}
