import type { ArchiveFolder, Collection, Database } from '../../index.ts'
import type { Clock } from '../../runtime/clock.ts'
import type { Logger } from '../../runtime/logger.ts'
import { PasswordCache } from './access/password-cache.ts'
import { HybridClock } from './hybrid-clock.ts'
import { Moments } from './moments.ts'
import { KeyRuns } from './rows/reading/key-runs.ts'
import { MeanLengths } from './search/finding/bm25.ts'
import { Iterators } from './search/finding/iterators.ts'
import { checkName } from './schema/names.ts'
import { Sequences } from './sequences.ts'
import { codes, MilvusError } from './status.ts'

export interface MilvusDoorOptions {
  readonly database: Database
  readonly clock: Clock
  readonly logger: Logger
  /** The version of Milvus that the door answers as, such as `v2.6.4`. */
  readonly version: string
  /** Of one call. */
  readonly maxRequestBytes: number
  /** Where exports are written, and read again; left out: nowhere. */
  readonly exports?: { readonly archives: ArchiveFolder; readonly path: string }
  /** Keys that stand for the root user. */
  readonly apiKeys: readonly string[]
  /** Keys of those who may read and change nothing. */
  readonly readOnlyApiKeys?: readonly string[]
  /** Whether callers have to say who they are; left out: if there is a key. Otherwise everybody may do everything. */
  readonly authorization?: boolean
}

/** What the calls of one server share. */
export interface MilvusDoor extends MilvusDoorOptions {
  readonly timestamps: HybridClock
  /** Changes that read before they write go one after the other, by what they change. */
  readonly sequences: Sequences
  readonly passwords: PasswordCache
  readonly searchIterators: Iterators
  /** What iterators over rows will ask for next. */
  readonly keyRuns: KeyRuns
  /** How long texts are, for searches by BM25. */
  readonly meanLengths: MeanLengths
  /** What iterators read. */
  readonly moments: Moments
}

export function openMilvusDoor(options: MilvusDoorOptions): MilvusDoor {
  const timestamps = new HybridClock(options.clock)
  return {
    ...options,
    timestamps,
    sequences: new Sequences(),
    passwords: new PasswordCache(),
    searchIterators: new Iterators(() => String(timestamps.next())),
    keyRuns: new KeyRuns(),
    meanLengths: new MeanLengths(),
    moments: new Moments(options.database, options.clock),
  }
}

export interface Caller {
  /** The name of the user; undefined where nobody has to say who he is. */
  readonly user: string | undefined
  /** How he showed it; undefined where he did not have to. */
  readonly by?: 'password' | 'key' | 'read-only-key'
}

/** Who calls, and what for. */
export interface Call extends Caller {
  /** The metadata's database; '' if it names none. */
  readonly database: string
  readonly metadata: Readonly<Record<string, string>>
}

export const defaultDatabase = 'default'

/** A request's own database comes before the connection's. */
export const databaseOf = (call: Call, given: string | undefined): string =>
  given !== undefined && given !== '' ? given : call.database !== '' ? call.database : defaultDatabase

/** Databases are documents; `default` is always there. */
export const databaseDocument = (name: string): string => `milvus/database/${name}`

/** What makes, changes and drops a database goes one after the other, and what makes a collection in it by a job. */
export const databaseSequence = (name: string): string => `database ${name}`

export function hasDatabase({ database }: MilvusDoor, name: string): boolean {
  return name === defaultDatabase || database.documents.get(databaseDocument(name)) !== undefined
}

/** @throws 800 */
export function checkDatabase(door: MilvusDoor, name: string): void {
  if (hasDatabase(door, name)) return
  throw new MilvusError(codes.databaseNotFound, `database not found[database=${name}]`)
}

/** What the engine calls a collection of a database. Names of Milvus have no dots. */
export const engineName = (database: string, collection: string): string =>
  database === defaultDatabase ? collection : `${database}.${collection}`

/** The database that a name of the engine belongs to, and the name there. */
export function milvusName(
  door: MilvusDoor,
  name: string,
): { readonly database: string; readonly name: string } {
  const dot = name.indexOf('.')
  const database = name.slice(0, Math.max(dot, 0))
  return dot > 0 && hasDatabase(door, database)
    ? { database, name: name.slice(dot + 1) }
    : { database: defaultDatabase, name }
}

/** By name or alias. Collections of other doors may be called what Milvus does not allow. @throws 800, 100, 1100 */
export function getCollection(door: MilvusDoor, database: string, name: string): Collection {
  checkDatabase(door, database)
  const found = door.database.findCollection(engineName(database, name))
  if (found !== undefined) return found
  checkName('collection', name)
  throw collectionMissing(database, name)
}

export const collectionMissing = (database: string, name: string): MilvusError =>
  new MilvusError(codes.collectionNotFound, `collection not found[database=${database}][collection=${name}]`)
