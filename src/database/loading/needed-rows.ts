import type { CatalogState } from '../catalog-state.ts'
import type { DatabaseRecord } from '../records.ts'
import type { CollectionLoader } from './collection-loader.ts'

/**
 * Waits for the rows that applying a record looks at; undefined if they are all there. A record is never logged before:
 * what it comes to must not depend on how far a start had come.
 * @throws what loading them threw
 */
export function loadedFor(
  record: DatabaseRecord,
  loader: CollectionLoader,
  catalog: CatalogState,
): Promise<void> | undefined {
  const needed = neededRows(record)
  if (needed !== 'all') {
    const waits = needed.map((id) => loader.whenLoaded(id)).filter((wait) => wait !== undefined)
    return waits.length === 0 ? undefined : Promise.all(waits).then(() => undefined)
  }
  if (loader.isSettled && [...catalog.collections.values()].every(({ isLoaded }) => isLoaded))
    return undefined
  return loadedForAll(record, loader, catalog)
}

async function loadedForAll(
  record: DatabaseRecord,
  loader: CollectionLoader,
  catalog: CatalogState,
): Promise<void> {
  await loader.whenSettled()
  for (const state of catalog.collections.values()) {
    // A damaged collection can be dropped, and nothing else be done with it.
    if (record.type !== 'drop-collection' || state.name !== record.name) state.checkLoaded()
  }
}

/** Ids; 'all' also stands for records of which it is not known. */
function neededRows(record: DatabaseRecord): readonly string[] | 'all' {
  switch (record.type) {
    case 'points':
      return [record.batch.collection]
    case 'operation':
      return [record.operation.collection]
    case 'configure':
      return [record.change.collection]
    case 'create-snapshot':
      return record.collections ?? 'all'
    case 'create-collection':
    case 'aliases':
    case 'delete-snapshot':
    case 'update-snapshot':
    case 'forget':
    case 'time':
    case 'document':
      return []
    case 'drop-collection':
    case 'rename-collection':
    case 'restore':
    case 'import':
      return 'all'
  }
}
