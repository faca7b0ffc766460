import { asBuffer, readU64 } from '../encoding/binary.ts'
import { crc32c } from '../encoding/crc32c.ts'
import { DatabaseError } from '../errors/database-error.ts'
import {
  alignSection,
  elementFloat32,
  graphFormatVersion,
  graphMagic,
  headerBytes,
  headerCrc,
  headerOffsets,
  placeBytes,
  placedFormatVersion,
  presenceBytes,
  sectionLinks,
  sectionPlaces,
  sectionPresence,
  sectionVectors,
  tableEntryBytes,
} from './format.ts'
import type { RowRun } from './row-runs.ts'
import { dimensionsMax, strideOf, VectorColumn } from './vector-column.ts'

interface Expected {
  /** Absent: whatever the file has. */
  readonly dimensions?: number
  readonly rowCount: number
}

interface Place {
  readonly offset: number
  readonly bytes: number
}

interface SectionPlace extends Place {
  readonly kind: number
  readonly crc: number
}

interface Section {
  readonly kind: number
  readonly offset: number
  readonly bytes: Buffer
}

/** The links' section as the file has it: its checksum is right, the links have not been looked at. */
export interface LinksSection {
  readonly bytes: Buffer
  /** In the file. */
  readonly offset: number
}

const sectionsMax = 16
// A page of rows.parquet, which is a run of rows, has a MiB, or is the last one of a group of rows.
const runBytesMin = 64 * 1024
const runsMin = 16
/** What `planGraph` looks at. */
export const graphHeadBytesMax = headerBytes + sectionsMax * tableEntryBytes

/**
 * A column from a `.graph` file. Everything is checked before any of it is used: the file may come from outside.
 * @throws segment-corrupt, version-unsupported, overloaded
 */
export function readGraph(bytes: Uint8Array, expected: Expected): VectorColumn {
  return readGraphSections(bytes, expected).column
}

/** The column, and what hnsw/hnsw-links.ts reads a graph from, a view. @throws as readGraph */
export function readGraphSections(
  bytes: Uint8Array,
  expected: Expected,
): { readonly column: VectorColumn; readonly links: LinksSection | undefined } {
  const file = asBuffer(bytes)
  const dimensions = checkHeader(file, expected)
  const { rowCount } = expected
  const sections = readSections(file)
  const presence = getSection(sections, sectionPresence, presenceBytes(rowCount))
  const vectors = getSection(sections, sectionVectors, rowCount * strideOf(dimensions) * 4)
  const presentCount = checkPresence(presence, rowCount)
  if (presentCount !== file.readUInt32LE(headerOffsets.presentCount)) {
    throw corrupt('its presence bits are not as many as its header says')
  }
  checkZeros([vectors], presence, presentCount, { dimensions, rowCount })
  const [links, second] = sections.filter(({ kind }) => kind === sectionLinks)
  if (second !== undefined) throw corrupt(`it has several sections of kind ${sectionLinks}`)
  return { column: VectorColumn.copyOf({ dimensions, rowCount, presence, vectors }), links }
}

/** Where in a `.graph` file the column lies, for one who reads the vectors to where they stay. */
export interface GraphPlan {
  readonly dimensions: number
  readonly rowCount: number
  readonly presentCount: number
  readonly presence: Place
  /** They follow the presence. */
  readonly vectors: Place
}

/**
 * From the first bytes of a file, up to `graphHeadBytesMax`. Undefined if the sections lie in another order than our
 * writer's: such a file is read whole. @throws segment-corrupt, version-unsupported
 */
export function planGraph(head: Uint8Array, fileBytes: number, expected: Expected): GraphPlan | undefined {
  const file = asBuffer(head)
  const dimensions = checkHeader(file, expected)
  const { rowCount } = expected
  const [presence, vectors] = readTable(file, fileBytes)
  if (presence?.kind !== sectionPresence || vectors?.kind !== sectionVectors) return undefined
  checkSectionLength(presence, presenceBytes(rowCount))
  checkSectionLength(vectors, rowCount * strideOf(dimensions) * 4)
  const presentCount = file.readUInt32LE(headerOffsets.presentCount)
  return { dimensions, rowCount, presentCount, presence, vectors }
}

/** Rows whose presence bits have been read and checked; the rows themselves have not. */
export interface ReadablePlan extends Pick<GraphPlan, 'dimensions' | 'rowCount' | 'presentCount'> {
  /** Bit row & 7 of byte row >>> 3; in whole words of 32 bits. */
  readonly presence: Uint8Array
}

/** Where rows that lie in rows.parquet are, for one who reads them to where they stay: all have a vector. */
export interface PlacedPlan extends ReadablePlan {
  /** In the order of the rows and of the file, one behind the other. */
  readonly runs: readonly RowRun[]
}

