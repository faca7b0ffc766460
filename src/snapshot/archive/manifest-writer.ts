import { createHash } from 'node:crypto'
import { stringifyJson, type JsonValue } from '../../encoding/json.ts'
import { DatabaseError } from '../../errors/database-error.ts'
import { assert, InvariantViolation } from '../../runtime/assert.ts'
import type { SegmentInfo } from '../../segment/format.ts'
import { JsonField } from '../json-field.ts'
import { decodeConfig } from '../stored-fields.ts'
import {
  archiveFileName,
  archiveFormat,
  contentKey,
  fullArchiveVersion,
  incrementalArchiveVersion,
  manifestBytesMax,
  shardArchiveVersion,
  type ArchiveBase,
  type ArchiveCollection,
  type ArchiveFile,
  type ArchiveManifest,
} from './format.ts'
import { findInconsistency } from './manifest-consistency.ts'

export type ArchiveContent = Pick<ArchiveManifest, 'database' | 'snapshot' | 'aliases' | 'collections'> & {
  /** Those that the collections name, each at least once; more than once is fine. */
  readonly segments: readonly SegmentInfo[]
}

/** What the reader has already. */
export interface KnownFiles {
  readonly base: ArchiveBase
  /** By `contentKey`. */
  readonly contents: ReadonlySet<string>
}

/**
 * The manifest of an archive with this content: segments and files in order, each once. Files with a content that is
 * known are left out of the archive.
 */
export function createArchiveManifest(content: ArchiveContent, known?: KnownFiles): ArchiveManifest {
  const segments = new Map(content.segments.map((segment) => [segment.id, withSortedFiles(segment)]))
  const files = listFiles(segments.values(), content.collections)
  const isKnown = (file: ArchiveFile): boolean => known?.contents.has(contentKey(file)) ?? false
  const manifest: ArchiveManifest = {
    format: archiveFormat,
    formatVersion: versionOf(content, known),
    createdAt: content.snapshot.createdAt,
    database: content.database,
    snapshot: content.snapshot,
    aliases: sortedRecord(content.aliases),
    collections: content.collections,
    segments: [...segments.values()].sort((a, b) => compare(a.id, b.id)),
    files: files.filter((file) => !isKnown(file)),
    base: known?.base ?? null,
    external: files.filter(isKnown),
  }
  const problem = findInconsistency(manifest)
  assert(
    problem === undefined,
    `an archive's manifest is consistent: ${problem?.path ?? ''} ${problem?.why ?? ''}`,
  )
  return manifest
}

function versionOf({ snapshot }: ArchiveContent, known: KnownFiles | undefined): number {
  if (snapshot.scope === 'shard') return shardArchiveVersion
  return known === undefined ? fullArchiveVersion : incrementalArchiveVersion
}

/**
 * The bytes of `manifest.json`; the same for the same manifest.
 * @throws request-invalid if there are more files than an archive can describe
 */
export function encodeArchiveManifest(manifest: ArchiveManifest): Uint8Array {
  const { snapshot } = manifest
  // Member by member, so that the order does not depend on how the caller's objects came to be.
  const document = {
    format: manifest.format,
    formatVersion: manifest.formatVersion,
    createdAt: manifest.createdAt,
    database: manifest.database,
    snapshot: {
      id: snapshot.id,
      name: snapshot.name,
      seq: snapshot.seq,
      createdAt: snapshot.createdAt,
      scope: snapshot.scope,
      ...(snapshot.shard === undefined ? {} : { shard: snapshot.shard }),
      labels: sortedRecord(snapshot.labels),
      description: snapshot.description,
    },
    aliases: sortedRecord(manifest.aliases),
    collections: manifest.collections.map(collectionJson),
    segments: manifest.segments.map(segmentJson),
    files: manifest.files.map(fileJson),
    ...(manifest.base === null
      ? {}
      : { base: baseJson(manifest.base), external: manifest.external.map(fileJson) }),
  }
  const text = Buffer.from(stringifyJson(document as unknown as JsonValue).slice(0, -1))
  const sha256 = createHash('sha256').update(text).digest('hex')
  const bytes = Buffer.concat([text, Buffer.from(`,"sha256":"${sha256}"}\n`)])
  checkManifestBytes(manifest, bytes.byteLength)
  return bytes
}

function checkManifestBytes(manifest: ArchiveManifest, bytes: number): void {
  if (bytes <= manifestBytesMax) return
  throw new DatabaseError(
    'request-invalid',
    `Cannot make an archive of ${manifest.files.length} files: its manifest would have ${bytes} bytes, at most ${manifestBytesMax} can be read back`,
    { files: manifest.files.length, bytes },
  )
}

function withSortedFiles(segment: SegmentInfo): SegmentInfo {
  return { ...segment, files: segment.files.toSorted((a, b) => compare(a.name, b.name)) }
}

function listFiles(
  segments: Iterable<SegmentInfo>,
  collections: readonly ArchiveCollection[],
): readonly ArchiveFile[] {
  const files = new Map<string, ArchiveFile>()
  const add = (
    name: string,
    { bytes, sha256 }: { readonly bytes: number; readonly sha256: string },
  ): void => {
    files.set(name, { name, bytes, sha256 })
  }
  for (const segment of segments) {
    for (const file of segment.files) add(archiveFileName(segment.id, file.name), file)
  }
  for (const { shards } of collections) {
    for (const entry of shards.flat()) {
      for (const ref of [...entry.inherited, ...entry.deltas])
        add(archiveFileName(entry.segment, ref.name), ref)
    }
  }
  return [...files.values()].sort((a, b) => compare(a.name, b.name))
}

function collectionJson(collection: ArchiveCollection): object {
  const { id, name, pointCount, shards } = collection
  const config = decodeConfig(new JsonField(collection.config, ourMistake))
  return { id, name, config, pointCount, shards: shards.map((entries) => entries.map(entryJson)) }
}

function entryJson(entry: ArchiveCollection['shards'][number][number]): object {
  const { segment, rowsUpTo, foreign, inherited, deltas } = entry
  return { segment, rowsUpTo, foreign, inherited: inherited.map(deltaJson), deltas: deltas.map(deltaJson) }
}

function deltaJson({
  name,
  bytes,
  sha256,
  count,
  upTo,
}: ArchiveCollection['shards'][number][number]['deltas'][number]): object {
  return { name, bytes, sha256, count, upTo }
}

function segmentJson(segment: SegmentInfo): object {
  const { id, rowCount, minSeq, maxSeq, formatVersion } = segment
  const files = segment.files.map(({ name, bytes, sha256, vector }) => ({
    name,
    bytes,
    sha256,
    ...(vector === undefined ? {} : { vector }),
  }))
  return { id, rowCount, minSeq, maxSeq, formatVersion, files }
}

function fileJson({ name, bytes, sha256 }: ArchiveFile): object {
  return { name, bytes, sha256 }
}

function baseJson({ database, snapshot, name }: ArchiveBase): object {
  return { database, snapshot, name }
}

function sortedRecord(record: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => compare(a, b)))
}

function ourMistake(path: string, why: string): Error {
  return new InvariantViolation(`an archive's configuration is valid: ${path} ${why}`)
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
