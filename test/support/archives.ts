import { createHash } from 'node:crypto'
import { collectionIdOf, segmentIdOf, seqOf, snapshotIdOf, type SegmentId } from '../../src/ids/brands.ts'
import type { DeltaRef, ManifestEntry } from '../../src/manifest/format.ts'
import type { Random } from '../../src/runtime/random.ts'
import type { SegmentInfo } from '../../src/segment/format.ts'
import { manifestName, type ArchiveManifest } from '../../src/snapshot/archive/format.ts'
import {
  createLayout,
  streamLayout,
  type ArchiveLayout,
  type ByteRange,
} from '../../src/snapshot/archive/layout.ts'
import { createArchiveManifest, encodeArchiveManifest } from '../../src/snapshot/archive/manifest-writer.ts'
import { MemoryObjectStore } from '../../src/storage/memory-object-store.ts'
import type { ObjectStore } from '../../src/storage/object-store.ts'

// Archives whose segments hold arbitrary bytes: for what is between the files, not in them.

export interface SampleArchive {
  /** Holds the files under the names that they have in the archive. */
  readonly store: ObjectStore
  readonly manifest: ArchiveManifest
  readonly layout: ArchiveLayout
}

export interface SampleOptions {
  readonly scope?: 'collection' | 'store'
  readonly collections?: number
  readonly segmentsPerShard?: number
  readonly fileBytesMax?: number
}

export async function sampleArchive(random: Random, options: SampleOptions = {}): Promise<SampleArchive> {
  const store = new MemoryObjectStore()
  const sample = new Sampler(random, store, options.fileBytesMax ?? 2000)
  const scope = options.scope ?? 'collection'
  const collections = []
  const segments: SegmentInfo[] = []
  for (let i = 0; i < (scope === 'collection' ? 1 : (options.collections ?? 2)); i++) {
    const shards: ManifestEntry[][] = [[], []]
    for (const shard of shards) {
      for (let j = 0; j < (options.segmentsPerShard ?? 2); j++) {
        const segment = await sample.segment()
        segments.push(segment)
        shard.push(await sample.entry(segment.id))
      }
    }
    collections.push(sample.collection(`collection ${i}`, shards))
  }
  const manifest = createArchiveManifest({
    database: random.uuid(),
    snapshot: {
      id: snapshotIdOf(random.uuid()),
      name: 'before the change',
      seq: seqOf(1000),
      createdAt: 1_700_000_000_000,
      scope,
      labels: Object.fromEntries([
        ['zone', 'eu'],
        ['__proto__', 'an own key'],
      ]),
      description: 'ünïcode "quoted"',
    },
    aliases: scope === 'store' && collections.length > 0 ? { newest: 'collection 0' } : {},
    collections,
    segments,
  })
  return { store, manifest, layout: layoutOf(manifest, store) }
}

export function layoutOf(manifest: ArchiveManifest, store: ObjectStore): ArchiveLayout {
  const bytes = encodeArchiveManifest(manifest)
  return createLayout(
    {
      name: manifestName,
      bytes: bytes.byteLength,
      sha256: sha256Of(bytes),
      source: ({ offset, length }) => chunked(bytes.subarray(offset, offset + length), length),
    },
    manifest.files.map((file) => ({ ...file, source: (range: ByteRange) => store.stream(file.name, range) })),
  )
}

/** The whole archive's bytes. */
export async function archiveBytes(layout: ArchiveLayout): Promise<Uint8Array> {
  return collect(streamLayout(layout))
}

export async function collect(source: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  for await (const chunk of source) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** The bytes in chunks of a given length. */
export async function* chunked(bytes: Uint8Array, chunkBytes: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += chunkBytes) {
    // As from a network: the next chunk comes in another turn of the event loop's queue.
    await Promise.resolve()
    yield bytes.subarray(at, at + chunkBytes)
  }
}

export function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** Every object of a store with its content. */
export async function contentOf(store: ObjectStore): Promise<ReadonlyMap<string, string>> {
  const content = new Map<string, string>()
  for (const { key } of await store.list('')) content.set(key, sha256Of(await store.get(key)))
  return content
}

class Sampler {
  readonly #random: Random
  readonly #store: ObjectStore
  readonly #fileBytesMax: number

  constructor(random: Random, store: ObjectStore, fileBytesMax: number) {
    this.#random = random
    this.#store = store
    this.#fileBytesMax = fileBytesMax
  }

  async segment(): Promise<SegmentInfo> {
    const id = segmentIdOf(this.#random.uuid())
    return {
      id,
      rowCount: 100,
      minSeq: seqOf(1),
      maxSeq: seqOf(900),
      formatVersion: 1,
      files: [
        { name: 'rows.parquet', ...(await this.#file(id, 'rows.parquet')) },
        { name: 'image.graph', ...(await this.#file(id, 'image.graph')), vector: 'image' },
      ],
    }
  }

  async entry(segment: SegmentId): Promise<ManifestEntry> {
    const isForeign = this.#random.next() < 0.5
    return {
      segment,
      rowsUpTo: isForeign ? null : seqOf(1000),
      foreign: isForeign,
      inherited: isForeign ? [await this.#delta(segment)] : [],
      deltas: this.#random.next() < 0.5 ? [await this.#delta(segment), await this.#delta(segment)] : [],
    }
  }

  collection(
    name: string,
    shards: readonly (readonly ManifestEntry[])[],
  ): ArchiveManifest['collections'][number] {
    return {
      id: collectionIdOf(this.#random.uuid()),
      name,
      config: {
        vectors: {
          image: { size: 4, distance: 'Cosine', settings: { on_disk: true } },
          '': { size: 2, distance: 'Dot' },
        },
        shardNumber: shards.length,
        payloadIndexes: {
          city: { type: 'keyword' },
          text: { type: 'text', tokenizer: 'word', lowercase: true },
        },
        settings: { hnsw_config: { m: 16 } },
      },
      pointCount: 10 * shards.flat().length,
      shards,
    }
  }

  async #delta(segment: SegmentId): Promise<DeltaRef> {
    const name = `deltas-${this.#random.uuid()}.bin`
    return { name, ...(await this.#file(segment, name)), count: 3, upTo: seqOf(1000) }
  }

  async #file(
    segment: SegmentId,
    name: string,
  ): Promise<{ readonly bytes: number; readonly sha256: string }> {
    const edges = [0, 1, 511, 512, 513, 1024]
    const isEdge = this.#random.next() < 0.5
    const length = isEdge
      ? edges[Math.floor(this.#random.next() * edges.length)]!
      : Math.floor(this.#random.next() * this.#fileBytesMax)
    const bytes = Uint8Array.from({ length }, () => Math.floor(this.#random.next() * 256))
    await this.#store.put(`segments/${segment}/${name}`, bytes)
    return { bytes: length, sha256: sha256Of(bytes) }
  }
}
