import { DatabaseError, stringifyJson, type Collection, type JsonValue } from '../../index.ts'
import { fileURLToPath } from 'node:url'
import { object, optional, required, text } from './decode.ts'
import type { QdrantDoorOptions } from './door.ts'
import { badRequest, formatError, validationError, wrongInput } from './failures.ts'
import { WireError } from './wire-error.ts'

export interface RecoverRequest {
  readonly location: URL
  readonly checksum?: string
  readonly apiKey?: string
}

const priorities: readonly string[] = ['no_sync', 'snapshot', 'replica']

/** The body of snapshots/recover. @throws WireError 400, 422 */
export function translateRecover(body: JsonValue): RecoverRequest {
  const given = object(body, 'struct SnapshotRecover')
  const location = text(required(given, 'location'))
  checkPriority(optional(given['priority'], (value) => text(value)))
  const checksum = optional(given['checksum'], (value) => checkChecksum(text(value)))
  const apiKey = optional(given['api_key'], (value) => text(value))
  let url: URL
  try {
    url = new URL(location)
  } catch {
    throw formatError(`relative URL without a base: ${JSON.stringify(location)}`)
  }
  return {
    location: url,
    ...(checksum === undefined ? {} : { checksum }),
    ...(apiKey === undefined ? {} : { apiKey }),
  }
}

export function checkPriority(priority: string | undefined): void {
  if (priority === undefined || priorities.includes(priority)) return
  throw formatError(`unknown variant \`${priority}\`, expected one of \`no_sync\`, \`snapshot\`, \`replica\``)
}

/** 64 hex digits, in any case. @throws WireError 422 */
export function checkChecksum(checksum: string, place = 'JSON body'): string {
  const compact = checksum.replace(/\s/g, '')
  if (compact.length !== 64)
    throw validationError(
      `checksum: Validation error: invalid_sha256_hash [{"value": String("${checksum}")}]`,
      place,
    )
  if (!/^[0-9a-f]+$/i.test(compact)) {
    throw validationError('checksum: invalid characters, expected 0-9, a-f, A-F', place)
  }
  return compact.toLowerCase()
}

/** The archive's bytes from where the request says. @throws WireError */
export async function openLocation(
  door: QdrantDoorOptions,
  request: RecoverRequest,
): Promise<AsyncIterable<Uint8Array>> {
  const { location } = request
  switch (location.protocol) {
    case 'file:':
      return openFile(door, location)
    case 'http:':
    case 'https:':
      if (!door.allowUrlRecovery) {
        throw new WireError(
          403,
          'Forbidden: Snapshot recovery from remote URLs is disabled in the configuration',
        )
      }
      return door.download(location.href, request.apiKey === undefined ? {} : { apiKey: request.apiKey })
    default:
      throw badRequest(`URL ${location.href} with scheme ${location.protocol.slice(0, -1)} is not supported`)
  }
}

async function openFile(door: QdrantDoorOptions, location: URL): Promise<AsyncIterable<Uint8Array>> {
  if (location.hostname !== '' && location.hostname !== 'localhost') {
    throw badRequest('Invalid snapshot URI, file path must be absolute or on localhost')
  }
  let path: string
  try {
    const local = new URL(location)
    local.hostname = ''
    path = fileURLToPath(local)
  } catch {
    throw badRequest('Invalid snapshot URI, file path must be absolute or on localhost')
  }
  const found = await door.archives.findByPath(path)
  if (found === 'outside') {
    throw new WireError(
      403,
      `Forbidden: Snapshot file path must be inside the snapshots directory "${door.snapshotsPath}"`,
    )
  }
  if (found === undefined) throw badRequest(`Snapshot file ${JSON.stringify(path)} does not exist`)
  return found.stream()
}

export interface RecoverOptions {
  readonly checksum?: string | undefined
  /** How a checksum that differs is worded: routes differ in it. */
  readonly mismatch: (given: string, computed: string) => WireError
  readonly signal?: AbortSignal
}

/** Restores an archive under a name, in place where a collection of the name (or behind the alias) exists. */
export async function recover(
  door: QdrantDoorOptions,
  name: string,
  source: AsyncIterable<Uint8Array>,
  options: RecoverOptions,
): Promise<Collection> {
  const into = door.database.findCollection(name)?.name ?? name
  try {
    return await door.database.restoreArchive(source, {
      into,
      replace: true,
      ...(options.checksum === undefined ? {} : { sha256: options.checksum }),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    })
  } catch (error) {
    throw recoverError(error, options)
  }
}

function recoverError(error: unknown, options: RecoverOptions): unknown {
  if (!(error instanceof DatabaseError)) return error
  const { details } = error
  if (error.code === 'checksum-mismatch')
    return options.mismatch(String(details['expected']), String(details['actual']))
  if (error.code !== 'snapshot-incompatible') return error
  const collection = stringifyJson(details['collection'] as JsonValue)
  const snapshot = stringifyJson(details['snapshot'] as JsonValue)
  const what = details['what'] === 'vectors' ? ['vectors', 'Vectors'] : ['shard number', 'shard number']
  return wrongInput(
    `Snapshot is not compatible with existing collection: Collection ${what[0]!}: ${collection} Snapshot ${what[1]!}: ${snapshot}`,
  )
}
