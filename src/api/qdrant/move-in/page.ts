import { DatabaseError, parseJson, stringifyJson, type JsonValue, type PointId } from '../../../index.ts'
import { skipName, skipSpace, skipValue } from '../../json/json-bytes.ts'
import { isArray, isObject, memberOf } from '../decode.ts'
import { pointId } from '../translate/point-id.ts'
import { decodeUpsert, type GivenPoint } from '../translate/points.ts'
import { notUnderstood, parseAnswer } from './source.ts'

// A page of points is read like a request to write them: vectors straight to floats, each payload as the bytes that came.

export interface Page {
  readonly points: readonly GivenPoint[]
  /** Where the next page begins; undefined: there is none. */
  readonly next: PointId | undefined
}

/** The answer to a scroll. @throws source-invalid, and what decoding points throws */
export async function readPage(bytes: Buffer, path: string): Promise<Page> {
  const { points, next } = findParts(bytes) ?? parseParts(bytes, path)
  const given = await decodePoints(points)
  return { points: given, next: next === undefined || next === null ? undefined : pointId(next) }
}

const head = Buffer.from('{"points":')
const tail = Buffer.from('}')

async function decodePoints(text: Uint8Array): Promise<readonly GivenPoint[]> {
  try {
    return (await decodeUpsert(Buffer.concat([head, text, tail]))).points
  } catch (error) {
    const id = findNoNumber(parseJson(text))
    if (id === undefined) throw error
    const why = 'a vector has a component that is no number: Qdrant writes NaN and infinity as null'
    throw new DatabaseError('source-invalid', `Cannot copy point ${id}: ${why}`, { id }, error)
  }
}

/** Id of the first point that has null in a vector. */
function findNoNumber(points: JsonValue): string | undefined {
  const point = (isArray(points) ? points : []).find((one) => isObject(one) && hasNull(one['vector'] ?? 0))
  return isObject(point) ? stringifyJson(point['id'] ?? null) : undefined
}

function hasNull(value: JsonValue): boolean {
  if (isArray(value)) return value.some((item) => item === null || hasNull(item))
  return isObject(value) && Object.values(value).some((member) => hasNull(member))
}

interface Parts {
  /** Text of the list of points. */
  readonly points: Uint8Array
  readonly next: JsonValue | undefined
}

const brace = 123
const closeBrace = 125
const comma = 44

/** Without parsing what is between; undefined for text that needs care. */
function findParts(bytes: Buffer): Parts | undefined {
  const answer = membersOf(bytes, skipSpace(bytes, 0))
  const result = answer?.get('result')
  const members = result === undefined ? undefined : membersOf(bytes, result.start)
  const points = members?.get('points')
  if (members === undefined || points === undefined) return undefined
  const next = members.get('next_page_offset')
  return {
    points: bytes.subarray(points.start, points.end),
    next: next === undefined ? undefined : parseJson(bytes.subarray(next.start, next.end)),
  }
}

interface Span {
  readonly start: number
  readonly end: number
}

/** Where the values of an object stand, by name. A name with an escape is not found by what it spells. */
function membersOf(bytes: Buffer, at: number): ReadonlyMap<string, Span> | undefined {
  if (bytes[at] !== brace) return undefined
  const members = new Map<string, Span>()
  let i = skipSpace(bytes, at + 1)
  while (bytes[i] !== closeBrace) {
    const start = skipName(bytes, i)
    const end = start < 0 ? -1 : skipValue(bytes, start)
    if (end < 0) return undefined
    const name = bytes.toString('utf8', i + 1, bytes.indexOf('"', i + 1))
    if (members.has(name)) return undefined
    members.set(name, { start, end })
    i = skipSpace(bytes, end)
    if (bytes[i] === comma) i = skipSpace(bytes, i + 1)
    else if (bytes[i] !== closeBrace) return undefined
  }
  return members
}

function parseParts(bytes: Buffer, path: string): Parts {
  const value = parseAnswer(bytes, path)
  const result = isObject(value) ? value['result'] : undefined
  const points = isObject(result) ? result['points'] : undefined
  if (!isObject(result) || !isArray(points)) throw notUnderstood(path, 'it has no list of points')
  return { points: Buffer.from(stringifyJson(points)), next: memberOf(result, 'next_page_offset') }
}
