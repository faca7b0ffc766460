import { createHash } from 'node:crypto'
import { DatabaseError } from '../../errors/database-error.ts'
import { assert } from '../../runtime/assert.ts'
import { resolveRange, type ArchiveBytes } from './archive-bytes.ts'
import { encodeTarHeader } from './tar/tar-header.ts'
import { blockBytes, endBytes, memberBytes, nameProblem, paddingBytes } from './tar/tar-format.ts'

export interface ByteRange {
  readonly offset: number
  readonly length: number
}

export interface ArchiveEntry {
  readonly name: string
  readonly bytes: number
  /** Lower-case hex. Checked whenever the entry is streamed whole. */
  readonly sha256: string
  /** Exactly the bytes of the range, which lies within the entry and is not empty. */
  readonly source: (range: ByteRange) => AsyncIterable<Uint8Array>
}

/** An archive that is not there yet: what it will hold, and its exact length. */
export interface ArchiveLayout {
  /** `manifest.json`, `manifest.sig` if it is signed, then the others by name. */
  readonly entries: readonly ArchiveEntry[]
  readonly bytes: number
}

/** Puts entries into their order: the head as it is, the others sorted by the code units of their names. */
export function createLayout(
  head: ArchiveEntry | readonly ArchiveEntry[],
  others: readonly ArchiveEntry[],
): ArchiveLayout {
  const sorted = others.toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
  const entries = [head, sorted].flat()
  assert(new Set(entries.map(({ name }) => name)).size === entries.length, 'names in an archive are unique')
  for (const { name } of entries)
    assert(nameProblem(name) === undefined, `the name ${name} can stand in an archive`)
  const bytes = entries.reduce((sum, entry) => sum + memberBytes(entry.bytes), endBytes)
  assert(Number.isSafeInteger(bytes), 'the length of an archive is a safe integer')
  return { entries, bytes }
}

/**
 * Any range of the archive's bytes, by default all of them; nothing that lies outside it is read.
 * @throws request-invalid for a range outside the archive, segment-corrupt if a source gives other bytes than promised
 */
export function streamLayout(
  layout: ArchiveLayout,
  range: Partial<ByteRange> = {},
): AsyncIterable<Uint8Array> {
  const { offset, length } = resolveRange(layout.bytes, range)
  return streamSpan(layout, { from: offset, to: offset + length })
}

export function bytesOfLayout(layout: ArchiveLayout): ArchiveBytes {
  return { bytes: layout.bytes, stream: (range) => streamLayout(layout, range) }
}

/** A hash of names, lengths and contents: archives that differ have different ones. Reads nothing. */
export function identityOfLayout(layout: ArchiveLayout): Uint8Array {
  const hash = createHash('sha256')
  for (const { name, bytes, sha256 } of layout.entries) hash.update(`${name}\0${bytes}\0${sha256}\n`)
  return hash.digest()
}

/** SHA-256 of a whole archive, lower-case hex. Reads every byte. */
export async function hashArchive(archive: ArchiveBytes): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of archive.stream()) hash.update(chunk)
  return hash.digest('hex')
}

interface Span {
  readonly from: number
  readonly to: number
}

async function* streamSpan(layout: ArchiveLayout, wanted: Span): AsyncIterable<Uint8Array> {
  let at = 0
  for (const entry of layout.entries) {
    if (at >= wanted.to) return
    const body = at + blockBytes
    const padding = body + entry.bytes
    const end = at + memberBytes(entry.bytes)
    if (end > wanted.from) {
      yield* cut(encodeTarHeader(entry), at, wanted)
      yield* streamBody(entry, {
        from: Math.max(wanted.from - body, 0),
        to: Math.min(wanted.to - body, entry.bytes),
      })
      yield* cut(new Uint8Array(paddingBytes(entry.bytes)), padding, wanted)
    }
    at = end
  }
  yield* cut(new Uint8Array(endBytes), at, wanted)
}

/** The part of `bytes`, which begins at `at` in the archive, that is wanted. */
function* cut(bytes: Uint8Array, at: number, wanted: Span): Iterable<Uint8Array> {
  const from = Math.max(wanted.from - at, 0)
  const to = Math.min(wanted.to - at, bytes.byteLength)
  if (from < to) yield bytes.subarray(from, to)
}

/**
 * A whole entry is hashed on the way, and its last chunk is held back until the hash is right: a reader that got
 * every byte got the right bytes. Of a part, only the length can be checked.
 */
async function* streamBody(entry: ArchiveEntry, span: Span): AsyncIterable<Uint8Array> {
  const length = span.to - span.from
  if (length <= 0) return
  const hash = length === entry.bytes ? createHash('sha256') : undefined
  let given = 0
  let held: Uint8Array | undefined
  for await (const chunk of entry.source({ offset: span.from, length })) {
    given += chunk.byteLength
    if (given > length)
      throw corruptSource(entry, `it gives more than the ${length} bytes that were asked for`)
    hash?.update(chunk)
    if (held !== undefined) yield held
    held = chunk
  }
  if (given < length)
    throw corruptSource(entry, `it gives ${given} of the ${length} bytes that were asked for`)
  const sha256 = hash?.digest('hex')
  if (sha256 !== undefined && sha256 !== entry.sha256) {
    throw corruptSource(entry, `its SHA-256 is ${sha256}, the manifest says ${entry.sha256}`)
  }
  if (held !== undefined) yield held
}

function corruptSource(entry: ArchiveEntry, why: string): DatabaseError {
  return new DatabaseError('segment-corrupt', `Cannot stream ${entry.name} into an archive: ${why}`, {
    entry: entry.name,
  })
}
