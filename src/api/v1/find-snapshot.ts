import { DatabaseError, type Database, type Snapshot } from '../../index.ts'

/** By id, by `<collection>@<name>`, or by a name that no other snapshot has. @throws snapshot-not-found, request-invalid */
export function getSnapshot(database: Database, text: string): Snapshot {
  const found = database.findSnapshot(text) ?? ofCollection(database, text) ?? byName(database, text)
  if (found !== undefined) return found
  throw new DatabaseError('snapshot-not-found', `Cannot find snapshot "${text}": it does not exist`, {
    name: text,
  })
}

/** Both sides may have an `@` of their own. */
function ofCollection(database: Database, text: string): Snapshot | undefined {
  for (let at = text.indexOf('@'); at > 0; at = text.indexOf('@', at + 1)) {
    const collection = database.findCollection(text.slice(0, at))?.name ?? text.slice(0, at)
    const name = text.slice(at + 1)
    const found = database.findSnapshotFrom(collection, name) ?? inCut(database, collection, name)
    if (found !== undefined) return found
  }
  return undefined
}

/** A cut through several collections, or through all, that holds this one. */
function inCut(database: Database, collection: string, name: string): Snapshot | undefined {
  return named(database, name, { collection }).find((snapshot) => snapshot.info().scope !== 'collection')
}

function byName(database: Database, name: string): Snapshot | undefined {
  const [found, other] = named(database, name, {})
  if (other === undefined) return found
  throw new DatabaseError(
    'request-invalid',
    `Cannot tell which snapshot "${name}" is meant: several have the name; use an id or <collection>@<name>`,
    { name, ids: [found!.id, other.id] },
  )
}

/** `*` in a query stands for any characters, but here it is one. */
function named(
  database: Database,
  name: string,
  query: { readonly collection?: string },
): readonly Snapshot[] {
  const { snapshots } = database.querySnapshots({ ...query, name, limit: 1000 })
  return snapshots.filter((snapshot) => snapshot.name === name)
}
