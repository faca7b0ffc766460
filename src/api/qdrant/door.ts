import type { ArchiveFolder, Collection, Database } from '../../index.ts'
import type { Clock } from '../../runtime/clock.ts'
import { collectionMissing } from './failures.ts'

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
  /** The bytes behind an http or https URL. */
  readonly download: (
    url: string,
    options: { readonly apiKey?: string; readonly signal?: AbortSignal },
  ) => Promise<AsyncIterable<Uint8Array>>
  readonly snapshotsPath: string
  /** Of JSON bodies; uploads have no limit. */
  readonly maxRequestBytes: number
  readonly readiness: () => boolean
  /** Defaults of new collections, from the configuration. */
  readonly settings?: unknown
}

/** @throws WireError 404 as Qdrant words it */
export function getCollection(door: QdrantDoorOptions, name: string): Collection {
  const collection = door.database.findCollection(name)
  if (collection === undefined) throw collectionMissing(name)
  return collection
}
