import { thriftTypes, ThriftReader } from './thrift.ts'

// A column chunk is a run of pages: a header (Thrift), for a column that may be null the definition levels (u32 length
// and a run-length encoding of bits), and the values one behind the other.

const dataPage = 0
const encodingPlain = 0
const encodingRle = 3

export interface Page {
  /** Row of the group at which the page begins, and its number of rows. */
  readonly firstRow: number
  readonly rowCount: number
  /** One byte per row, 1 where there is a value; undefined if every row has one. */
  readonly present: Uint8Array | undefined
  /** The values lie from `start` to `end` in the chunk. */
  readonly start: number
  readonly end: number
}

/** The pages of a chunk. @throws Error for anything that our writer does not write */
export function* pagesOf(chunk: Buffer, rowCount: number, isNullable: boolean): Iterable<Page> {
  let at = 0
  let row = 0
  while (row < rowCount) {
    const header = readHeader(chunk, at)
    if (header.values <= 0 || header.values > rowCount - row)
      throw new Error('a page has a wrong number of values')
    const end = header.dataAt + header.bytes
    if (end > chunk.length) throw new Error('a page is cut')
    let start = header.dataAt
    let present: Uint8Array | undefined
    if (isNullable) {
      const length = start + 4 <= end ? chunk.readUInt32LE(start) : Infinity
      start += 4 + length
      if (start > end) throw new Error('the definition levels of a page are cut')
      present = readBits(chunk.subarray(start - length, start), header.values)
    }
    yield { firstRow: row, rowCount: header.values, present, start, end }
    row += header.values
    at = end
  }
  if (at !== chunk.length) throw new Error('there are bytes behind the last page of a column')
}

function readHeader(chunk: Buffer, at: number): { values: number; bytes: number; dataAt: number } {
  const reader = new ThriftReader(chunk, at)
  let kind = -1
  let plainBytes = -1
  let bytes = -1
  let values = -1
  let encoding = -1
  let levels = -1
  reader.struct((field, type) => {
    if (field === 5 && type === thriftTypes.struct) {
      reader.struct((inner, innerType) => {
        if (innerType !== thriftTypes.i32) return false
        if (inner === 1) values = reader.int()
        else if (inner === 2) encoding = reader.int()
        else if (inner === 3) levels = reader.int()
        else return false
        return true
      })
      return true
    }
    if (type !== thriftTypes.i32) return false
    if (field === 1) kind = reader.int()
    else if (field === 2) plainBytes = reader.int()
    else if (field === 3) bytes = reader.int()
    else return false
    return true
  })
  const isOurs = kind === dataPage && encoding === encodingPlain && levels === encodingRle
  if (!isOurs || bytes < 0 || bytes !== plainBytes) throw new Error('a page is not stored as it should be')
  return { values, bytes, dataAt: reader.offset }
}

/** Bits in Parquet's hybrid of runs and packed groups of eight; undefined if all are set. */
function readBits(bytes: Buffer, count: number): Uint8Array | undefined {
  const bits = new Uint8Array(count)
  let seen = 0
  let set = 0
  let at = 0
  while (seen < count) {
    let header = 0
    let shift = 0
    for (;;) {
      if (at >= bytes.length || shift > 28) throw new Error('the definition levels of a page are malformed')
      const byte = bytes[at++]!
      header += (byte & 0x7f) * 2 ** shift
      shift += 7
      if (byte < 0x80) break
    }
    const isPacked = header % 2 === 1
    const length = isPacked ? ((header - 1) / 2) * 8 : header / 2
    const packedBytes = isPacked ? length / 8 : 1
    // The last group of eight may reach beyond the rows; a run may not.
    const reach = seen + length - count
    if (length === 0 || at + packedBytes > bytes.length || reach >= (isPacked ? 8 : 1)) {
      throw new Error('the definition levels of a page are malformed')
    }
    const end = Math.min(seen + length, count)
    if (!isPacked) {
      const bit = bytes[at]! & 1
      bits.fill(bit, seen, end)
      set += bit * (end - seen)
    }
    for (let i = seen; isPacked && i < end; i++) {
      const bit = (bytes[at + ((i - seen) >>> 3)]! >>> ((i - seen) & 7)) & 1
      bits[i] = bit
      set += bit
    }
    seen = end
    at += packedBytes
  }
  return set === count ? undefined : bits
}
