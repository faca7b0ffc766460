import { partitionOfShard, shardCountOf } from '../../collection/partitions.ts'
import type { DeltaRef, ManifestEntry } from '../../manifest/format.ts'
import type { SegmentId } from '../../ids/brands.ts'
import type { SegmentInfo } from '../../segment/format.ts'
import {
  archiveFileName,
  contentFiles,
  shardArchiveVersion,
  type ArchiveCollection,
  type ArchiveFile,
  type ArchiveManifest,
} from './format.ts'

export interface Inconsistency {
  readonly path: string
  readonly why: string
}

/** Where the parts of a manifest contradict each other; undefined if they fit together. */
export function findInconsistency(manifest: ArchiveManifest): Inconsistency | undefined {
  try {
    new Checker(manifest).check()
    return undefined
  } catch (error) {
    if (error instanceof Contradiction) return error
    throw error
  }
}

class Contradiction extends Error implements Inconsistency {
  readonly path: string
  readonly why: string

  constructor(path: string, why: string) {
    super(`${path} ${why}`)
    this.path = path
    this.why = why
  }
}

class Checker {
  readonly #manifest: ArchiveManifest
  readonly #segments: ReadonlyMap<SegmentId, SegmentInfo>
  readonly #files: ReadonlyMap<string, ArchiveFile>
  /** Names of segment files, which no delta may have. */
  readonly #segmentFiles = new Set<string>()
  readonly #usedFiles = new Set<string>()
  readonly #usedSegments = new Set<SegmentId>()
  readonly #deltaCounts = new Map<string, number>()

  constructor(manifest: ArchiveManifest) {
    this.#manifest = manifest
    this.#segments = uniqueBy(manifest.segments, 'segments', (segment) => segment.id)
    this.#files = uniqueBy(contentFiles(manifest), 'files', (file) => file.name)
  }

