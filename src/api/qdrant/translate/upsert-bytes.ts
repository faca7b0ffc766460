import { isUtf8 } from 'node:buffer'
import { RawJson, type PointId } from '../../../index.ts'
import type { Loan } from '../../../runtime/kept-memory.ts'
import { yieldToEventLoop } from '../../../runtime/yield.ts'
import { FloatLists } from '../../json/float-lists.ts'
import { skipName, skipObject, skipSpace, skipString, skipValue } from '../../json/json-bytes.ts'
import { DecodeError } from '../decode.ts'
import { pointId } from './point-id.ts'
import type { GivenPoint } from './points.ts'
import type { GivenVector, GivenVectors } from './vectors.ts'

const comma = 44
const openBracket = 91
const closeBracket = 93
const openBrace = 123
const closeBrace = 125
const quote = 34

const pointsName = Buffer.from('"points"')
const idName = Buffer.from('"id"')
const vectorName = Buffer.from('"vector"')
const payloadName = Buffer.from('"payload"')
const shardKeyName = Buffer.from('"shard_key"')
const nullWord = Buffer.from('null')

/** A double holds every integer of so many digits. */
const exactDigits = 15
const idDigitsMax = 20
/** Text that is read between two looks at the event loop: a millisecond or two. */
const sliceBytes = 2 ** 20

/**
 * The points of `{"points": [ {…}, … ]}`: vectors as floats, and each payload as the bytes that were sent. Undefined for text of
 * another shape, and for text with a fault. A long text is read in slices, and the bytes must not change meanwhile. The vectors
 * are in memory of the loan, if there is one.
 */
export function readPoints(
  bytes: Buffer,
  loan?: Loan,
): readonly GivenPoint[] | undefined | Promise<readonly GivenPoint[] | undefined> {
  const reader = new PointReader(bytes, loan)
  return bytes.length <= sliceBytes ? reader.readAll() : readInSlices(reader)
}

async function readInSlices(reader: PointReader): Promise<readonly GivenPoint[] | undefined> {
  for (;;) {
    const state = reader.readSlice()
    if (state !== 'reading') return state === 'done' ? reader.points : undefined
    await yieldToEventLoop()
  }
}

interface PointMembers {
  id: PointId | undefined
  vectors: GivenVectors | undefined
  /** Undefined: none was sent. */
  payload: RawJson | null | undefined
}

class PointReader {
  readonly points: GivenPoint[] = []
  readonly #bytes: Buffer
  readonly #lists: FloatLists
  /** -1 once something was not understood. */
  #at = 0
  #isDone = false

  constructor(bytes: Buffer, loan: Loan | undefined) {
    this.#bytes = bytes
    this.#lists = new FloatLists(bytes, loan)
    this.#at = this.#begin()
  }

  readAll(): readonly GivenPoint[] | undefined {
    while (this.#at >= 0 && !this.#isDone) this.#step()
    return this.#isDone ? this.points : undefined
  }

  readSlice(): 'reading' | 'done' | 'other' {
    const end = this.#at + sliceBytes
    while (this.#at >= 0 && this.#at < end && !this.#isDone) this.#step()
    if (this.#isDone) return 'done'
    return this.#at < 0 ? 'other' : 'reading'
  }

  /** Behind the bracket that opens the list of points. */
  #begin(): number {
    const bytes = this.#bytes
    const start = skipSpace(bytes, 0)
    const name = skipSpace(bytes, start + 1)
    if (bytes[start] !== openBrace || !isAt(bytes, name, pointsName)) return -1
    const list = skipName(bytes, name)
    if (bytes[list] !== openBracket) return -1
    const first = skipSpace(bytes, list + 1)
    if (bytes[first] === closeBracket) this.#end(first)
    return first
  }

  /** The next point and the comma behind it, or the end. */
  #step(): void {
    const bytes = this.#bytes
    const end = this.#readPoint(this.#at)
    if (end < 0) return this.#giveUp()
    const next = skipSpace(bytes, end)
    if (bytes[next] === comma) this.#at = skipSpace(bytes, next + 1)
    else if (bytes[next] === closeBracket) this.#end(next)
    else this.#giveUp()
  }

  /** Other fields behind the points (a filter, say) need care. */
  #end(bracket: number): void {
    const bytes = this.#bytes
    const brace = skipSpace(bytes, bracket + 1)
    if (bytes[brace] === closeBrace && skipSpace(bytes, brace + 1) === bytes.length) this.#isDone = true
    else this.#giveUp()
  }

