import { isDatabaseError, readFileStream, type Collection, type Database } from '../index.ts'
import type { Logger } from '../runtime/logger.ts'
import { systemRandom, type Random } from '../runtime/random.ts'
import type { CollectionRestore, StartupRestores } from './snapshot-flags.ts'
import { exitCodes, StartupError } from './startup-error.ts'

// Invariants of a restore at the start:
//   - nothing is asked of the network; the server does not listen yet.
//   - either all snapshots that were given are restored, or the database is as it was.
//   - a collection is replaced only after the archive that replaces it has been read to its end.

/** @throws StartupError with exit code 101 */
export async function restoreAtStartup(
  database: Database,
  restores: StartupRestores,
  logger: Logger,
): Promise<void> {
  if (restores.store !== undefined) return restoreStore(database, restores.store, restores.force, logger)
  if (restores.collections.length === 0) return
  refuseExisting(database, restores)
  await new CollectionRestores(database, logger, systemRandom).run(restores.collections)
}

async function restoreStore(database: Database, path: string, force: boolean, logger: Logger): Promise<void> {
  logger.info('restoring the store', { path })
  try {
    await database.restoreStoreArchive(readFileStream(path), { replace: force })
  } catch (error) {
    if (isDatabaseError(error, 'collection-exists'))
      throw existing('Collection', nameIn(error.details), error)
    if (isDatabaseError(error, 'alias-exists')) throw existing('Alias', nameIn(error.details), error)
    throw new StartupError(
      exitCodes.restore,
      `Failed to recover storage snapshot ${path}: ${wordsOf(error)}`,
      error,
    )
  }
}

function refuseExisting(database: Database, { collections, force }: StartupRestores): void {
  if (force) return
  const taken = new Set(database.listCollections().map((collection) => collection.name))
  for (const { name } of collections) {
    if (taken.has(name)) throw existing('Collection', name)
    taken.add(name)
  }
}

function existing(what: 'Collection' | 'Alias', name: string, cause?: unknown): StartupError {
  const message = `${what} ${name} already exists. Use --force-snapshot to overwrite it.`
  return new StartupError(exitCodes.restore, message, cause)
}

function nameIn(details: Readonly<Record<string, unknown>>): string {
  return (
    [details['name'], details['alias'], details['collection']].find((value) => typeof value === 'string') ??
    ''
  )
}

class CollectionRestores {
  readonly #database: Database
  readonly #logger: Logger
  readonly #random: Random
  /** How to take back what has been done, in the order of doing. */
  readonly #undo: (() => Promise<unknown>)[] = []
  /** What is left to do once every archive has been read; none of it depends on the archives any more. */
  readonly #commit: (() => Promise<unknown>)[] = []

  constructor(database: Database, logger: Logger, random: Random) {
    this.#database = database
    this.#logger = logger
    this.#random = random
  }

  async run(restores: readonly CollectionRestore[]): Promise<void> {
    for (const restore of restores) {
      this.#logger.info('restoring a collection', { collection: restore.name, path: restore.path })
      try {
        await this.#restore(restore)
      } catch (error) {
        for (const takeBack of this.#undo.reverse()) await takeBack()
        const message = `Failed to recover snapshot ${restore.name}: ${wordsOf(error)}`
        throw new StartupError(exitCodes.restore, message, error)
      }
    }
    for (const finish of this.#commit) await finish()
  }

  async #restore({ path, name }: CollectionRestore): Promise<void> {
    const target = this.#database.listCollections().find((collection) => collection.name === name)
    if (target === undefined) {
      await this.#database.restoreArchive(readFileStream(path), { into: name })
      this.#undo.push(() => this.#database.dropCollection(name))
      return
    }
    try {
      await this.#replaceInPlace(target, path)
    } catch (error) {
      if (!isDatabaseError(error, 'snapshot-incompatible')) throw error
      await this.#replaceWhole(name, path)
    }
  }

  /** Keeps the collection's aliases and snapshots. */
  async #replaceInPlace(target: Collection, path: string): Promise<void> {
    const before = await target.createSnapshot({ name: `before-restore-${this.#random.uuid()}` })
    try {
      await this.#database.restoreArchive(readFileStream(path), { into: target.name, replace: true })
    } catch (error) {
      await before.delete()
      throw error
    }
    this.#undo.push(async () => {
      const replaced = await target.rollback(before)
      await replaced.delete()
      await before.delete()
    })
    this.#commit.push(() => before.delete())
  }

  /** For an archive whose vectors or shards differ: the old collection goes when the new one has proved readable. */
  async #replaceWhole(name: string, path: string): Promise<void> {
    const database = this.#database
    const staged = await database.restoreArchive(readFileStream(path), {
      into: `restore-${this.#random.uuid()}`,
    })
    this.#undo.push(() => database.dropCollection(staged.name))
    this.#commit.push(async () => {
      const snapshot = await staged.createSnapshot()
      const aliases = database.listAliases().filter(({ collection }) => collection === name)
      await database.dropCollection(name)
      await database.restore(snapshot, { as: name })
      await database.updateAliases(aliases.map(({ alias }) => ({ kind: 'create', alias, collection: name })))
      await snapshot.delete()
      await database.dropCollection(staged.name)
    })
  }
}

function wordsOf(error: unknown): string {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return 'No such file or directory'
  return error instanceof Error ? error.message : String(error)
}
