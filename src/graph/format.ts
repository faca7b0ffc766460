// The `.graph` file, format version 1 (docs/format/segment-graph.md). All integers little-endian.
//
//   0  8  magic "SPGRAPH\0"
//   8  4  format version
//  12  4  dimensions
//  16  4  floats between two rows (dimensions rounded up to a multiple of 4)
//  20  4  element type: 1 = float32
//  24  4  rows
//  28  4  rows that have a vector
//  32  4  sections
//  36  4  CRC32C of bytes 0 to 35 and of the section table
//  40  …  section table: per section kind u32, CRC32C u32, offset u64, length u64
//   …     sections, each at a multiple of 16, zeros between
//
// Invariants:
//   - section 1 (presence) is a bitset of the rows that have a vector, in whole 32-bit words;
//   - section 2 (vectors) is rows x stride floats, rows without a vector and the padding are zero;
//   - section 3 is kept for the HNSW links.

export const graphMagic = Buffer.from('SPGRAPH\0', 'latin1')
export const graphFormatVersion = 1
export const headerBytes = 40
export const tableEntryBytes = 24
export const alignment = 16
export const elementFloat32 = 1
export const sectionPresence = 1
export const sectionVectors = 2