  #giveUp(): void {
    this.#at = -1
  }

  #readPoint(start: number): number {
    const bytes = this.#bytes
    if (bytes[start] !== openBrace) return -1
    const members: PointMembers = { id: undefined, vectors: undefined, payload: undefined }
    let at = skipSpace(bytes, start + 1)
    for (;;) {
      at = this.#readMember(at, members)
      if (at < 0) return -1
      at = skipSpace(bytes, at)
      if (bytes[at] === closeBrace) break
      if (bytes[at] !== comma) return -1
      at = skipSpace(bytes, at + 1)
    }
    const { id, vectors, payload } = members
    if (id === undefined || vectors === undefined) return -1
    this.points.push({ id, vector: vectors, payload: payload ?? undefined })
    return at + 1
  }

  /** A name that stands there twice, or that we do not know, is left to the careful parser. */
  #readMember(at: number, members: PointMembers): number {
    const bytes = this.#bytes
    const value = skipName(bytes, at)
    if (value < 0) return -1
    if (isAt(bytes, at, idName)) return members.id === undefined ? this.#readId(value, members) : -1
    if (isAt(bytes, at, vectorName)) {
      return members.vectors === undefined ? this.#readVectors(value, members) : -1
    }
    // Points that were read from a server say it of themselves.
    if (isAt(bytes, at, shardKeyName)) return skipValue(bytes, value)
    const isFirstPayload = members.payload === undefined && isAt(bytes, at, payloadName)
    return isFirstPayload ? this.#readPayload(value, members) : -1
  }

  #readId(at: number, members: PointMembers): number {
    const bytes = this.#bytes
    if (bytes[at] === quote) {
      const end = skipString(bytes, at)
      if (end < 0) return -1
      members.id = checkedId(bytes.toString('latin1', at + 1, end - 1))
      return members.id === undefined ? -1 : end
    }
    let end = at
    let value = 0
    for (; bytes[end]! >= 48 && bytes[end]! <= 57; end++) value = value * 10 + bytes[end]! - 48
    const digits = end - at
    const next = bytes[end]
    // 1.0 and 1e3 are no ids.
    if (digits === 0 || digits > idDigitsMax || (digits > 1 && bytes[at] === 48)) return -1
    if (next === 46 || next === 101 || next === 69) return -1
    const isExact = digits <= exactDigits
    members.id = isExact ? value : checkedId(largeInteger(bytes.toString('latin1', at, end)))
    return members.id === undefined ? -1 : end
  }

  #readPayload(at: number, members: PointMembers): number {
    const bytes = this.#bytes
    if (isAt(bytes, at, nullWord)) {
      members.payload = null
      return at + nullWord.length
    }
    const end = skipObject(bytes, at)
    if (end < 0) return -1
    const text = bytes.subarray(at, end)
    // Everything else is compared or read as plain characters.
    if (!isUtf8(text)) return -1
    members.payload = text.length === 2 ? null : new RawJson(text)
    return end
  }

  #readVectors(at: number, members: PointMembers): number {
    const bytes = this.#bytes
    if (bytes[at] === openBracket) {
      const vector = this.#readVector(at, false)
      if (vector === undefined) return -1
      members.vectors = { '': vector }
      return this.#lists.end
    }
    if (bytes[at] !== openBrace) return -1
    const vectors: [string, GivenVector][] = []
    let i = skipSpace(bytes, at + 1)
    for (;;) {
      const value = skipName(bytes, i)
      if (value < 0) return -1
      const name = bytes.toString('utf8', i + 1, skipString(bytes, i) - 1)
      const vector = this.#readVector(value, true)
      // An escape could spell any name, and so may what is no UTF-8.
      if (vector === undefined || /[\\\ufffd]/.test(name)) return -1
      vectors.push([name, vector])
      i = skipSpace(bytes, this.#lists.end)
      if (bytes[i] === closeBrace) break
      if (bytes[i] !== comma) return -1
      i = skipSpace(bytes, i + 1)
    }
    members.vectors = Object.fromEntries(vectors)
    // A name that stands there twice.
    return Object.keys(members.vectors).length === vectors.length ? i + 1 : -1
  }

  #readVector(at: number, isNamed: boolean): GivenVector | undefined {
    if (this.#bytes[skipSpace(this.#bytes, at + 1)] === openBracket) return this.#readRows(at, isNamed)
    const values = this.#lists.read(at)
    return values === undefined ? undefined : { kind: 'dense', values }
  }

  /** Two rows under a name may be the indices and values of a sparse vector. */
  #readRows(at: number, isNamed: boolean): GivenVector | undefined {
    const bytes = this.#bytes
    if (bytes[at] !== openBracket) return undefined
    const rows: Float32Array[] = []
    let i = skipSpace(bytes, at + 1)
    for (;;) {
      const row = this.#lists.read(i)
      if (row === undefined || (rows.length > 0 && row.length !== rows[0]!.length)) return undefined
      rows.push(row)
      i = skipSpace(bytes, this.#lists.end)
      if (bytes[i] === closeBracket) break
      if (bytes[i] !== comma) return undefined
      i = skipSpace(bytes, i + 1)
    }
    this.#lists.skipTo(i + 1)
    return isNamed && rows.length === 2 ? undefined : { kind: 'multi', rows }
  }
}

function isAt(bytes: Buffer, at: number, text: Buffer): boolean {
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text[i]) return false
  return true
}

function largeInteger(text: string): number | bigint {
  const value = Number(text)
  return Number.isSafeInteger(value) ? value : BigInt(text)
}

function checkedId(value: string | number | bigint): PointId | undefined {
  try {
    return pointId(value)
  } catch (error) {
    if (error instanceof DecodeError) return undefined
    throw error
  }
}
