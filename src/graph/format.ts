import { crc32c } from '../encoding/crc32c.ts'

// The `.graph` file, format versions 1 and 2 (docs/format/segment-graph.md). All integers little-endian.
//
//   0  8  magic "SPGRAPH\0"
//   8  4  format version
//  12  4  dimensions
//  16  4  stride: floats between two rows (dimensions rounded up to a multiple of 4)
//  20  4  element type: 1 = float32
//  24  4  rows
//  28  4  rows that have a vector
//  32  4  sections
//  36  4  CRC32C of bytes 0 to 35 and of the section table
//  40  …  section table: per section kind u32, CRC32C u32, offset u64, length u64
//   …     sections in the order of the table, each at a multiple of 16, zeros between
//
// Invariants:
//   - section 1 (presence) is a bitset of the rows that have a vector, in whole 32-bit words; bits beyond the rows are 0;
//   - section 2 (vectors) is rows x stride floats; rows without a vector, and the floats beyond the dimensions, are 0;
//   - section 3 (links), which may be missing, is what hnsw/hnsw-format.ts says;
//   - in version 2 there is a section 4 (places) instead of section 2: per run of rows its offset in rows.parquet u64 and how many
//     they are u64. All rows have a vector, and the stride is the dimensions; they follow each other as in section 2;
//   - the file ends where its last section does.

export const graphMagic = Buffer.from('SPGRAPH\0', 'latin1')
/** Of a file that has its vectors. */
export const graphFormatVersion = 1
/** Of one that says where they are. */
export const placedFormatVersion = 2
export const headerBytes = 40
export const tableEntryBytes = 24
export const sectionAlignment = 16
export const elementFloat32 = 1
export const sectionPresence = 1
export const sectionVectors = 2
export const sectionLinks = 3
export const sectionPlaces = 4
export const placeBytes = 16

/** Where the fields of the header lie. */
export const headerOffsets = {
  version: 8,
  dimensions: 12,
  stride: 16,
  elementType: 20,
  rowCount: 24,
  presentCount: 28,
  sectionCount: 32,
  crc: 36,
} as const

/** Where a section begins that follows `end`. */
export function alignSection(end: number): number {
  return Math.ceil(end / sectionAlignment) * sectionAlignment
}

/** Length of the presence bitset. */
export function presenceBytes(rowCount: number): number {
  return Math.ceil(rowCount / 32) * 4
}

/** The checksum that the header holds of itself and the section table. */
export function headerCrc(file: Uint8Array, sectionCount: number): number {
  const table = file.subarray(headerBytes, headerBytes + sectionCount * tableEntryBytes)
  return crc32c(table, crc32c(file.subarray(0, headerOffsets.crc)))
}
