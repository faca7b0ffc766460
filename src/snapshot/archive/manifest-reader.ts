import { createHash } from 'node:crypto'
import { parseJson } from '../../encoding/json.ts'
import { DatabaseError } from '../../errors/database-error.ts'
import { collectionIdOf, snapshotIdOf } from '../../ids/brands.ts'
import { snapshotScopes } from '../../manifest/format.ts'
import { segmentFormatVersion, type SegmentInfo } from '../../segment/format.ts'
import { JsonField } from '../json-field.ts'
import { decodeConfig, decodeManifestEntry, decodeSegmentInfo, decodeSeq } from '../stored-fields.ts'
import { invalidEntry } from './archive-error.ts'
import {
  archiveFilesMax,
  archiveFormat,
  archiveFormatVersion,
  contentFiles,
  manifestName,
  type ArchiveBase,
  type ArchiveCollection,
  type ArchiveFile,
  type ArchiveManifest,
  type ArchiveSnapshot,
} from './format.ts'
import { findInconsistency } from './manifest-consistency.ts'
import { nameProblem } from './tar/tar-format.ts'

/** The checksum is the last member; it covers every byte before the comma that precedes it. */
const checksumTail = /,"sha256":"([0-9a-f]{64})"\}\n$/
const checksumTailBytes = ',"sha256":"'.length + 64 + '"}\n'.length

/** Milliseconds since the epoch: beyond it, there is no date to show. */
const timeMax = 8.64e15

/** The bytes of `manifest.json`. @throws archive-invalid, version-unsupported */
export function decodeArchiveManifest(bytes: Uint8Array): ArchiveManifest {
  checkChecksum(bytes)
  let value: unknown
  try {
    value = parseJson(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes))
  } catch (error) {
    throw new DatabaseError(
      'archive-invalid',
      `Cannot read archive: entry ${manifestName}: it is no JSON document in UTF-8`,
      { entry: manifestName },
      error,
    )
  }
  return parseArchiveManifest(value)
}

/**
 * Everything that `manifest.json` says, from a parsed document: types, bounds, and that its parts fit together.
 * Members that this release does not know are left out.
 * @throws archive-invalid naming the member, version-unsupported
 */
export function parseArchiveManifest(value: unknown): ArchiveManifest {
  const root = new JsonField(value, invalidField)
  root.member('format').oneOf([archiveFormat])
  const formatVersion = root.member('formatVersion').count(1)
  if (formatVersion > archiveFormatVersion) {
    throw new DatabaseError(
      'version-unsupported',
      `Cannot read archive: its format version is ${formatVersion}, this release reads up to ${archiveFormatVersion}`,
      { formatVersion, supported: archiveFormatVersion },
    )
  }
  const manifest: ArchiveManifest = {
    format: archiveFormat,
    formatVersion,
    createdAt: decodeTime(root.member('createdAt')),
    database: root.member('database').uuid(),
    snapshot: decodeSnapshot(root.member('snapshot')),
    aliases: root.member('aliases').record((field) => field.name()),
    collections: root.member('collections').array(decodeCollection),
    segments: root.member('segments').array(decodeSegmentInfo),
    files: decodeFiles(root.member('files')),
    ...decodeBase(root, formatVersion),
  }
  if (contentFiles(manifest).length > archiveFilesMax)
    throw invalidField('files', `has more than ${archiveFilesMax} members`)
  for (const segment of manifest.segments) checkSegmentVersion(segment)
  const problem = findInconsistency(manifest)
  if (problem !== undefined) throw invalidField(problem.path, problem.why)
  return manifest
}

/** Told before any data is read, not after all of it. */
function checkSegmentVersion({ id, formatVersion }: SegmentInfo): void {
  if (formatVersion <= segmentFormatVersion) return
  throw new DatabaseError(
    'version-unsupported',
    `Cannot read archive: the format version of segment ${id} is ${formatVersion}, this release reads up to ${segmentFormatVersion}`,
    { segment: id, formatVersion, supported: segmentFormatVersion },
  )
}

function checkChecksum(bytes: Uint8Array): void {
  const split = Math.max(bytes.byteLength - checksumTailBytes, 0)
  const tail = checksumTail.exec(Buffer.from(bytes.subarray(split)).toString('latin1'))
  if (tail === null) throw invalidEntry(manifestName, 'it does not end with its checksum')
  const sha256 = createHash('sha256').update(bytes.subarray(0, split)).digest('hex')
  if (sha256 !== tail[1]) throw invalidEntry(manifestName, `its SHA-256 is ${sha256}, it says ${tail[1]!}`)
}

function decodeSnapshot(field: JsonField): ArchiveSnapshot {
  return {
    id: snapshotIdOf(field.member('id').uuid()),
    name: field.member('name').name(),
    seq: decodeSeq(field.member('seq')),
    createdAt: decodeTime(field.member('createdAt')),
    scope: field.member('scope').oneOf(snapshotScopes),
    ...(field.member('shard').isAbsent ? {} : { shard: field.member('shard').count() }),
    labels: field.member('labels').record((label) => label.text()),
    description: field.member('description').text(),
  }
}

function decodeTime(field: JsonField): number {
  return field.count(0, timeMax)
}

function decodeCollection(field: JsonField): ArchiveCollection {
  return {
    id: collectionIdOf(field.member('id').uuid()),
    name: field.member('name').name(),
    config: decodeConfig(field.member('config')),
    pointCount: field.member('pointCount').count(),
    shards: field.member('shards').array((shard) => shard.array(decodeManifestEntry)),
  }
}

function decodeFiles(field: JsonField): readonly ArchiveFile[] {
  return field.array((file) => ({
    name: decodeEntryName(file.member('name')),
    bytes: file.member('bytes').count(),
    sha256: file.member('sha256').sha256(),
  }))
}

/** Version 1 knows full archives only. */
function decodeBase(root: JsonField, formatVersion: number): Pick<ArchiveManifest, 'base' | 'external'> {
  const field = root.member('base')
  if (formatVersion < 2 || field.isAbsent) return { base: null, external: [] }
  const base: ArchiveBase = {
    database: field.member('database').uuid(),
    snapshot: snapshotIdOf(field.member('snapshot').uuid()),
    name: field.member('name').name(),
  }
  return { base, external: decodeFiles(root.member('external')) }
}

function decodeEntryName(field: JsonField): string {
  const name = field.text()
  const problem = nameProblem(name)
  if (problem !== undefined) throw field.fail(`cannot be accepted: ${problem}`)
  return name
}

function invalidField(path: string, why: string): DatabaseError {
  const shown = path === '' ? 'the document' : path.replace(/[^\x20-\x7e]/g, '?').slice(0, 256)
  return invalidEntry(manifestName, `${shown} ${why}`, { path: shown })
}
