import { crc32c } from '../encoding/crc32c.ts'
import { DatabaseError } from '../errors/database-error.ts'
import { faultOfPacked, PackedColumn, type PackedColumnImage, type PackedKind } from './packed-column.ts'
import { sharedBytes } from './shared-array.ts'

// The `.packed` file, format version 1 (docs/format/segment-packed.md). All integers little-endian.
//
//   0  8  magic "SPPACKED"
//   8  4  format version
//  12  4  kind: 1 = sparse, 2 = multi
//  16  4  dimensions; 0 for sparse
//  20  4  rows
//  24  4  rows that have a vector
//  28  8  bytes of the rows together
//  36  4  CRC32C of bytes 0 to 35
//  40  …  length of each row in bytes, u32; 0 where there is no vector
//   …  …  the rows, one behind the other
//   …  4  CRC32C of the lengths and the rows
//
// A row: a count n (u32); sparse: n indices (u32, ascending), n values (float32); multi: n times `dimensions` float32.

const magic = Buffer.from('SPPACKED', 'latin1')
const packedFormatVersion = 1
const headerBytes = 40
const kinds = { sparse: 1, multi: 2 } as const satisfies Record<PackedKind, number>
const partBytes = 2 ** 20

/** The file in parts. */
export function* writePacked(image: PackedColumnImage): Generator<Uint8Array> {
  const { rowCount } = image
  const { places, chunks } = image.rows
  const lengths = new Uint32Array(rowCount)
  let dataBytes = 0
  for (let row = 0; row < rowCount; row++) dataBytes += lengths[row] = places[row * 3 + 2]!
  const header = Buffer.alloc(headerBytes)
  magic.copy(header)
  header.writeUInt32LE(packedFormatVersion, 8)
  header.writeUInt32LE(kinds[image.kind], 12)
  header.writeUInt32LE(image.dimensions, 16)
  header.writeUInt32LE(rowCount, 20)
  header.writeUInt32LE(
    lengths.reduce((sum, length) => sum + (length > 0 ? 1 : 0), 0),
    24,
  )
  header.writeBigUInt64LE(BigInt(dataBytes), 28)
  header.writeUInt32LE(crc32c(header.subarray(0, 36)), 36)
  yield header
  // What is given away may go to another thread, with its memory.
  const lengthBytes = new Uint8Array(lengths.buffer).slice()
  let crc = crc32c(lengthBytes)
  yield lengthBytes
  let part = Buffer.alloc(Math.min(partBytes, dataBytes))
  let used = 0
  for (let row = 0; row < rowCount; row++) {
    const start = places[row * 3 + 1]!
    const bytes =
      lengths[row] === 0 ? undefined : chunks[places[row * 3]!]!.subarray(start, start + lengths[row]!)
    if (bytes === undefined) continue
    if (used + bytes.byteLength > part.byteLength) {
      const whole = part.subarray(0, used)
      crc = crc32c(whole, crc)
      yield whole
      part = Buffer.alloc(Math.max(partBytes, bytes.byteLength))
      used = 0
    }
    part.set(bytes, used)
    used += bytes.byteLength
  }
  const last = Buffer.alloc(used + 4)
  last.set(part.subarray(0, used))
  last.writeUInt32LE(crc32c(last.subarray(0, used), crc), used)
  yield last
}

export interface ExpectedPacked {
  readonly rowCount: number
  /** What the schema says of the vector, if it has it still. */
  readonly declared?: { readonly kind: PackedKind; readonly dimensions: number }
}

/**
 * A column from a `.packed` file. Everything is checked before any of it is used: the file may come from outside.
 * @throws segment-corrupt, version-unsupported
 */
export function readPacked(bytes: Uint8Array, { rowCount, declared }: ExpectedPacked): PackedColumn {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const { kind, dimensions, presentCount, dataBytes } = readHeader(file, rowCount)
  if (declared !== undefined && (declared.kind !== kind || declared.dimensions !== dimensions))
    throw corrupt(
      `its vectors are ${kind} of ${dimensions} dimensions, expected are ${declared.kind} of ${declared.dimensions}`,
    )
  const dataAt = headerBytes + rowCount * 4
  const end = dataAt + dataBytes
  if (file.byteLength !== end + 4)
    throw corrupt(`it has ${file.byteLength} bytes, its header says ${end + 4}`)
  if (crc32c(file.subarray(headerBytes, end)) !== file.readUInt32LE(end))
    throw corrupt('its rows do not have their checksum')
  const lengths = new Uint32Array(rowCount)
  new Uint8Array(lengths.buffer).set(file.subarray(headerBytes, dataAt))
  const data = sharedBytes(dataBytes)
  data.set(file.subarray(dataAt, end))
  checkRows(kind, dimensions, lengths, data, presentCount)
  return PackedColumn.adopt(kind, dimensions, lengths, data)
}

interface Header {
  readonly kind: PackedKind
  readonly dimensions: number
  readonly presentCount: number
  readonly dataBytes: number
}

function readHeader(file: Buffer, rowCount: number): Header {
  if (file.byteLength < headerBytes + 4 || !file.subarray(0, magic.byteLength).equals(magic))
    throw corrupt('it does not begin as one')
  const version = file.readUInt32LE(8)
  if (version === 0) throw corrupt('its format version is 0')
  if (version > packedFormatVersion) {
    const text = `Cannot read packed file: its format version is ${version}, this release reads up to ${packedFormatVersion}`
    throw new DatabaseError('version-unsupported', text, { version })
  }
  if (crc32c(file.subarray(0, 36)) !== file.readUInt32LE(36))
    throw corrupt('its header does not have its checksum')
  const number = file.readUInt32LE(12)
  const kind = (['sparse', 'multi'] as const).find((name) => kinds[name] === number)
  if (kind === undefined) throw corrupt(`its kind ${number} is unknown`)
  const dimensions = file.readUInt32LE(16)
  if ((kind === 'sparse') !== (dimensions === 0))
    throw corrupt(`${kind} vectors do not have ${dimensions} dimensions`)
  if (file.readUInt32LE(20) !== rowCount)
    throw corrupt(`it has ${file.readUInt32LE(20)} rows, expected are ${rowCount}`)
  const dataBytes = Number(file.readBigUInt64LE(28))
  if (dataBytes > file.byteLength) throw corrupt('it is cut')
  return { kind, dimensions, presentCount: file.readUInt32LE(24), dataBytes }
}

function checkRows(
  kind: PackedKind,
  dimensions: number,
  lengths: Uint32Array,
  data: Uint8Array,
  presentCount: number,
): void {
  let at = 0
  let count = 0
  for (let row = 0; row < lengths.length; row++) {
    const length = lengths[row]!
    if (length === 0) continue
    if (at + length > data.byteLength) throw corrupt(`row ${row} lies outside the file`)
    // A length that is no multiple of four would leave what follows unaligned.
    const fault =
      length % 4 === 0 ? faultOfPacked(kind, dimensions, data.subarray(at, at + length)) : 'its length is odd'
    if (fault !== undefined) throw corrupt(`row ${row}: ${fault}`)
    at += length
    count += 1
  }
  if (at !== data.byteLength) throw corrupt('it is longer than its rows')
  if (count !== presentCount) throw corrupt('its rows are not as many as its header says')
}

function corrupt(why: string): DatabaseError {
  return new DatabaseError('segment-corrupt', `Cannot read packed file: ${why}`)
}