  check(): void {
    const { collections, segments } = this.#manifest
    const files = contentFiles(this.#manifest)
    checkTotal(files)
    for (const segment of segments) this.#checkSegment(segment)
    uniqueBy(collections, 'collections', (collection) => collection.id)
    const byName = uniqueBy(collections, 'collections', (collection) => collection.name)
    collections.forEach((collection, index) => this.#checkCollection(collection, `collections[${index}]`))
    this.#checkScope(byName)
    segments.forEach(({ id }, index) => {
      if (!this.#usedSegments.has(id)) throw new Contradiction(`segments[${index}]`, `(${id}) is in no shard`)
    })
    files.forEach(({ name }, index) => {
      if (!this.#usedFiles.has(name))
        throw new Contradiction(`files[${index}]`, `(${name}) belongs to no segment`)
    })
  }

  #checkScope(byName: ReadonlyMap<string, ArchiveCollection>): void {
    const { aliases, collections, snapshot } = this.#manifest
    if (snapshot.scope === 'collection' && collections.length !== 1) {
      throw new Contradiction(
        'collections',
        `has ${collections.length} members, but the snapshot is one of a collection`,
      )
    }
    this.#checkShard()
    for (const [alias, collection] of Object.entries(aliases)) {
      if (!byName.has(collection))
        throw new Contradiction('aliases', `names a collection that is not in the archive`)
      if (alias === '') throw new Contradiction('aliases', 'has an empty alias')
      if (byName.has(alias))
        throw new Contradiction('aliases', 'has an alias that is the name of a collection')
    }
  }

  #checkShard(): void {
    const { collections, snapshot, formatVersion } = this.#manifest
    const { scope, shard } = snapshot
    if (scope !== 'shard' && shard === undefined) return
    if (scope !== 'shard' || shard === undefined)
      throw new Contradiction('snapshot.shard', 'is there for a snapshot of one shard, and only for that')
    if (formatVersion < shardArchiveVersion)
      throw new Contradiction('formatVersion', 'is lower than that of archives of one shard')
    const [collection] = collections
    if (collection === undefined || collections.length > 1)
      throw new Contradiction('collections', `has ${collections.length} members, but one has the shard`)
    if (shard >= collection.shards.length)
      throw new Contradiction('snapshot.shard', `is ${shard} of ${collection.shards.length}`)
    if (collection.shards.some((entries, index) => index !== shard && entries.length > 0))
      throw new Contradiction('collections[0].shards', `has segments in other shards than ${shard}`)
  }

  #checkSegment(segment: SegmentInfo): void {
    for (const file of segment.files) {
      const name = archiveFileName(segment.id, file.name)
      if (this.#segmentFiles.has(name)) throw new Contradiction('segments', `lists ${name} twice`)
      this.#segmentFiles.add(name)
      this.#useFile(name, file)
    }
  }

  #checkCollection(collection: ArchiveCollection, path: string): void {
    const stated = shardCountOf(collection.config)
    if (collection.shards.length !== stated) {
      throw new Contradiction(
        `${path}.shards`,
        `has ${collection.shards.length} members, the configuration says ${stated}`,
      )
    }
    let rows = 0
    for (const [shard, entries] of collection.shards.entries()) {
      if (entries.length > 0 && partitionOfShard(collection.config, shard) === null)
        throw new Contradiction(`${path}.shards`, `has segments in shard ${shard}, which is of no partition`)
      uniqueBy(entries, `${path}.shards`, (entry) => entry.segment)
      for (const entry of entries) rows += this.#checkEntry(entry, path)
    }
    if (collection.pointCount > rows) {
      throw new Contradiction(
        `${path}.pointCount`,
        `is ${collection.pointCount}, but its segments have ${rows} rows`,
      )
    }
  }

  /** Gives the number of rows of the entry's segment. */
  #checkEntry(entry: ManifestEntry, path: string): number {
    const segment = this.#segments.get(entry.segment)
    if (segment === undefined)
      throw new Contradiction(`${path}.shards`, `names segment ${entry.segment}, which is not described`)
    this.#usedSegments.add(entry.segment)
    for (const ref of entry.inherited) this.#checkDelta(entry.segment, ref, path)
    for (const ref of entry.deltas) this.#checkDelta(entry.segment, ref, path)
    return segment.rowCount
  }

  #checkDelta(segment: SegmentId, ref: DeltaRef, path: string): void {
    const name = archiveFileName(segment, ref.name)
    if (this.#segmentFiles.has(name))
      throw new Contradiction(`${path}.shards`, `names ${name} as a delta, which is a segment file`)
    if ((this.#deltaCounts.get(name) ?? ref.count) !== ref.count) {
      throw new Contradiction(`${path}.shards`, `states two numbers of deletions for ${name}`)
    }
    this.#deltaCounts.set(name, ref.count)
    this.#useFile(name, ref)
  }

  #useFile(name: string, stated: { readonly bytes: number; readonly sha256: string }): void {
    const file = this.#files.get(name)
    if (file === undefined) throw new Contradiction('files', `does not list ${name}`)
    if (file.bytes !== stated.bytes || file.sha256 !== stated.sha256) {
      throw new Contradiction('files', `states another length or SHA-256 for ${name} than its segment`)
    }
    this.#usedFiles.add(name)
  }
}

function uniqueBy<T, K>(items: readonly T[], path: string, keyOf: (item: T) => K): ReadonlyMap<K, T> {
  const found = new Map<K, T>()
  items.forEach((item, index) => {
    const key = keyOf(item)
    if (found.has(key)) throw new Contradiction(`${path}[${index}]`, `occurs twice (${String(key)})`)
    found.set(key, item)
  })
  return found
}

/** Each length is a safe integer; so must be their sum, with a header and padding for each. */
function checkTotal(files: readonly ArchiveFile[]): void {
  const total = files.reduce((sum, { bytes }) => sum + bytes + 1024, 0)
  if (total > Number.MAX_SAFE_INTEGER / 2)
    throw new Contradiction('files', 'adds up to more bytes than can be counted')
}
