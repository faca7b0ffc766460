import type { JsonValue } from '../../../index.ts'
import {
  DecodeError,
  describe,
  oneOf,
  optional,
  required,
  struct,
  text,
  untagged,
  type Decoder,
} from '../decode.ts'
import { invalid } from '../failures.ts'

export const priorities = ['no_sync', 'snapshot', 'replica'] as const

const location: Decoder<URL> = (value: JsonValue) => {
  if (typeof value !== 'string') {
    throw new DecodeError(`invalid type: ${describe(value)}, expected a string representing an URL`, 'value')
  }
  try {
    return new URL(value)
  } catch {
    throw new DecodeError(`${urlFault(value)}: ${JSON.stringify(value)}`, 'value')
  }
}

function urlFault(text: string): string {
  if (!/^[a-z][a-z0-9+.-]*:/i.test(text)) return 'relative URL without a base'
  const authority = /^[a-z][a-z0-9+.-]*:\/*([^/?#]*)/i.exec(text)?.[1] ?? ''
  if (authority === '') return 'empty host'
  return /:\d*$/.test(authority) ? 'invalid port number' : 'invalid domain character'
}

export interface GivenRecovery {
  readonly location: URL
  readonly priority: (typeof priorities)[number] | undefined
  readonly checksum: string | undefined
  readonly api_key: string | undefined
}

export const recoverFields = ['location', 'priority', 'checksum', 'api_key']

const snapshotRecover = struct<GivenRecovery>('SnapshotRecover', {
  location: required(location),
  priority: optional(oneOf(...priorities)),
  checksum: optional(text),
  api_key: optional(text),
})

/** The body of snapshots/recover. */
export const recoverRequest: Decoder<GivenRecovery> = (value) => {
  const recovery = snapshotRecover(value)
  if (recovery.checksum !== undefined) checkChecksum(recovery.checksum, 'JSON body')
  return recovery
}

/** Where a shard's archive comes from: a URL, or the name of a file of the shard. */
export type ShardLocation = URL | string

export interface GivenShardRecovery extends Omit<GivenRecovery, 'location'> {
  readonly location: ShardLocation
}

const shardSnapshotRecover = struct<GivenShardRecovery>('ShardSnapshotRecover', {
  location: required(untagged<ShardLocation>('ShardSnapshotLocation', location, text)),
  priority: optional(oneOf(...priorities)),
  checksum: optional(text),
  api_key: optional(text),
})

/** The body of shards/{id}/snapshots/recover. */
export const shardRecoverRequest: Decoder<GivenShardRecovery> = (value) => {
  const recovery = shardSnapshotRecover(value)
  if (recovery.checksum !== undefined) checkChecksum(recovery.checksum, 'JSON body')
  return recovery
}

export interface GivenPeer {
  readonly peer_url: URL
  readonly api_key: string | undefined
}

/** The body of snapshot/partial/recover_from. */
export const peerRequest: Decoder<GivenPeer> = struct<GivenPeer>('PartialSnapshotRecoverFrom', {
  peer_url: required(location),
  api_key: optional(text),
})

const digestCharacters = 64

/** 64 hex digits, in any case. @throws WireError 422 */
export function checkChecksum(checksum: string, place: string): void {
  const { length } = [...checksum]
  if (length !== digestCharacters) {
    const parameters = `"expected_length": Number(${digestCharacters}), "length": Number(${length}), "value": String(${JSON.stringify(checksum)})`
    throw invalid(`checksum: Validation error: invalid_sha256_hash [{${parameters}}]`, place)
  }
  if (!/^[0-9a-f]+$/i.test(checksum))
    throw invalid('checksum: invalid characters, expected 0-9, a-f, A-F', place)
}
