import { normalize } from 'node:path/posix'
import {
  DatabaseError,
  type ArchiveDescription,
  type Collection,
  type CollectionConfig,
} from '../../index.ts'
import type { QdrantDoorOptions } from './door.ts'
import { badRequest, forbidden, wrongInput } from './failures.ts'
import { debugVectors } from './present/vector-debug.ts'
import type { GivenRecovery } from './translate/recover.ts'
import { isKeyed } from './translate/shard-key.ts'
import type { WireError } from './wire-error.ts'

/** The archive's bytes from where the request says. @throws WireError, download-refused, download-failed */
export async function openLocation(
  door: QdrantDoorOptions,
  { location, api_key: apiKey }: GivenRecovery,
): Promise<AsyncIterable<Uint8Array>> {
  switch (location.protocol) {
    case 'file:':
      return openFile(door, location)
    case 'http:':
    case 'https:':
      if (!door.allowUrlRecovery) {
        throw forbidden('Snapshot recovery from remote URLs is disabled in the configuration')
      }
      return door.download(location.href, apiKey === undefined ? {} : { apiKey })
    default:
      throw badRequest(`URL ${location.href} with scheme ${location.protocol.slice(0, -1)} is not supported`)
  }
}

async function openFile(door: QdrantDoorOptions, location: URL): Promise<AsyncIterable<Uint8Array>> {
  const path = pathOf(location)
  const found = await door.archives.findByPath(path)
  if (found === 'outside' || (found === undefined && isInStorage(path, door))) {
    throw forbidden(
      `Snapshot file path must be inside the snapshots directory ${JSON.stringify(door.snapshotsPath)}`,
    )
  }
  if (found === undefined) throw badRequest(`Snapshot file ${JSON.stringify(path)} does not exist`)
  return found.stream()
}

function isInStorage(path: string, { storagePath, snapshotsPath }: QdrantDoorOptions): boolean {
  return storagePath !== undefined && isWithin(path, storagePath) && !isWithin(path, snapshotsPath)
}

/** By the spelling of the path alone. */
function isWithin(path: string, folder: string): boolean {
  return `${normalize(path)}/`.startsWith(folder.endsWith('/') ? folder : `${folder}/`)
}

function pathOf(location: URL): string {
  if (location.hostname !== '' && location.hostname !== 'localhost') {
    throw badRequest('Invalid snapshot URI, file path must be absolute or on localhost')
  }
  try {
    return decodeURIComponent(location.pathname)
  } catch {
    // Not the spelling of any text: the bytes as they stand.
    return location.pathname
  }
}

export interface RecoverOptions {
  /** What the SHA-256 must be, as the client wrote it. */
  readonly checksum: string | undefined
  /** How a checksum that differs is worded: routes differ in it. */
  readonly mismatch: (given: string, computed: string) => WireError
}

/**
 * Restores an archive under a name, in place where a collection of the name (or behind the alias) exists.
 * @throws WireError, and what the engine throws; then nothing has changed
 */
export async function recover(
  door: QdrantDoorOptions,
  name: string,
  source: AsyncIterable<Uint8Array>,
  { checksum, mismatch }: RecoverOptions,
): Promise<Collection> {
  const existing = door.database.findCollection(name)
  const before = existing?.info().config
  try {
    return await door.database.restoreArchive(source, {
      into: existing?.name ?? name,
      replace: true,
      check: (description) => checkFits(before, description),
      ...(checksum === undefined ? {} : { sha256: checksum.toLowerCase() }),
    })
  } catch (error) {
    if (!(error instanceof DatabaseError)) throw error
    if (error.code === 'checksum-mismatch') throw mismatch(checksum ?? '', String(error.details['actual']))
    if (error.code === 'snapshot-incompatible') throw misfitOf(before, error)
    throw error
  }
}

/**
 * The same for one shard: its place is taken by what the archive holds, the rest of the collection stays.
 * @throws WireError, and what the engine throws; then nothing has changed
 */
export async function recoverShard(
  collection: Collection,
  shard: number,
  source: AsyncIterable<Uint8Array>,
  { checksum, mismatch, isPartial }: RecoverOptions & { readonly isPartial: boolean },
): Promise<void> {
  const before = collection.info().config
  try {
    await collection.shard(shard).restoreArchive(source, {
      check: (description) => {
        checkKind(isPartial, description)
        checkFits(before, description)
      },
      ...(checksum === undefined ? {} : { sha256: checksum.toLowerCase() }),
    })
  } catch (error) {
    if (!(error instanceof DatabaseError)) throw error
    if (error.code === 'checksum-mismatch') throw mismatch(checksum ?? '', String(error.details['actual']))
    if (error.code === 'snapshot-incompatible' && error.details['what'] !== 'points')
      throw misfitOf(before, error)
    throw error
  }
}

/** Each of the two kinds has routes of its own, so that nobody takes a part for the whole. @throws WireError 400 */
function checkKind(isPartial: boolean, { isIncremental, segments }: ArchiveDescription): void {
  if (isPartial === isIncremental) return
  const segment = segments[0] === undefined ? 'none' : segments[0]
  throw wrongInput(
    isIncremental
      ? `Validation failed: invalid shard snapshot: segment ${segment} contains segment manifest; ensure you are not recovering partial snapshot on shard snapshot endpoint`
      : `Validation failed: invalid partial snapshot: segment ${segment} does not contain segment manifest; ensure you are not recovering shard snapshot on partial snapshot endpoint`,
  )
}

/** Qdrant compares all parameters of the vectors, also those that mean nothing here. @throws WireError 400 */
function checkFits(before: CollectionConfig | undefined, { collections }: ArchiveDescription): void {
  const after = collections[0]?.config
  if (before === undefined || after === undefined) return
  if (debugVectors(before) !== debugVectors(after)) throw vectorsMisfit(before, after)
  const [own, other] = [before, after].map((config) => (isKeyed(config) ? 'Custom' : 'Auto'))
  if (own !== other) throw misfit(`Collection sharding method: ${own!} Snapshot sharding method: ${other!}`)
}

function vectorsMisfit(before: CollectionConfig, after: CollectionConfig): WireError {
  return misfit(`Collection vectors: ${debugVectors(before)} Snapshot Vectors: ${debugVectors(after)}`)
}

/** The engine has compared on its own, before anybody else could. */
function misfitOf(before: CollectionConfig | undefined, { details }: DatabaseError): WireError {
  if (details['what'] !== 'vectors' || before === undefined) {
    const [own, other] = [String(details['collection']), String(details['snapshot'])]
    if (details['what'] === 'partition') return misfit(`Shard's partition: ${own} Snapshot's: ${other}`)
    return misfit(`Collection shard number: ${own} Snapshot shard number: ${other}`)
  }
  const vectors = details['snapshot'] as CollectionConfig['vectors']
  const isSingle = Object.keys(vectors).length === 1 && Object.hasOwn(vectors, '')
  return vectorsMisfit(before, { vectors, settings: isSingle ? {} : { named: true } })
}

function misfit(text: string): WireError {
  return wrongInput(`Snapshot is not compatible with existing collection: ${text}`)
}
