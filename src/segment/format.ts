import { createHash } from 'node:crypto'
import { DatabaseError } from '../errors/database-error.ts'
import { segmentIdOf, seqOf, type SegmentId, type SequenceNumber } from '../ids/brands.ts'

// A segment is a folder of objects, `segments/<segment id>/` (docs/format/segment.md).
// Invariants:
//   - rows.parquet and the files of vectors have one entry per row, in the same order; row numbers never change.
//   - an object is written once. Deletions come as further delta files; nothing is edited.
//   - length and SHA-256 of every object are in the manifest that names it.

/** The version of what is in a segment's folder; each file has one of its own besides. */
export const segmentFormatVersion = 1
export const rowsFileName = 'rows.parquet'
/** Row numbers are 32-bit, and one value is left for "none". */
export const rowsMax = 2 ** 32 - 1

export interface SegmentFile {
  /** Within the segment's folder. */
  readonly name: string
  readonly bytes: number
  /** Lower-case hex. */
  readonly sha256: string
  /** The vector whose file it is. One may have two: its vectors, and the links of a graph over them. */
  readonly vector?: string
}

export interface SegmentInfo {
  readonly id: SegmentId
  readonly rowCount: number
  /** Lowest and highest number that wrote a row; 0 without rows. */
  readonly minSeq: SequenceNumber
  readonly maxSeq: SequenceNumber
  /** In the order of their names. */
  readonly files: readonly SegmentFile[]
  readonly formatVersion: number
}

/** Deletions of rows of a segment. */
export interface DeltaFile {
  readonly name: string
  readonly bytes: number
  readonly sha256: string
  /** The highest number in the file; where a manifest refers to it, the number up to which it counts there. */
  readonly upTo: SequenceNumber
  /** Deletions in the file. */
  readonly count: number
}

export const segmentKey = (segment: SegmentId, name: string): string => `segments/${segment}/${name}`

/** Dense vectors lie in a graph file, or where it says that they are in rows.parquet, others in a packed one. */
export const graphSuffix = '.graph'
export const packedSuffix = '.packed'
/** Links are made later than the other files, and made anew: no two files of links have one name. */
export const linksSuffix = '.links'
const fileNameCharsMax = 100
const fileNameText = /^[!-.0-[\]-~]{1,100}$/

/** A file's name within its segment's folder: printable ASCII, no slash or backslash, no dot at its beginning. */
function isFileName(name: string): boolean {
  return fileNameText.test(name) && !name.startsWith('.')
}

/**
 * File names for these vectors, by vector, without what tells the kind of file. Names differ by more than upper and
 * lower case, as some file systems see no other difference.
 */
export function vectorFileNames(vectors: readonly string[]): ReadonlyMap<string, string> {
  const names = new Map<string, string>()
  const taken = new Set<string>()
  for (const vector of vectors.toSorted()) {
    const plain = plainName(vector)
    const name = plain === undefined || taken.has(plain.toLowerCase()) ? hashedName(vector) : plain
    taken.add(name.toLowerCase())
    names.set(vector, name)
  }
  return names
}

/** @param unique eight characters that no other file of links of this segment has */
export function linksFileName(vector: string, base: string, unique: string): string {
  const ending = `.${unique}${linksSuffix}`
  return (base.length + ending.length > fileNameCharsMax ? hashedName(vector) : base) + ending
}

export function isLinksFile({ name, vector }: SegmentFile): boolean {
  return vector !== undefined && name.endsWith(linksSuffix)
}

/** The file that has the vectors themselves. */
export function vectorFileOf({ files }: SegmentInfo, vector: string): SegmentFile | undefined {
  return files.find((file) => file.vector === vector && !isLinksFile(file))
}

function plainName(vector: string): string | undefined {
  if (vector === '') return '_'
  // A lone surrogate has no UTF-8 form.
  if (/\p{Surrogate}/u.test(vector)) return undefined
  const escaped = encodeURIComponent(vector)
    .replace(/[*]/g, escapeChar)
    // `_` is the unnamed vector, `~` begins a hash, a dot would hide the file.
    .replace(/^[_~.]/, escapeChar)
  return escaped.length + packedSuffix.length > fileNameCharsMax ? undefined : escaped
}

