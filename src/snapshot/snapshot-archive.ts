import type { SnapshotRecord } from '../manifest/format.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import {
  createLayout,
  hashLayout,
  streamLayout,
  type ArchiveEntry,
  type ArchiveLayout,
} from './archive/layout.ts'
import { manifestName, type ArchiveCollection } from './archive/format.ts'
import { createArchiveManifest, encodeArchiveManifest } from './archive/manifest-writer.ts'
import { sha256 } from '../manifest/writer.ts'
import type { Pins } from './pins.ts'
import type { SealedContent } from './seal.ts'

/** A sealed snapshot as one tar that is produced while it is read: nothing is copied, its length is known. */
export class Archive {
  readonly #layout: ArchiveLayout
  readonly #unpin: () => void

  constructor(layout: ArchiveLayout, unpin: () => void) {
    this.#layout = layout
    this.#unpin = unpin
  }

  /** Length of the whole archive. */
  get bytes(): number {
    return this.#layout.bytes
  }

  /** Any range, by default everything; the same bytes at every call. @throws request-invalid, segment-corrupt */
  stream(range?: { readonly offset?: number; readonly length?: number }): AsyncIterable<Uint8Array> {
    return streamLayout(this.#layout, range)
  }

  /** Of the whole archive, in hex; reads every byte. */
  sha256(): Promise<string> {
    return hashLayout(this.#layout)
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

/** The archive of a snapshot; its segments are pinned until it is closed. */
export function openArchive(
  source: ArchiveSource,
  record: SnapshotRecord,
  sealed: readonly SealedContent[],
): Archive {
  const { collections: _refs, aliases, ...snapshot } = record
  const collections: ArchiveCollection[] = sealed.map(({ stored, name, pointCount }) => ({
    id: stored.collection,
    name,
    config: stored.config,
    pointCount,
    shards: stored.shards,
  }))
  const segments = sealed.flatMap(({ stored }) => stored.segments)
  const manifest = createArchiveManifest({
    database: source.database,
    snapshot,
    aliases,
    collections,
    segments,
  })
  const bytes = encodeArchiveManifest(manifest)
  const first: ArchiveEntry = {
    name: manifestName,
    bytes: bytes.byteLength,
    sha256: sha256(bytes),
    source: ({ offset, length }) => oneChunk(bytes.subarray(offset, offset + length)),
  }
  const others = manifest.files.map((file) => ({
    ...file,
    source: (range: { readonly offset: number; readonly length: number }) =>
      source.store.stream(file.name, range),
  }))
  const unpin = source.pins.pin(manifest.segments.map(({ id }) => id))
  return new Archive(createLayout(first, others), unpin)
}

async function* oneChunk(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes
}
