import { createHash } from 'node:crypto'
import { DatabaseError } from '../../errors/database-error.ts'
import { assert } from '../../runtime/assert.ts'
import { encodeTarHeader } from './tar-header.ts'
import { blockBytes, endBytes, memberBytes, nameProblem, paddingBytes } from './tar-format.ts'

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
  /** `manifest.json`, then the others by name. */
  readonly entries: readonly ArchiveEntry[]
  readonly bytes: number
}

/** Puts entries into their order. The first stays the first; the others are sorted by the code units of their names. */
export function createLayout(first: ArchiveEntry, others: readonly ArchiveEntry[]): ArchiveLayout {
  const sorted = others.toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
  const entries = [first, ...sorted]
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
  range: { readonly offset?: number; readonly length?: number } = {},
): AsyncIterable<Uint8Array> {
  const offset = range.offset ?? 0
  const length = range.length ?? layout.bytes - offset
  checkRange(layout, offset, length)
  return streamSpan(layout, { from: offset, to: offset + length })
}

/** SHA-256 of the whole archive, lower-case hex. Reads every byte. */
export async function hashLayout(layout: ArchiveLayout): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of streamLayout(layout)) hash.update(chunk)
  return hash.digest('hex')
}

interface Span {
  readonly from: number
  readonly to: number
}

function checkRange(layout: ArchiveLayout, offset: number, length: number): void {
  const isValid = Number.isSafeInteger(offset) && Number.isSafeInteger(length) && offset >= 0 && length >= 0
  if (isValid && offset + length <= layout.bytes) return
  throw new DatabaseError(
    'request-invalid',
    `Cannot read ${length} bytes of the archive from ${offset}: it has ${layout.bytes} bytes`,
    { offset, length, bytes: layout.bytes },
  )
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
