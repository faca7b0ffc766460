import { asBuffer } from '../../encoding/binary.ts'
import { crc32c } from '../../encoding/crc32c.ts'
import { DatabaseError } from '../../errors/database-error.ts'
import type { LinksSection } from '../graph-reader.ts'

// The `.links` file: a graph by itself, apart from its vectors (docs/format/segment-links.md). Integers little-endian.
//
//   0  8  magic "SPLINKS\0"
//   8  4  file version
//  12  4  CRC32C of all that follows
//  16  …  the links' section (hnsw-format.ts)

export const linksFileVersion = 1
const magic = Buffer.from('SPLINKS\0', 'latin1')
const headBytes = 16

/** @param section its parts in order, as `writeLinks` gives them */
export function writeLinksFile(section: readonly Uint8Array[]): Uint8Array[] {
  const head = Buffer.alloc(headBytes)
  magic.copy(head)
  head.writeUInt32LE(linksFileVersion, 8)
  head.writeUInt32LE(
    section.reduce((crc, part) => crc32c(part, crc), 0),
    12,
  )
  return [head, ...section.filter((part) => part.byteLength > 0)]
}

/**
 * The section, whose links have not been looked at. `isProven`: the bytes are known to be those that were written.
 * @throws segment-corrupt, version-unsupported
 */
export function readLinksFile(bytes: Uint8Array, isProven = false): LinksSection {
  const file = asBuffer(bytes)
  if (file.byteLength < headBytes || !file.subarray(0, magic.byteLength).equals(magic)) {
    throw corrupt('it does not begin as one')
  }
  const version = file.readUInt32LE(8)
  if (version > linksFileVersion) {
    const message = `Cannot read links file: its version is ${version}, this release reads up to ${linksFileVersion}`
    throw new DatabaseError('version-unsupported', message, { version })
  }
  if (version === 0) throw corrupt('its version is 0')
  const section = file.subarray(headBytes)
  if (!isProven && crc32c(section) !== file.readUInt32LE(12)) throw corrupt('it does not have its checksum')
  return { bytes: section, offset: headBytes }
}

function corrupt(why: string): DatabaseError {
  return new DatabaseError('segment-corrupt', `Cannot read links file: ${why}`)
}
