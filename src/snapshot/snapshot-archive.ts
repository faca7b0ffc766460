import type { SnapshotRecord } from '../manifest/format.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import { bytesInMemory, type ArchiveBytes } from './archive/archive-bytes.ts'
import { encryptArchive } from './archive/encryption/encrypt.ts'
import type { ArchiveSecret } from './archive/encryption/keys.ts'
import {
  bytesOfLayout,
  createLayout,
  hashArchive,
  identityOfLayout,
  type ArchiveEntry,
  type ByteRange,
} from './archive/layout.ts'
import {
  contentFiles,
  contentKey,
  manifestName,
  type ArchiveCollection,
  type ArchiveManifest,
} from './archive/format.ts'
import { decodeArchiveManifest } from './archive/manifest-reader.ts'
import { createArchiveManifest, encodeArchiveManifest, type KnownFiles } from './archive/manifest-writer.ts'
import { signatureName, signManifest } from './archive/signature/signature.ts'
import { sha256 } from '../manifest/writer.ts'
import type { Pins } from './pins.ts'
import type { SealedContent } from './seal.ts'

/** What an archive is made as. */
export interface ArchiveOptions {
  /** Encrypts it with AES-256-GCM, by 32 random bytes or by a passphrase. */
  readonly encrypt?: ArchiveSecret
  /** Signs its manifest: an Ed25519 private key, PEM (PKCS #8). */
  readonly sign?: string
}

/** A sealed snapshot as one file that is produced while it is read: nothing is copied, its length is known. */
export class Archive implements ArchiveBytes {
  readonly #content: ArchiveBytes
  readonly #unpin: () => void

  constructor(content: ArchiveBytes, unpin: () => void) {
    this.#content = content
    this.#unpin = unpin
  }

  /** Length of the whole archive. */
  get bytes(): number {
    return this.#content.bytes
  }

  /** Any range, by default everything; the same bytes at every call. @throws request-invalid, segment-corrupt */
  stream(range?: { readonly offset?: number; readonly length?: number }): AsyncIterable<Uint8Array> {
    return this.#content.stream(range)
  }

  /** Of the whole archive, in hex; reads every byte. */
  sha256(): Promise<string> {
    return hashArchive(this.#content)
  }

  /** Lets garbage collection take the segments again, if nothing else holds them. */
  close(): void {
    this.#unpin()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close()
  }
}

export interface ArchiveSource {
  readonly store: ObjectStore
  readonly pins: Pins
  readonly database: string
}

/** The archive of a snapshot; its segments are pinned until it is closed. @throws request-invalid */
export async function openArchive(
  source: ArchiveSource,
  record: SnapshotRecord,
  sealed: readonly SealedContent[],
  options: ArchiveOptions & { readonly known?: KnownFiles | undefined } = {},
): Promise<Archive> {
  const manifest = manifestOf(source.database, record, sealed, options.known)
  const unpin = source.pins.pin(manifest.segments.map(({ id }) => id))
  try {
    return new Archive(await contentOf(source.store, manifest, options), unpin)
  } catch (error) {
    unpin()
    throw error
  }
}

function manifestOf(
  database: string,
  record: SnapshotRecord,
  sealed: readonly SealedContent[],
  known?: KnownFiles,
): ArchiveManifest {
  const { collections: _refs, aliases, ...snapshot } = record
  const collections: ArchiveCollection[] = sealed.map(({ stored, name, pointCount }) => ({
    id: stored.collection,
    name,
    config: stored.config,
    pointCount,
    shards: stored.shards,
  }))
  const segments = sealed.flatMap(({ stored }) => stored.segments)
  return createArchiveManifest({ database, snapshot, aliases, collections, segments }, known)
}

async function contentOf(
  store: ObjectStore,
  manifest: ArchiveManifest,
  { encrypt, sign }: ArchiveOptions,
): Promise<ArchiveBytes> {
  const bytes = encodeArchiveManifest(manifest)
  const head = [entryInMemory(manifestName, bytes)]
  if (sign !== undefined) head.push(entryInMemory(signatureName, signManifest(bytes, sign)))
  const files = manifest.files.map((file) => ({
    ...file,
    source: (range: ByteRange) => store.stream(file.name, range),
  }))
  const layout = createLayout(head, files)
  const plain = bytesOfLayout(layout)
  if (encrypt === undefined) return plain
  const identity = identityOfLayout(layout)
  return encryptArchive(plain, { secret: encrypt, identity, saltSeed: manifest.snapshot.id })
}

function entryInMemory(name: string, content: Uint8Array): ArchiveEntry {
  const memory = bytesInMemory(content)
  return { name, bytes: content.byteLength, sha256: sha256(content), source: (range) => memory.stream(range) }
}

/** What a reader has who has a snapshot of this store. */
export function knownFilesOf(
  database: string,
  record: SnapshotRecord,
  sealed: readonly SealedContent[],
): KnownFiles {
  return knownFilesIn(manifestOf(database, record, sealed))
}

/** What a reader has whose archive has this `manifest.json`. @throws archive-invalid, version-unsupported */
export function knownFilesOfManifest(manifest: Uint8Array): KnownFiles {
  return knownFilesIn(decodeArchiveManifest(manifest))
}

function knownFilesIn(manifest: ArchiveManifest): KnownFiles {
  const { id, name } = manifest.snapshot
  return {
    base: { database: manifest.database, snapshot: id, name },
    contents: new Set(contentFiles(manifest).map(contentKey)),
  }
}