/** Whether a file that begins so has no vectors itself, but says where they are. */
export function isPlaced(head: Uint8Array): boolean {
  const file = asBuffer(head)
  return isGraph(file) && file.readUInt32LE(headerOffsets.version) === placedFormatVersion
}

/**
 * From all bytes of such a file. `rowsBytes` is the length of the file that the rows are in.
 * @throws segment-corrupt, version-unsupported
 */
export function readPlaces(bytes: Uint8Array, rowsBytes: number, expected: Expected): PlacedPlan {
  const file = asBuffer(bytes)
  const dimensions = checkHeader(file, expected, placedFormatVersion)
  const { rowCount } = expected
  if (strideOf(dimensions) !== dimensions) throw corrupt('its rows have padding, and are in rows.parquet')
  const sections = readSections(file)
  const presence = getSection(sections, sectionPresence, presenceBytes(rowCount))
  const presentCount = file.readUInt32LE(headerOffsets.presentCount)
  if (presentCount !== rowCount || checkPresence(presence, rowCount) !== rowCount)
    throw corrupt('a row has no vector, and its rows are in rows.parquet')
  const places = soleSection(sections, sectionPlaces).bytes
  const runs = runsOf(places, { dimensions, rowCount, rowsBytes })
  return { dimensions, rowCount, presentCount, presence, runs }
}

function runsOf(
  places: Buffer,
  { dimensions, rowCount, rowsBytes }: Required<Expected> & { readonly rowsBytes: number },
): RowRun[] {
  if (places.byteLength % placeBytes !== 0) throw corrupt('its places are cut')
  if (places.byteLength / placeBytes > runsMin + rowsBytes / runBytesMin)
    throw corrupt('its rows are in more places than there are pages')
  const runs: RowRun[] = []
  let end = 0
  let left = rowCount
  for (let at = 0; at < places.byteLength; at += placeBytes) {
    const run = { offset: readU64(places, at), rowCount: readU64(places, at + 8) }
    if (run.rowCount === 0 || !(run.rowCount <= left)) throw corrupt('its places are not as many as its rows')
    // Lengths beyond 2^53 fail as well.
    const bytes = run.rowCount * dimensions * 4
    if (run.offset < end || !(bytes <= rowsBytes - run.offset))
      throw corrupt('its places overlap, or are not in rows.parquet')
    runs.push(run)
    end = run.offset + bytes
    left -= run.rowCount
  }
  if (left > 0) throw corrupt('its places are not as many as its rows')
  return runs
}

/**
 * Makes the column own the rows that were read into its reserved `parts`. The caller has compared the file with its
 * SHA-256, so that the checksums of the sections have nothing to add. @throws segment-corrupt
 */
export function adoptGraph(
  column: VectorColumn,
  parts: readonly Uint8Array[],
  { rowCount, dimensions, presentCount }: GraphPlan,
  presenceOfRows: Uint8Array,
): void {
  const presence = asBuffer(presenceOfRows)
  checkPlannedPresence({ rowCount, presentCount }, presence)
  checkZeros(parts, presence, presentCount, { dimensions, rowCount })
  column.adopt(rowCount, presence)
}

/** @throws segment-corrupt unless the presence bits are as many as the header says */
export function checkPlannedPresence(
  { rowCount, presentCount }: Pick<GraphPlan, 'rowCount' | 'presentCount'>,
  presence: Uint8Array,
): void {
  if (checkPresence(asBuffer(presence), rowCount) !== presentCount)
    throw corrupt('its presence bits are not as many as its header says')
}

/** Rows from `firstRow` on, as they lie in the file. @throws segment-corrupt unless they are zero where they have no vector */
export function checkPlannedRows(
  { dimensions, rowCount, presentCount, presence }: ReadablePlan,
  rows: Uint8Array,
  firstRow: number,
): void {
  checkZeros([rows], asBuffer(presence), presentCount, { dimensions, rowCount, firstRow })
}

function isGraph(file: Buffer): boolean {
  return file.byteLength >= headerBytes && file.subarray(0, graphMagic.byteLength).equals(graphMagic)
}

/** Gives the dimensions. */
function checkHeader(file: Buffer, expected: Expected, version = graphFormatVersion): number {
  if (!isGraph(file)) throw corrupt('it does not begin as one')
  const field = (name: keyof typeof headerOffsets): number => file.readUInt32LE(headerOffsets[name])
  checkVersion(field('version'), version)
  const sectionCount = field('sectionCount')
  if (sectionCount > sectionsMax || headerBytes + sectionCount * tableEntryBytes > file.byteLength) {
    throw corrupt('its section table is cut')
  }
  if (headerCrc(file, sectionCount) !== field('crc')) throw corrupt('its header does not have its checksum')
  const dimensions = field('dimensions')
  const wanted = expected.dimensions ?? dimensions
  if (dimensions !== wanted || dimensions === 0 || dimensions > dimensionsMax) {
    throw corrupt(`its vectors have ${dimensions} dimensions, expected are ${wanted}`)
  }
  if (field('stride') !== strideOf(dimensions)) {
    throw corrupt(`its rows are ${field('stride')} floats apart, not ${strideOf(dimensions)}`)
  }
  if (field('elementType') !== elementFloat32) {
    throw corrupt(`its element type ${field('elementType')} is unknown`)
  }
  if (field('rowCount') !== expected.rowCount) {
    throw corrupt(`it has ${field('rowCount')} rows, expected are ${expected.rowCount}`)
  }
  return dimensions
}

