import {
  isPayloadPath,
  parseDatetime,
  type FieldCondition,
  type GeoPoint,
  type JsonObject,
  type JsonValue,
  type Match,
  type Range,
} from '../../../index.ts'
import { FormatError } from './format-error.ts'
import { doubleOf, integerOf, isJsonArray, isJsonObject, kindOf, member } from './json-kind.ts'

type Tests = { -readonly [K in keyof FieldCondition]: FieldCondition[K] }
type Bound = 'lt' | 'gt' | 'gte' | 'lte'
const bounds: readonly Bound[] = ['lt', 'gt', 'gte', 'lte']

/** A condition on a payload key; undefined if it asks nothing. @throws FormatError */
export function translateFieldCondition(json: JsonObject): FieldCondition | undefined {
  const path = member(json, 'key')
  if (typeof path !== 'string') throw new FormatError("Filter condition 'key' must be a string")
  if (!isPayloadPath(path)) throw new FormatError(`Invalid json path: '${path}'`)
  const condition: Tests = { kind: 'field', path }
  let isEmpty = true
  for (const [name, translate] of Object.entries(translators)) {
    const test = member(json, name)
    if (test === undefined || test === null) continue
    translate(test, condition)
    isEmpty = false
  }
  return isEmpty ? undefined : condition
}

const translators: Readonly<Record<string, (json: JsonValue, into: Tests) => void>> = {
  match: (json, into) => {
    into.match = translateMatch(json)
  },
  range: translateRange,
  geo_bounding_box: (json, into) => {
    const [topLeft, bottomRight] = struct(json, 'struct GeoBoundingBox', ['top_left', 'bottom_right'])
    into.geoBoundingBox = { topLeft: geoPoint(topLeft!), bottomRight: geoPoint(bottomRight!) }
  },
  geo_radius: (json, into) => {
    const [center, radius] = struct(json, 'struct GeoRadius', ['center', 'radius'])
    into.geoRadius = { center: geoPoint(center!), radius: double(radius!) }
  },
  geo_polygon: (json, into) => {
    const [exterior, interiors] = struct(json, 'struct GeoPolygonShadow', ['exterior'], ['interiors'])
    const holes = interiors === undefined || interiors === null ? undefined : sequence(interiors).map(ring)
    into.geoPolygon = { exterior: ring(exterior!), ...(holes === undefined ? {} : { interiors: holes }) }
  },
  values_count: (json, into) => {
    const counts = struct(json, 'struct ValuesCount', [], bounds, 4)
    into.valuesCount = range(
      bounds,
      Object.fromEntries(bounds.map((bound, i) => [bound, counts[i] ?? null])),
      usize,
    )
  },
  is_empty: (json, into) => {
    into.isEmpty = boolean(json)
  },
  is_null: (json, into) => {
    into.isNull = boolean(json)
  },
}

/** The first form that fits counts; what stands beside it is left alone. */
function translateMatch(json: JsonValue): Match {
  if (isJsonObject(json)) {
    const value = member(json, 'value')
    if (typeof value === 'string' || typeof value === 'boolean') return { value }
    const integer = i64(value)
    if (integer !== undefined) return { value: integer }
    const text = member(json, 'text')
    if (typeof text === 'string') return { text }
    const textAny = member(json, 'text_any')
    if (typeof textAny === 'string') return { textAny }
    const phrase = member(json, 'phrase')
    if (typeof phrase === 'string') return { phrase }
    const prefix = member(json, 'prefix')
    if (typeof prefix === 'string') return { prefix }
    const any = values(member(json, 'any'))
    if (any !== undefined) return { any }
    const except = values(member(json, 'except'))
    if (except !== undefined) return { except }
  }
  throw new FormatError('data did not match any variant of untagged enum MatchInterface')
}

/** A list of texts or a list of integers. */
function values(json: JsonValue | undefined): readonly (string | number | bigint)[] | undefined {
  if (!isJsonArray(json)) return undefined
  if (json.every((item) => typeof item === 'string')) return json
  const integers = json.map(i64)
  return integers.every((item) => item !== undefined) ? integers : undefined
}

function i64(json: JsonValue | undefined): number | bigint | undefined {
  const integer = integerOf(json)
  return integer !== undefined && integer >= -(1n << 63n) && integer < 1n << 63n ? integer : undefined
}

