import {
  DatabaseError,
  type ArchiveFolder,
  type Collection,
  type CollectionReader,
  type Database,
  type VectorParams,
} from '../../index.ts'
import type { Clock } from '../../runtime/clock.ts'
import type { Logger } from '../../runtime/logger.ts'
import { residentPercent } from '../../runtime/memory.ts'
import { collectionMissing } from './failures.ts'
import type { Guard } from './rights/guard.ts'
import { ServiceState, type LogLevel } from './reports/service-state.ts'
import { ShardRecoveries } from './shard-recoveries.ts'
import type { ShelfMemory } from './snapshot-shelf.ts'
import { StrictMode } from './strict/strict-mode.ts'

export interface QdrantDoorOptions {
  readonly database: Database
  /** The folder of `.snapshot` files. */
  readonly archives: ArchiveFolder
  /** `files`: a snapshot is also a file in the folder. `virtual`: it is produced from the segments when it is asked for. */
  readonly archivesMode: 'files' | 'virtual'
  readonly clock: Clock
  /** The version of Qdrant that the door answers as. */
  readonly version: string
  readonly allowUrlRecovery: boolean
  /** The bytes behind an http or https URL; with `json` they are asked for by a POST of that text. */
  readonly download: (
    url: string,
    options: { readonly apiKey?: string; readonly json?: string; readonly signal?: AbortSignal },
  ) => Promise<AsyncIterable<Uint8Array>>
  readonly snapshotsPath: string
  /** Where the database lies: whether a file exists in there is not told. */
  readonly storagePath?: string
  /** Of JSON bodies; uploads have no limit. */
  readonly maxRequestBytes: number
  readonly readiness: () => boolean
  /** Told of work that nobody waits for and that failed. */
  readonly logger?: Logger
  /** How much that logger tells; without one nobody can ask for it. */
  readonly logLevel?: LogLevel
  /** What the configuration gives, as a tree: its `storage` section holds defaults of new collections. */
  readonly settings?: unknown
  /** Knows who may do what; without one everybody may do everything. */
  readonly guard?: Guard
}

/** By name or alias, to be written to. @throws WireError 404 as Qdrant words it, read-only */
export function getCollection(door: QdrantDoorOptions, name: string): Collection {
  const collection = door.database.findCollection(name)
  if (collection !== undefined) return collection
  refusePast(door, name)
  throw collectionMissing(name)
}

/** What `<collection>@…` stands for can be read only. @throws read-only */
export function refusePast({ database }: QdrantDoorOptions, name: string): void {
  if (!database.isPast(name)) return
  throw new DatabaseError(
    'read-only',
    `Cannot change "${name}": snapshots and past moments can only be read; clone it to write`,
    { name },
  )
}

/**
 * Reads a collection, or what it was at the snapshot or moment behind its name (`<collection>@…`).
 * @throws WireError 404 as Qdrant words it, snapshot-not-found, moment-not-kept
 */
export async function reading<T>(
  { database }: QdrantDoorOptions,
  name: string,
  read: (reader: CollectionReader) => Promise<T>,
): Promise<T> {
  const live = database.findCollection(name)
  if (live !== undefined) return read(live)
  if (!name.includes('@')) throw collectionMissing(name)
  await using past = await database.openReader(name)
  return await read(past)
}

/** What the routes of one server share. */
export interface Door extends QdrantDoorOptions {
  readonly vectors: VectorsOfCollections
  readonly shelves: ShelfMemory
  readonly strict: StrictMode
  readonly recoveries: ShardRecoveries
  readonly service: ServiceState
}

/** Both doors of one server, REST and gRPC, share it. */
export function openDoor(options: QdrantDoorOptions): Door {
  return {
    ...options,
    vectors: new VectorsOfCollections(),
    shelves: { facts: new Map(), pending: new Set(), lastTimes: new Map() },
    strict: new StrictMode(options.clock, residentPercent),
    recoveries: new ShardRecoveries(),
    service: new ServiceState(options.clock.now(), options.logLevel),
  }
}

/** The vectors of collections, by name. */
export class VectorsOfCollections {
  of(collection: CollectionReader): Readonly<Record<string, VectorParams>> {
    return collection.config().vectors
  }
}