function escapeChar(char: string): string {
  return `%${char.charCodeAt(0).toString(16).toUpperCase()}`
}

function hashedName(vector: string): string {
  return `~${createHash('sha256').update(vector, 'utf16le').digest('hex').slice(0, 16)}`
}

/** The description of a segment in a manifest. @throws manifest-corrupt naming the member, version-unsupported */
export function parseSegmentInfo(value: unknown): SegmentInfo {
  const info = asObject(value, 'it')
  const formatVersion = asCount(info.formatVersion, 'formatVersion', 1)
  if (formatVersion > segmentFormatVersion) throw unsupportedVersion(String(info.id), formatVersion)
  const id = asText(info.id, 'id', /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
  const minSeq = asCount(info.minSeq, 'minSeq', 0)
  const maxSeq = asCount(info.maxSeq, 'maxSeq', minSeq)
  const rowCount = asCount(info.rowCount, 'rowCount', 0, rowsMax)
  if (!Array.isArray(info.files)) throw malformed('files is no list')
  const files = info.files.map((file, index) => parseFile(file, `files[${index}]`))
  checkFiles(files)
  return { id: segmentIdOf(id), rowCount, minSeq: seqOf(minSeq), maxSeq: seqOf(maxSeq), files, formatVersion }
}

function parseFile(value: unknown, path: string): SegmentFile {
  const file = asObject(value, path)
  const name = asText(file.name, `${path}.name`, fileNameText)
  if (!isFileName(name)) throw malformed(`${path}.name begins with a dot`)
  return {
    name,
    bytes: asCount(file.bytes, `${path}.bytes`, 0),
    sha256: asText(file.sha256, `${path}.sha256`, /^[0-9a-f]{64}$/),
    ...(file.vector === undefined ? {} : { vector: asText(file.vector, `${path}.vector`, /^/) }),
  }
}

function checkFiles(files: readonly SegmentFile[]): void {
  const names = new Set(files.map((file) => file.name))
  if (names.size !== files.length) throw malformed('a file is listed twice')
  const links = files.filter(isLinksFile).map((file) => file.vector!)
  const vectors = files.filter((file) => !isLinksFile(file)).flatMap((file) => file.vector ?? [])
  if (new Set(vectors).size !== vectors.length) throw malformed('a vector has two files')
  if (new Set(links).size !== links.length) throw malformed('a vector has two files of links')
  if (links.some((vector) => !vectors.includes(vector)))
    throw malformed('there are links of a vector that has no file')
  const rows = files.find((file) => file.name === rowsFileName)
  if (rows === undefined || rows.vector !== undefined)
    throw malformed(`${rowsFileName} is not among its files`)
}

function asObject(value: unknown, path: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw malformed(`${path} is no object`)
  }
  return value as Readonly<Record<string, unknown>>
}

function asText(value: unknown, path: string, pattern: RegExp): string {
  if (typeof value !== 'string' || !pattern.test(value)) throw malformed(`${path} is malformed`)
  return value
}

function asCount(value: unknown, path: string, min: number, max = Number.MAX_SAFE_INTEGER): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max) {
    throw malformed(`${path} is no whole number from ${min} to ${max}`)
  }
  return value
}

function malformed(why: string): DatabaseError {
  return new DatabaseError('manifest-corrupt', `Cannot read the description of a segment: ${why}`)
}

function unsupportedVersion(what: string, version: number): DatabaseError {
  return new DatabaseError(
    'version-unsupported',
    `Cannot read segment ${what}: its format version is ${version}, this release reads up to ${segmentFormatVersion}`,
    { segment: what, version },
  )
}

export function corruptFile(key: string, why: string, cause?: unknown): DatabaseError {
  return new DatabaseError('segment-corrupt', `Cannot read ${key}: ${why}`, { key }, cause)
}
