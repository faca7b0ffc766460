import { blobstoreFiles } from './blobstore.ts'
import { bits, u32, u64, type Files } from './id-trackers.ts'

export interface SparseValue {
  readonly indices: readonly number[]
  readonly values: readonly number[]
}

export type TestVector = readonly number[] | readonly (readonly number[])[] | SparseValue

export interface VectorForm {
  readonly kind: 'dense' | 'multi' | 'sparse'
  readonly size?: number
  readonly distance?: string
  readonly datatype?: 'float32' | 'float16' | 'uint8' | 'turbo4'
  /** `none`: the vector was added later, so that the segment has no file of it. */
  readonly storage?: 'chunked' | 'single' | 'none'
  readonly rowsPerChunk?: number
}

/** The files of one vector, by the slot of its points. */
export function vectorFiles(form: VectorForm, values: readonly (TestVector | undefined)[]): Files {
  const { kind, size = 4, datatype = 'float32', storage = 'chunked', rowsPerChunk = 8 } = form
  if (storage === 'none') return new Map()
  const isAbsent = values.map((value) => value === undefined)
  const flags: Files = new Map([
    ['deleted/status.dat', Buffer.concat([u64(values.length), u64(0)])],
    ['deleted/flags_a.dat', bits(isAbsent, 64 + Math.ceil(values.length / 8))],
  ])
  const encode = (row: readonly number[]): Buffer => encodeElements(datatype, row)
  const zero = Array.from({ length: size }, () => 0)
  if (kind === 'sparse') {
    const blobs = values.map((value) => value && sparseBlob(value as SparseValue))
    return new Map([...within('store', blobstoreFiles(blobs, { compression: 'None' })), ...flags])
  }
  if (kind === 'multi') {
    const runs = multiRuns(values as readonly (readonly (readonly number[])[] | undefined)[], rowsPerChunk)
    const rows = runs.rows.map((row) => encode(row ?? zero))
    return new Map([
      ...within('vectors', chunkedFiles(rows, size, rowsPerChunk, encode(zero).length)),
      ...within('offsets', chunkedFiles(runs.offsets, 1, rowsPerChunk, 12)),
      ...flags,
    ])
  }
  const rows = values.map((value) => encode((value as readonly number[] | undefined) ?? zero))
  if (storage === 'chunked')
    return new Map([
      ...within('vectors', chunkedFiles(rows, size, rowsPerChunk, encode(zero).length)),
      ...flags,
    ])
  const words = Math.ceil(values.length / 64) * 8
  return new Map([
    ['matrix.dat', Buffer.concat([Buffer.from('data'), ...rows])],
    ['deleted.dat', Buffer.concat([Buffer.from('drop\0\0\0\0'), bits(isAbsent, words)])],
  ])
}

export function within(folder: string, files: Files): Files {
  return new Map([...files].map(([path, body]) => [`${folder}/${path}`, body]))
}

export function chunkedFiles(
  rows: readonly Buffer[],
  dim: number,
  rowsPerChunk: number,
  rowBytes: number,
): Files {
  const config = {
    chunk_size_bytes: rowsPerChunk * rowBytes,
    chunk_size_vectors: rowsPerChunk,
    dim,
    populate: true,
  }
  const files: Files = new Map([
    ['config.json', Buffer.from(JSON.stringify(config))],
    ['status.dat', u64(rows.length)],
  ])
  for (let from = 0; from < rows.length; from += rowsPerChunk) {
    const chunk = Buffer.alloc(rowsPerChunk * rowBytes)
    Buffer.concat(rows.slice(from, from + rowsPerChunk)).copy(chunk)
    files.set(`chunk_${from / rowsPerChunk}.mmap`, chunk)
  }
  return files
}

/** A run never crosses a chunk: what is left of one stays empty. */
function multiRuns(
  values: readonly (readonly (readonly number[])[] | undefined)[],
  rowsPerChunk: number,
): { rows: (readonly number[] | undefined)[]; offsets: Buffer[] } {
  const rows: (readonly number[] | undefined)[] = []
  const offsets = values.map((value) => {
    if (value === undefined) return Buffer.alloc(12)
    while ((rows.length % rowsPerChunk) + value.length > rowsPerChunk) rows.push(undefined)
    const first = rows.length
    rows.push(...value)
    return Buffer.concat([u32(first), u32(value.length), u32(value.length)])
  })
  return { rows, offsets }
}

export function sparseBlob({ indices, values }: SparseValue): Buffer {
  const differences = indices.map((index, i) => index - (indices[i - 1] ?? 0))
  const width = Math.max(8, ...differences.map((each) => each.toString(2).length))
  let stream = BigInt(width - 8)
  differences.forEach((each, i) => (stream |= BigInt(each) << BigInt(6 + i * width)))
  const packed = Buffer.alloc(indices.length === 0 ? 0 : Math.ceil((6 + indices.length * width) / 8))
  for (let i = 0; i < packed.length; i++) packed[i] = Number((stream >> BigInt(8 * i)) & 0xffn)
  return Buffer.concat([u64(packed.length), packed, u64(values.length), encodeElements('float32', values)])
}

function encodeElements(datatype: NonNullable<VectorForm['datatype']>, row: readonly number[]): Buffer {
  if (datatype === 'uint8' || datatype === 'turbo4') return Buffer.from(row)
  if (datatype === 'float32') return Buffer.from(Float32Array.from(row).buffer)
  const bytes = Buffer.alloc(2 * row.length)
  row.forEach((value, i) => bytes.writeUInt16LE(halfBits(value), 2 * i))
  return bytes
}

/** Of a number that a half float holds exactly. */
function halfBits(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0
  const size = Math.abs(value)
  if (size === 0) return sign
  const exponent = Math.max(-14, Math.floor(Math.log2(size)))
  const steps = size / 2 ** (exponent - 10)
  return sign | (steps < 1024 ? steps : ((exponent + 15) << 10) | (steps - 1024))
}
