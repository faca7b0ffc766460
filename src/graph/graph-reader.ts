import { crc32c } from '@node-rs/crc32'
import { DatabaseError } from '../errors/database-error.ts'
import {
  alignment,
  elementFloat32,
  graphFormatVersion,
  graphMagic,
  headerBytes,
  sectionPresence,
  sectionVectors,
  tableEntryBytes,
} from './format.ts'
import { headerCrc } from './graph-writer.ts'
import { strideOf, VectorColumn } from './vector-column.ts'

interface Section {
  readonly kind: number
  readonly bytes: Uint8Array
}

const sectionsMax = 16

/**
 * A column from a `.graph` file. Everything is checked before any of it is used: the file may come from outside.
 * @throws segment-corrupt, version-unsupported
 */
export function readGraph(
  bytes: Uint8Array,
  expected: { readonly dimensions: number; readonly rowCount: number },
): VectorColumn {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const presentCount = checkHeader(file, expected)
  const sections = readSections(file)
  const stride = strideOf(expected.dimensions)
  const presence = getSection(sections, sectionPresence, ((expected.rowCount + 31) >>> 5) * 4)
  const vectors = getSection(sections, sectionVectors, expected.rowCount * stride * 4)
  const floats = alignedFloats(vectors)
  const column = new VectorColumn(expected.dimensions, expected.rowCount)
  try {
    for (let row = 0; row < expected.rowCount; row++) {
      const isPresent = ((presence[row >>> 3]! >>> (row & 7)) & 1) === 1
      column.append(isPresent ? floats.subarray(row * stride, row * stride + expected.dimensions) : undefined)
    }
    if (column.presentCount !== presentCount)
      throw corrupt('its presence bits are not as many as its header says')
    return column
  } catch (error) {
    column.dispose()
    throw error
  }
}

function checkHeader(
  file: Buffer,
  expected: { readonly dimensions: number; readonly rowCount: number },
): number {
  if (file.byteLength < headerBytes || !file.subarray(0, 8).equals(graphMagic))
    throw corrupt('it does not begin as one')
  const version = file.readUInt32LE(8)
  if (version > graphFormatVersion) {
    throw new DatabaseError(
      'version-unsupported',
      `Cannot read graph file: its format version is ${version}, this release reads up to ${graphFormatVersion}`,
    )
  }
  const sections = file.readUInt32LE(32)
  if (sections > sectionsMax || headerBytes + sections * tableEntryBytes > file.byteLength)
    throw corrupt('its section table is cut')
  if (headerCrc(file, sections) !== file.readUInt32LE(36))
    throw corrupt('its header does not have its checksum')
  if (
    file.readUInt32LE(12) !== expected.dimensions ||
    file.readUInt32LE(16) !== strideOf(expected.dimensions)
  ) {
    throw corrupt(`its vectors have ${file.readUInt32LE(12)} dimensions, ${expected.dimensions} are expected`)
  }
  if (file.readUInt32LE(20) !== elementFloat32) throw corrupt('its element type is unknown')
  if (file.readUInt32LE(24) !== expected.rowCount)
    throw corrupt(`it has ${file.readUInt32LE(24)} rows, ${expected.rowCount} are expected`)
  return file.readUInt32LE(28)
}

function readSections(file: Buffer): Section[] {
  const sections: Section[] = []
  const count = file.readUInt32LE(32)
  let end = headerBytes + count * tableEntryBytes
  for (let i = 0; i < count; i++) {
    const at = headerBytes + i * tableEntryBytes
    const offset = Number(file.readBigUInt64LE(at + 8))
    const length = Number(file.readBigUInt64LE(at + 16))
    if (offset % alignment !== 0 || offset < end || offset + length > file.byteLength)
      throw corrupt(`section ${i} lies outside its place`)
    if (file.subarray(end, offset).some((byte) => byte !== 0))
      throw corrupt(`there are stray bytes before section ${i}`)
    const bytes = file.subarray(offset, offset + length)
    if (crc32c(bytes) !== file.readUInt32LE(at + 4)) throw corrupt(`section ${i} does not have its checksum`)
    sections.push({ kind: file.readUInt32LE(at), bytes })
    end = offset + length
  }
  if (end !== file.byteLength) throw corrupt('it is longer than its sections')
  return sections
}

function getSection(sections: readonly Section[], kind: number, length: number): Uint8Array {
  const found = sections.filter((section) => section.kind === kind)
  if (found.length !== 1 || found[0]!.bytes.byteLength !== length)
    throw corrupt(`section of kind ${kind} is missing or has a wrong length`)
  return found[0]!.bytes
}

function alignedFloats(bytes: Uint8Array): Float32Array {
  const start = bytes.byteOffset % 4 === 0 ? bytes : new Uint8Array(bytes)
  return new Float32Array(start.buffer, start.byteOffset, bytes.byteLength / 4)
}

function corrupt(why: string): DatabaseError {
  return new DatabaseError('segment-corrupt', `Cannot read graph file: ${why}`)
}
