import type { CollectionConfig } from '../../../collection/types.ts'
import { isDatabaseError } from '../../../errors/database-error.ts'
import type { SnapshotScope } from '../../../manifest/format.ts'
import { readAll } from '../archive-bytes.ts'
import { decodeHeader, encryptedMagic, headerBytes, isEncrypted } from '../encryption/format.ts'
import type { ArchiveFile } from '../format.ts'
import { checkSignature } from '../signature/signature.ts'
import { bytesOf, type ArchiveInput } from './archive-file.ts'
import {
  checkArchiveOptions,
  openArchiveReader,
  type ArchiveReader,
  type OpenArchiveOptions,
} from './archive-reader.ts'

export interface ArchiveInspection {
  /** Length of the file. */
  readonly bytes: number
  /** Null if it is not encrypted. */
  readonly encryption: {
    readonly kind: 'key' | 'passphrase'
    /** Tells keys apart; 16 bytes in hex. */
    readonly keyId: string
  } | null
  /** Null if it is encrypted and no secret was given. */
  readonly content: InspectedContent | null
}

export interface InspectedContent {
  readonly formatVersion: number
  /** Id of the database that wrote it. */
  readonly database: string
  readonly snapshot: {
    readonly id: string
    readonly name: string
    readonly seq: number
    /** Milliseconds since the epoch. */
    readonly createdAt: number
    readonly scope: SnapshotScope
    /** With the scope `shard` only. */
    readonly shard?: number
    readonly labels: Readonly<Record<string, string>>
    readonly description: string
  }
  readonly aliases: Readonly<Record<string, string>>
  readonly collections: readonly {
    readonly id: string
    readonly name: string
    readonly config: CollectionConfig
    readonly pointCount: number
    readonly shards: number
    readonly segments: number
  }[]
  readonly signature: {
    readonly algorithm: string
    readonly keyId: string
    /** Null if no trusted keys were given: then nothing is known of it. */
    readonly isTrusted: boolean | null
  } | null
  /** What is in the archive, `manifest.json` and `manifest.sig` left aside. */
  readonly files: Amount
  /** Of an incremental archive: what it leaves to its base. */
  readonly base: {
    readonly database: string
    readonly snapshot: string
    readonly name: string
    readonly external: Amount
  } | null
}

export interface Amount {
  readonly count: number
  readonly bytes: number
}

/**
 * What an archive says of itself; reads its manifest and where its entries lie. A signature is reported, trusted or not.
 * @throws archive-not-found, archive-invalid, archive-key-wrong if another secret was given, version-unsupported
 */
export async function inspectArchive(
  input: ArchiveInput,
  options: OpenArchiveOptions = {},
): Promise<ArchiveInspection> {
  checkArchiveOptions(options)
  const source = await bytesOf(input)
  const beginning = await readAll(source, { length: Math.min(headerBytes, source.bytes) })
  const isSealed = isEncrypted(beginning.subarray(0, encryptedMagic.byteLength))
  const encryption = isSealed ? keyOf(beginning) : null
  if (isSealed && options.decrypt === undefined) return { bytes: source.bytes, encryption, content: null }
  const { decrypt, signal, trustedKeys } = options
  const reader = await openArchiveReader(source, { decrypt, signal })
  return { bytes: source.bytes, encryption, content: contentOf(reader, trustedKeys) }
}

function keyOf(header: Uint8Array): ArchiveInspection['encryption'] {
  const { kind, keyId } = decodeHeader(header)
  return { kind, keyId }
}

function contentOf(reader: ArchiveReader, trustedKeys: readonly string[] | undefined): InspectedContent {
  const { formatVersion, database, snapshot, aliases, collections, files, base, external } = reader.manifest
  const { id, name, seq, createdAt, scope, shard, labels, description } = snapshot
  return {
    formatVersion,
    database,
    snapshot: {
      ...{ id, name, seq, createdAt, scope },
      ...(shard === undefined ? {} : { shard }),
      ...{ labels, description },
    },
    aliases,
    collections: collections.map((collection) => ({
      id: collection.id,
      name: collection.name,
      config: collection.config,
      pointCount: collection.pointCount,
      shards: collection.shards.length,
      segments: new Set(collection.shards.flat().map(({ segment }) => segment)).size,
    })),
    signature: signatureOf(reader, trustedKeys),
    files: amountOf(files),
    base: base === null ? null : { ...base, external: amountOf(external) },
  }
}

function signatureOf(
  { signature, manifestBytes }: ArchiveReader,
  trustedKeys: readonly string[] | undefined,
): InspectedContent['signature'] {
  if (signature === undefined) return null
  const { algorithm, keyId } = signature
  if (trustedKeys === undefined) return { algorithm, keyId, isTrusted: null }
  try {
    checkSignature(manifestBytes, signature, trustedKeys)
    return { algorithm, keyId, isTrusted: true }
  } catch (error) {
    if (!isDatabaseError(error, 'archive-untrusted')) throw error
    return { algorithm, keyId, isTrusted: false }
  }
}

function amountOf(files: readonly ArchiveFile[]): Amount {
  return { count: files.length, bytes: files.reduce((sum, { bytes }) => sum + bytes, 0) }
}
