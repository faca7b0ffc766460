import { countBits } from '../runtime/bits.ts'
import { writeU64 } from '../encoding/binary.ts'
import { crc32c } from '../encoding/crc32c.ts'
import { assert } from '../runtime/assert.ts'
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
import { strideOf, VectorColumn, type VectorColumnImage } from './vector-column.ts'

interface Section {
  readonly kind: number
  readonly parts: readonly Uint8Array[]
  readonly length: number
}

/**
 * The `.graph` file in parts, in order. Most are views of the column's shared memory, not copies: use them before it
 * is disposed. `links` are what hnsw/hnsw-links.ts gives for a graph over these rows.
 */
export function writeGraph(
  source: VectorColumn | VectorColumnImage,
  links?: readonly Uint8Array[],
): Uint8Array[] {
  const image = source instanceof VectorColumn ? source.image() : source
  const sections = [
    presenceSection(image),
    section(sectionVectors, vectorParts(image)),
    ...(links === undefined ? [] : [section(sectionLinks, links)]),
  ]
  return fileParts(image, graphFormatVersion, sections)
}

/** Whether other files of a segment may hold the column's rows for its `.graph` file: they lie there as they do in memory. */
export function mayBePlaced({ dimensions, rowCount, presentCount }: VectorColumnImage): boolean {
  return rowCount > 0 && presentCount === rowCount && strideOf(dimensions) === dimensions
}

/** The `.graph` file of a column whose rows are in rows.parquet, all of them, in these runs. */
export function writePlacedGraph(image: VectorColumnImage, runs: readonly RowRun[]): Uint8Array {
  const rows = runs.reduce((sum, { rowCount }) => sum + rowCount, 0)
  assert(mayBePlaced(image) && rows === image.rowCount, 'every row of a placed column has its place')
  const places = Buffer.alloc(runs.length * placeBytes)
  for (const [index, { offset, rowCount }] of runs.entries()) {
    writeU64(places, offset, index * placeBytes)
    writeU64(places, rowCount, index * placeBytes + 8)
  }
  const sections = [presenceSection(image), section(sectionPlaces, [places])]
  return Buffer.concat(fileParts(image, placedFormatVersion, sections))
}

function presenceSection(image: VectorColumnImage): Section {
  const presence = presenceOf(image)
  assert(countBits(presence) === image.presentCount, 'a column counts the rows that have a vector')
  return section(sectionPresence, [new Uint8Array(presence.buffer)])
}

function fileParts(image: VectorColumnImage, version: number, sections: readonly Section[]): Uint8Array[] {
  const head = Buffer.alloc(alignSection(headerBytes + sections.length * tableEntryBytes))
  const parts: Uint8Array[] = [head]
  let end = head.byteLength
  for (const [index, { kind, parts: own, length }] of sections.entries()) {
    const offset = alignSection(end)
    if (offset > end) parts.push(Buffer.alloc(offset - end))
    parts.push(...own)
    end = offset + length
    const entry = headerBytes + index * tableEntryBytes
    head.writeUInt32LE(kind, entry)
    head.writeUInt32LE(
      own.reduce((crc, part) => crc32c(part, crc), 0),
      entry + 4,
    )
    writeU64(head, offset, entry + 8)
    writeU64(head, length, entry + 16)
  }
  writeHeader(head, image, version, sections.length)
  return parts
}

function writeHeader(head: Buffer, image: VectorColumnImage, version: number, sectionCount: number): void {
  graphMagic.copy(head)
  head.writeUInt32LE(version, headerOffsets.version)
  head.writeUInt32LE(image.dimensions, headerOffsets.dimensions)
  head.writeUInt32LE(strideOf(image.dimensions), headerOffsets.stride)
  head.writeUInt32LE(elementFloat32, headerOffsets.elementType)
  head.writeUInt32LE(image.rowCount, headerOffsets.rowCount)
  head.writeUInt32LE(image.presentCount, headerOffsets.presentCount)
  head.writeUInt32LE(sectionCount, headerOffsets.sectionCount)
  head.writeUInt32LE(headerCrc(head, sectionCount), headerOffsets.crc)
}

function section(kind: number, parts: readonly Uint8Array[]): Section {
  return {
    kind,
    parts: parts.filter((part) => part.byteLength > 0),
    length: parts.reduce((sum, part) => sum + part.byteLength, 0),
  }
}

/** The bits of the image's rows only: the column may have grown since. */
function presenceOf({ presence, rowCount }: VectorColumnImage): Uint32Array<ArrayBuffer> {
  const words = new Uint32Array(presenceBytes(rowCount) / 4)
  words.set(presence.subarray(0, words.length))
  if (rowCount % 32 !== 0) words[words.length - 1]! &= 2 ** (rowCount % 32) - 1
  return words
}

function vectorParts({ chunks, rowCount, dimensions }: VectorColumnImage): Uint8Array[] {
  const rowBytes = strideOf(dimensions) * 4
  const parts: Uint8Array[] = []
  let left = rowCount
  for (const { memory, offset, rows } of chunks) {
    const count = Math.min(left, rows)
    if (count === 0) break
    parts.push(new Uint8Array(memory.buffer, offset, count * rowBytes))
    left -= count
  }
  assert(left === 0, 'the chunks of a column hold its rows')
  return parts
}