function checkVersion(version: number, wanted: number): void {
  if (version === wanted) return
  if (version <= placedFormatVersion) throw corrupt(`its format version is ${version}`)
  const message = `Cannot read graph file: its format version is ${version}, this release reads up to ${placedFormatVersion}`
  throw new DatabaseError('version-unsupported', message, { version })
}

/** Sections of a kind that this release does not know are checked like the others, and left alone. */
function readSections(file: Buffer): Section[] {
  const places = readTable(file, file.byteLength)
  let end = headerBytes + places.length * tableEntryBytes
  return places.map(({ kind, offset, bytes: length, crc }, index) => {
    if (file.subarray(end, offset).some((byte) => byte !== 0)) {
      throw corrupt(`there are stray bytes before section ${index}`)
    }
    const bytes = file.subarray(offset, offset + length)
    if (crc32c(bytes) !== crc) throw corrupt(`section ${index} does not have its checksum`)
    end = offset + length
    return { kind, offset, bytes }
  })
}

/** Where the sections lie in a file of this length. */
function readTable(head: Buffer, fileBytes: number): SectionPlace[] {
  const count = head.readUInt32LE(headerOffsets.sectionCount)
  const places: SectionPlace[] = []
  let end = headerBytes + count * tableEntryBytes
  for (let index = 0; index < count; index++) {
    const entry = headerBytes + index * tableEntryBytes
    const offset = readU64(head, entry + 8)
    const bytes = readU64(head, entry + 16)
    // Each follows the one before at the next place there is, so they cannot overlap; lengths beyond 2^53 fail as well.
    if (offset !== alignSection(end) || !(bytes <= fileBytes - offset)) {
      throw corrupt(`section ${index} lies outside its place`)
    }
    places.push({ kind: head.readUInt32LE(entry), offset, bytes, crc: head.readUInt32LE(entry + 4) })
    end = offset + bytes
  }
  if (end !== fileBytes) throw corrupt('it is longer than its sections')
  return places
}

function getSection(sections: readonly Section[], kind: number, length: number): Buffer {
  const section = soleSection(sections, kind)
  checkSectionLength({ kind, bytes: section.bytes.byteLength }, length)
  return section.bytes
}

function soleSection(sections: readonly Section[], kind: number): Section {
  const [section, second] = sections.filter((candidate) => candidate.kind === kind)
  if (section === undefined) throw corrupt(`it has no section of kind ${kind}`)
  if (second !== undefined) throw corrupt(`it has several sections of kind ${kind}`)
  return section
}

function checkSectionLength({ kind, bytes }: { kind: number; bytes: number }, length: number): void {
  if (bytes !== length) throw corrupt(`section of kind ${kind} has ${bytes} bytes, not ${length}`)
}

/** Gives how many rows are present. */
function checkPresence(presence: Buffer, rowCount: number): number {
  let count = 0
  for (let at = 0; at < presence.byteLength; at += 4) {
    const word = presence.readUInt32LE(at)
    const rows = rowCount - at * 8
    if (rows < 32 && word >>> rows !== 0) throw corrupt('it has presence bits beyond its rows')
    for (let left = word; left !== 0; left &= left - 1) count += 1
  }
  return count
}

/** The kernels rely on the padding: anything but zeros would count in every score. Parts hold whole rows. */
function checkZeros(
  parts: readonly Uint8Array[],
  presence: Buffer,
  presentCount: number,
  { dimensions, rowCount, firstRow = 0 }: Required<Expected> & { readonly firstRow?: number },
): void {
  const rowBytes = strideOf(dimensions) * 4
  const usedBytes = dimensions * 4
  if (usedBytes === rowBytes && presentCount === rowCount) return
  let row = firstRow
  for (const part of parts) {
    const vectors = asBuffer(part)
    for (let start = 0; start < vectors.byteLength; start += rowBytes, row++) {
      const isPresent = ((presence[row >>> 3]! >>> (row & 7)) & 1) === 1
      for (let at = start + (isPresent ? usedBytes : 0); at < start + rowBytes; at += 4) {
        if (vectors.readUInt32LE(at) !== 0) throw corrupt(`row ${row} is not zero where it has no vector`)
      }
    }
  }
}

function corrupt(why: string): DatabaseError {
  return new DatabaseError('segment-corrupt', `Cannot read graph file: ${why}`)
}