/** Bounds are numbers, or times as soon as one of them is a text. */
function translateRange(json: JsonValue, into: Tests): void {
  const mismatch = new FormatError('data did not match any variant of untagged enum RangeInterfaceUntagged')
  if (!isJsonObject(json)) throw mismatch
  // In the order in which they were written: the first mistake is the one that is told.
  const given = Object.keys(json).filter((key): key is Bound => (bounds as readonly string[]).includes(key))
  if (given.some((bound) => typeof json[bound] === 'string')) {
    into.datetimeRange = range(given, json, datetime)
  } else {
    into.range = range(given, json, (value) => {
      const number = doubleOf(value)
      if (number === undefined) throw mismatch
      return number
    })
  }
}

function datetime(json: JsonValue): string {
  if (typeof json !== 'string') throw new FormatError(`invalid type: ${kindOf(json)}, expected a string`)
  if (parseDatetime(json) !== undefined) return json
  throw new FormatError(
    `'${json}' does not match accepted datetime format (RFC3339). Example: 2014-01-01T00:00:00Z`,
  )
}

function range<T>(given: readonly Bound[], json: JsonObject, translate: (json: JsonValue) => T): Range<T> {
  const found: { -readonly [K in Bound]?: T } = {}
  for (const bound of given) {
    const value = json[bound]
    if (value !== undefined && value !== null) found[bound] = translate(value)
  }
  return found
}

function ring(json: JsonValue): readonly GeoPoint[] {
  const [points] = struct(json, 'struct GeoLineStringShadow', ['points'])
  const line = sequence(points!).map(geoPoint)
  if (line.length < 4) {
    throw new FormatError(
      `Validation failed: polygon invalid, the size must be at least 4, got ${line.length}`,
    )
  }
  const [first, last] = [line[0]!, line[line.length - 1]!]
  if (first.lat === last.lat && first.lon === last.lon) return line
  throw new FormatError(
    'Validation failed: polygon invalid, the first and the last points should be the same to form a closed line',
  )
}

function geoPoint(json: JsonValue): GeoPoint {
  const [lon, lat] = struct(json, 'struct GeoPointShadow', ['lon', 'lat']).map((value) => double(value!))
  if (Math.abs(lat!) <= 90 && Math.abs(lon!) <= 180) return { lon: lon!, lat: lat! }
  throw new FormatError(
    `Wrong format of GeoPoint payload: expected \`lat\` = ${lat!} within [-90;90] and \`lon\` = ${lon!} within [-180;180]`,
  )
}

/** The fields of a struct, which may be written as a map or as a sequence; optional ones may be undefined. */
function struct(
  json: JsonValue,
  name: string,
  required: readonly string[],
  optional: readonly string[] = [],
  least = required.length,
): readonly (JsonValue | undefined)[] {
  const names = [...required, ...optional]
  if (isJsonArray(json)) {
    if (json.length >= least) return json
    throw new FormatError(`Invalid length ${json.length}. Expected ${name} with ${names.length} elements`)
  }
  if (!isJsonObject(json)) throw mistyped(json, name)
  const missing = required.find((key) => !Object.hasOwn(json, key))
  if (missing !== undefined) throw new FormatError(`Missing field ${missing}`)
  return names.map((key) => member(json, key))
}

function sequence(json: JsonValue): readonly JsonValue[] {
  if (!isJsonArray(json)) throw mistyped(json, 'a sequence')
  return json
}

function double(json: JsonValue): number {
  const number = doubleOf(json)
  if (number === undefined) throw mistyped(json, 'f64')
  return number
}

function usize(json: JsonValue): number {
  const integer = integerOf(json)
  if (integer === undefined) throw mistyped(json, 'usize')
  if (integer < 0) throw new FormatError(`Invalid value ${kindOf(json)}. Expected usize`)
  return Number(integer)
}

function boolean(json: JsonValue): boolean {
  if (typeof json !== 'boolean') throw mistyped(json, 'a boolean')
  return json
}

function mistyped(json: JsonValue, expected: string): FormatError {
  return new FormatError(`Invalid type ${kindOf(json)}. Expected ${expected}`)
}
