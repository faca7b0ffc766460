import type { ThriftWriter } from './thrift-writer.ts'

// Readers skip row groups by them, so that a bound may be too wide and never too narrow.

export interface Bound {
  readonly bytes: Uint8Array
  /** It is a value of the column, not one that is cut. */
  readonly isExact: boolean
}

export interface Bounds {
  readonly min: Bound
  readonly max: Bound
}

/** What is known of a column in a row group. */
export interface ChunkStatistics {
  readonly nullCount: number
  /** Undefined if there is no value that can be compared. */
  readonly bounds: Bounds | undefined
  /** Numbers, whose order is that of bytes with a sign: old readers know no other one. */
  readonly isSigned: boolean
  /** Of a column that may be null. */
  readonly presentCount?: number
  /** Of texts, all bytes of the values. */
  readonly textBytes?: number
}

export function exactBounds(min: Uint8Array, max: Uint8Array): Bounds {
  return { min: { bytes: min, isExact: true }, max: { bytes: max, isExact: true } }
}

export function int64Bytes(value: bigint): Uint8Array {
  return new Uint8Array(BigInt64Array.of(value).buffer)
}

export function doubleBytes(value: number): Uint8Array {
  return new Uint8Array(Float64Array.of(value).buffer)
}

export function boundsOfInt64(values: BigInt64Array): Bounds | undefined {
  if (values.length === 0) return undefined
  let min = values[0]!
  let max = min
  for (const value of values) {
    if (value < min) min = value
    if (value > max) max = value
  }
  return exactBounds(int64Bytes(min), int64Bytes(max))
}

/** NaN is none; a zero as a bound has the sign that makes it the wider one, as readers tell them apart or do not. */
export function boundsOfDoubles(values: Float64Array): Bounds | undefined {
  let min = Infinity
  let max = -Infinity
  let isKnown = false
  for (const value of values) {
    if (Number.isNaN(value)) continue
    isKnown = true
    if (value < min) min = value
    if (value > max) max = value
  }
  if (!isKnown) return undefined
  return exactBounds(doubleBytes(min === 0 ? -0 : min), doubleBytes(max === 0 ? 0 : max))
}

export function boundsOfBooleans(values: readonly boolean[]): Bounds | undefined {
  if (values.length === 0) return undefined
  const min = values.includes(false) ? 0 : 1
  const max = values.includes(true) ? 1 : 0
  return exactBounds(Uint8Array.of(min), Uint8Array.of(max))
}

// A text may have megabytes; the footer holds two of each row group.
const textBoundMax = 64

/** By their bytes in UTF-8, which is the order of their code points. */
export function boundsOfTexts(values: readonly Buffer[]): Bounds | undefined {
  if (values.length === 0) return undefined
  let min = values[0]!
  let max = min
  for (const value of values) {
    if (value.compare(min) < 0) min = value
    if (value.compare(max) > 0) max = value
  }
  return { min: lowerBound(min), max: upperBound(max) }
}

function lowerBound(text: Buffer): Bound {
  if (text.length <= textBoundMax) return { bytes: text, isExact: true }
  return { bytes: text.subarray(0, boundaryBefore(text)), isExact: false }
}

/** Higher than all texts that begin in the same way: its last character is the next one. */
function upperBound(text: Buffer): Bound {
  if (text.length <= textBoundMax) return { bytes: text, isExact: true }
  const characters = [...text.toString('utf8', 0, boundaryBefore(text))]
  while (characters.length > 0) {
    const last = characters.pop()!
    const next = last.codePointAt(0)! + 1
    const isCharacter = next <= 0x10ffff && (next < 0xd800 || next > 0xdfff)
    if (!isCharacter) continue
    const raised = String.fromCodePoint(next)
    if (Buffer.byteLength(raised) !== Buffer.byteLength(last)) continue
    return { bytes: Buffer.from(characters.join('') + raised), isExact: false }
  }
  return { bytes: text, isExact: true }
}

/** Where the character begins that reaches beyond the longest bound, or ends that does not. */
function boundaryBefore(text: Buffer): number {
  let at = textBoundMax
  while ((text[at]! & 0xc0) === 0x80) at -= 1
  return at
}

/** The `Statistics` of a column chunk. */
export function writeStatistics(out: ThriftWriter, { nullCount, bounds, isSigned }: ChunkStatistics): void {
  if (bounds !== undefined && isSigned) {
    out.binary(1, bounds.max.bytes)
    out.binary(2, bounds.min.bytes)
  }
  out.i64(3, nullCount)
  if (bounds !== undefined) {
    out.binary(5, bounds.max.bytes)
    out.binary(6, bounds.min.bytes)
  }
  out.bool(7, bounds?.max.isExact === true)
  out.bool(8, bounds?.min.isExact === true)
}

/** The `SizeStatistics`: what a reader needs to know how much memory it will take. */
export function hasSizes({ presentCount, textBytes }: ChunkStatistics): boolean {
  return presentCount !== undefined || textBytes !== undefined
}

export function writeSizes(out: ThriftWriter, { nullCount, presentCount, textBytes }: ChunkStatistics): void {
  if (textBytes !== undefined) out.i64(1, textBytes)
  if (presentCount !== undefined) out.ints(3, 'i64', [nullCount, presentCount])
}
