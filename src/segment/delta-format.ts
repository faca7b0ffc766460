// A delta file holds deletions of rows of one segment, made by one collection. All integers are little-endian.
//
//   0  8  magic "SPDELTA\0"
//   8  4  format version
//  12  4  deletions
//  16 16  segment id
//  32 16  id of the collection that deleted
//  48  8  number of the last deletion
//  56  …  deletions: row u32, sequence number u64
//  end 4  CRC32C of all before
//
// Invariants:
//   - there is at least one deletion, and their numbers never fall.
//   - the ids say where the file comes from. They are not compared: an import gives a segment a new id and leaves its
//     files as they are, and clones read their parent's deletions.

export const deltaMagic = Buffer.from('SPDELTA\0', 'latin1')
export const deltaFormatVersion = 1
export const deltaHeaderBytes = 56
export const deletionBytes = 12
export const deltaTrailerBytes = 4
