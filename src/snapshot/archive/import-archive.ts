import { createHash, type Hash } from 'node:crypto'
import { DatabaseError, isDatabaseError } from '../../errors/database-error.ts'
import type { SegmentId } from '../../ids/brands.ts'
import { assert } from '../../runtime/assert.ts'
import type { ObjectStore } from '../../storage/object-store.ts'
import type { VerifiedObjects } from '../../storage/verified-objects.ts'
import { copyExternal, findExternal, type FileCandidates, type FileFinder } from './base/external-files.ts'
import { ByteSource } from './byte-source.ts'
import { decryptStream, notEncrypted } from './encryption/decrypt.ts'
import { encryptedMagic, isEncrypted } from './encryption/format.ts'
import type { ArchiveSecret } from './encryption/keys.ts'
import { archiveFileName, contentKey, type ArchiveFile, type ArchiveManifest } from './format.ts'
import { decodeArchiveManifest } from './manifest-reader.ts'
import { readArchive, type ArchiveHandler, type ArchiveLimits } from './reader.ts'
import { checkSignature, type ArchiveSignature } from './signature/signature.ts'

export interface ReadOptions {
  readonly source: AsyncIterable<Uint8Array>
  /** What the SHA-256 of the whole archive, as it is received, must be, in hex. */
  readonly sha256?: string | undefined
  /** For an encrypted archive; one that is not encrypted is refused then. */
  readonly decrypt?: ArchiveSecret | undefined
  /** Ed25519 public keys in PEM: an archive that none of them signed is refused before anything of it is used. */
  readonly trustedKeys?: readonly string[] | undefined
  readonly signal?: AbortSignal | undefined
  /** Called after every chunk with the bytes received so far. */
  readonly onProgress?: ((progress: { readonly bytes: number }) => void) | undefined
  readonly limits?: ArchiveLimits & {
    /** Of a damaged archive, how much is read on to tell whether it is the one that was meant. Default 1 GiB. */
    readonly drainBytesMax?: number
  }
}

export interface ImportOptions extends ReadOptions {
  readonly store: ObjectStore
  /** Learns of every file that is stored. */
  readonly verified?: VerifiedObjects
  /**
   * Called when the manifest has been read and before a data byte is stored. Gives a fresh id for each segment of
   * the manifest; may throw.
   */
  readonly accept: (manifest: ArchiveManifest) => SegmentIds | Promise<SegmentIds>
  /** Where the files are looked for that an incremental archive leaves out, in this order. */
  readonly finders?: readonly FileFinder[]
}

export type SegmentIds = ReadonlyMap<SegmentId, SegmentId>

export interface ReadResult {
  readonly manifest: ArchiveManifest
  readonly signature: ArchiveSignature | undefined
  /** Of the whole archive, lower-case hex. */
  readonly sha256: string
  readonly bytes: number
}

const drainBytesMaxDefault = 1024 ** 3

/**
 * Streams an archive's files into the store, each below its segment's new id, and checks every byte on the way.
 * Nothing refers to them yet: the caller's manifest makes them count. On any failure they are deleted again.
 *
 * @throws archive-invalid naming the entry, archive-key-wrong, archive-untrusted, archive-base-missing,
 *   version-unsupported, checksum-mismatch with `expected` and `actual`, cancelled, and whatever `accept`, the source or
 *   the store throws
 */
export async function importArchive(options: ImportOptions): Promise<ReadResult> {
  const { store, signal, verified } = options
  const written: string[] = []
  let newIds: SegmentIds = new Map()
  let external: FileCandidates = new Map()
  try {
    const result = await readWhole(
      options,
      async (manifest) => {
        newIds = await options.accept(manifest)
        checkNewIds(manifest, newIds)
        external = await findExternal(manifest.external, options.finders ?? [])
      },
      async (file, body) => {
        const key = targetKey(file, newIds)
        // An object that is there already is not ours, whatever the ids say: it is neither replaced nor deleted.
        await store.put(key, body, { ifAbsent: true })
        written.push(key)
        await verified?.written(key, file)
      },
    )
    // Last, so that a damaged archive is refused before anything is copied.
    for (const file of result.manifest.external) {
      const key = targetKey(file, newIds)
      await copyExternal(store, key, file, external.get(contentKey(file))!, signal)
      written.push(key)
      await verified?.written(key, file)
    }
    return result
  } catch (error) {
    await discard(store, written)
    throw error
  }
}

