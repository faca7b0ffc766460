import {
  readFileStream,
  type ArchiveDescription,
  type Collection,
  type CollectionConfig,
  type Database,
  type JsonObject,
  type Snapshot,
} from '../index.ts'
import type { Logger } from '../runtime/logger.ts'
import { systemRandom, type Random } from '../runtime/random.ts'
import type { CollectionRestore, StartupRestores } from './snapshot-flags.ts'
import { exitCodes, StartupError } from './startup-error.ts'

// Invariants of a restore at the start:
//   - either all snapshots that were given are restored, or the collections are as they were.
//   - a collection is replaced only after every archive has been read to its end; what follows moves no data.
//   - what an interrupted restore has staged is gone at the next start.

const stagedName = /^stillpoint-restore-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** @throws StartupError with exit code 101 */
export async function restoreAtStartup(
  database: Database,
  restores: StartupRestores,
  logger: Logger,
): Promise<void> {
  for (const { name } of database.listCollections()) {
    if (stagedName.test(name)) await database.dropCollection(name)
  }
  if (restores.store !== undefined) return restoreStore(database, restores.store, restores.force, logger)
  refuseExistingCollections(
    database,
    restores.collections.map(({ name }) => name),
    restores.force,
  )
  await restoreCollections(database, restores.collections, logger, systemRandom)
}

async function restoreStore(database: Database, path: string, force: boolean, logger: Logger): Promise<void> {
  logger.info('restoring the store', { path })
  let collections: ArchiveDescription['collections'] = []
  // Asked before the first byte of data is stored, and in Qdrant's order: collections, then aliases.
  const check = (description: ArchiveDescription) => {
    collections = description.collections
    refuseExistingCollections(
      database,
      collections.map(({ name }) => name),
      force,
    )
    refuseExistingAliases(database, Object.keys(description.aliases), force)
  }
  try {
    await database.restoreStoreArchive(readFileStream(path), { replace: true, check })
  } catch (error) {
    if (error instanceof StartupError) throw error
    const message = `Failed to recover storage snapshot ${path}: ${wordsOf(error)}`
    throw new StartupError(exitCodes.restore, message, error)
  }
  for (const { name, config } of collections) await alignSettings(database.getCollection(name), config)
}

/** A replaced collection has kept settings of its own and indexes that the snapshot does not know. */
async function alignSettings(collection: Collection, config: CollectionConfig): Promise<void> {
  const present = collection.info().config.payloadIndexes ?? {}
  for (const field of Object.keys(present)) {
    if (config.payloadIndexes?.[field] === undefined) await collection.dropPayloadIndex(field)
  }
  const vectorSettings = Object.entries(config.vectors).map(([name, vector]): [string, JsonObject] => [
    name,
    vector.settings ?? {},
  ])
  await collection.updateSettings(config.settings ?? {}, Object.fromEntries(vectorSettings))
}

function refuseExistingCollections(database: Database, names: readonly string[], force: boolean): void {
  const taken = new Set(database.listCollections().map((collection) => collection.name))
  for (const name of names) {
    if (taken.has(name) && !force) throw existing('Collection', name)
    taken.add(name)
  }
}

function refuseExistingAliases(database: Database, names: readonly string[], force: boolean): void {
  const taken = database.listAliases().find(({ alias }) => names.includes(alias))
  if (taken !== undefined && !force) throw existing('Alias', taken.alias)
}

function existing(what: 'Collection' | 'Alias', name: string, cause?: unknown): StartupError {
  const message = `${what} ${name} already exists. Use --force-snapshot to overwrite it.`
  return new StartupError(exitCodes.restore, message, cause)
}

interface Staged {
  readonly name: string
  readonly collection: Collection
  readonly snapshot: Snapshot
}

async function restoreCollections(
  database: Database,
  restores: readonly CollectionRestore[],
  logger: Logger,
  random: Random,
): Promise<void> {
  const staged: Staged[] = []
  try {
    for (const restore of restores) {
      logger.info('restoring a collection', { collection: restore.name, path: restore.path })
      staged.push(await stage(database, restore, random))
    }
    for (const one of staged) await putInPlace(database, one)
  } finally {
    for (const { collection, snapshot } of staged) {
      await snapshot.delete()
      await database.dropCollection(collection.name)
    }
  }
}

function stage(database: Database, { path, name }: CollectionRestore, random: Random): Promise<Staged> {
  return recovering(name, async () => {
    const into = `stillpoint-restore-${random.uuid()}`
    const collection = await database.restoreArchive(readFileStream(path), { into })
    return { name, collection, snapshot: await collection.createSnapshot() }
  })
}

/** An existing collection keeps its aliases and snapshots and takes everything else from the archive. */
function putInPlace(database: Database, { name, snapshot }: Staged): Promise<void> {
  return recovering(name, async () => {
    const target = database.listCollections().find((collection) => collection.name === name)
    if (target === undefined) {
      await database.restore(snapshot, { as: name })
    } else {
      const replaced = await target.rollback(snapshot)
      await replaced.delete()
    }
  })
}

async function recovering<T>(name: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action()
  } catch (error) {
    throw new StartupError(exitCodes.restore, `Failed to recover snapshot ${name}: ${wordsOf(error)}`, error)
  }
}

function wordsOf(error: unknown): string {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return 'No such file or directory'
  return error instanceof Error ? error.message : String(error)
}