/** Reads and checks a whole archive in one pass, and keeps nothing of it. @throws as `importArchive` */
export function checkArchive(options: ReadOptions): Promise<ReadResult> {
  return readWhole(
    options,
    async () => undefined,
    async (_file, body) => {
      for await (const _chunk of body);
    },
  )
}

async function readWhole(
  options: ReadOptions,
  onManifest: (manifest: ArchiveManifest) => Promise<void>,
  onFile: ArchiveHandler['file'],
): Promise<ReadResult> {
  const expected = parseSha256(options.sha256)
  const hash = createHash('sha256')
  let received = 0
  const raw = new ByteSource(options.source, {
    signal: options.signal,
    onChunk(chunk) {
      hash.update(chunk)
      received += chunk.byteLength
      options.onProgress?.({ bytes: received })
    },
  })
  let manifest: ArchiveManifest | undefined
  let signature: ArchiveSignature | undefined
  try {
    const handler: ArchiveHandler = {
      async manifest(content, signedBy) {
        checkSignature(content, signedBy, options.trustedKeys)
        signature = signedBy
        manifest = decodeArchiveManifest(content)
        await onManifest(manifest)
        return manifest.files
      },
      file: onFile,
    }
    await readArchive(await decrypted(raw, options.decrypt), handler, options.limits)
    assert(manifest !== undefined, 'an archive that could be read had a manifest')
    const sha256 = hash.digest('hex')
    if (expected !== undefined && sha256 !== expected) throw checksumMismatch(expected, sha256)
    return { manifest, signature, sha256, bytes: received }
  } catch (error) {
    if (expected === undefined || !isDatabaseError(error, 'archive-invalid')) throw error
    const drainBytesMax = options.limits?.drainBytesMax ?? drainBytesMaxDefault
    // If the rest cannot be read, the damage found so far is the answer.
    const actual = await drain(raw, hash, drainBytesMax).catch(() => undefined)
    throw actual === undefined || actual === expected ? error : checksumMismatch(expected, actual, error)
  } finally {
    await raw.close()
  }
}

/** What the received bytes are an archive of: themselves, or what is encrypted in them. */
async function decrypted(raw: ByteSource, secret: ArchiveSecret | undefined): Promise<ByteSource> {
  if (isEncrypted(await raw.peek(encryptedMagic.byteLength)))
    return new ByteSource(decryptStream(raw, secret))
  if (secret !== undefined) throw notEncrypted()
  return raw
}

/**
 * The SHA-256 of a damaged archive, or undefined if it is too long. If it is not the one whose checksum was given,
 * that tells the caller more than the place where the damage shows.
 */
async function drain(bytes: ByteSource, hash: Hash, bytesMax: number): Promise<string | undefined> {
  let left = bytesMax
  while (left > 0) {
    const chunk = await bytes.next(left)
    if (chunk === undefined) return hash.digest('hex')
    left -= chunk.byteLength
  }
  return undefined
}

/** In lower case. @throws request-invalid if it is none */
export function parseSha256(text: string | undefined): string | undefined {
  if (text === undefined || /^[0-9a-f]{64}$/i.test(text)) return text?.toLowerCase()
  throw new DatabaseError('request-invalid', 'Cannot compare a checksum: it is not a SHA-256 in hex', {
    sha256: text,
  })
}

/** What a SHA-256 of an archive was to be and is, both in lower case. */
export function checksumMismatch(expected: string, actual: string, cause?: unknown): DatabaseError {
  return new DatabaseError(
    'checksum-mismatch',
    `Cannot read archive: its SHA-256 is ${actual}, ${expected} was expected`,
    { expected, actual },
    cause,
  )
}

function checkNewIds(manifest: ArchiveManifest, newIds: SegmentIds): void {
  const fresh = new Set<SegmentId>()
  for (const { id } of manifest.segments) {
    const newId = newIds.get(id)
    assert(newId !== undefined && !fresh.has(newId), 'every segment of an archive gets an id of its own')
    fresh.add(newId)
  }
}

function targetKey(file: ArchiveFile, newIds: SegmentIds): string {
  const [, segment, name] = file.name.split('/')
  const newId = newIds.get(segment as SegmentId)
  assert(newId !== undefined && name !== undefined, 'the files of a checked manifest lie in its segments')
  return archiveFileName(newId, name)
}

async function discard(store: ObjectStore, keys: readonly string[]): Promise<void> {
  if (keys.length === 0) return
  // The first error is the one that matters, and no manifest names these objects: garbage collection takes what is left.
  await store.delete(keys).catch(() => undefined)
}
