import type { JsonObject, JsonValue } from '../../../../index.ts'
import { malformed } from '../status.ts'
import type { Fields } from './fields.ts'
import { geoPointOf, given, pointIdOf, timestampOf } from './values.ts'

/** A filter as the REST API spells it. @throws StatusError */
export function filterOf(filter: Fields | undefined): JsonObject | undefined {
  if (filter === undefined) return undefined
  const minShould = filter.sub('min_should')
  return given({
    should: conditionsOf(filter, 'should'),
    must: conditionsOf(filter, 'must'),
    must_not: conditionsOf(filter, 'must_not'),
    min_should:
      minShould === undefined
        ? undefined
        : {
            conditions: minShould.subs('conditions').map(conditionOf),
            min_count: minShould.count('min_count'),
          },
  })
}

function conditionsOf(filter: Fields, name: string): readonly JsonValue[] | undefined {
  const conditions = filter.subs(name)
  return conditions.length === 0 ? undefined : conditions.map(conditionOf)
}

/** @throws StatusError */
export function conditionOf(condition: Fields): JsonObject {
  const field = condition.sub('field')
  if (field !== undefined) return fieldConditionOf(field)
  const filter = condition.sub('filter')
  if (filter !== undefined) return filterOf(filter)!
  const empty = condition.sub('is_empty')
  if (empty !== undefined) return { is_empty: { key: empty.words('key') } }
  const isNull = condition.sub('is_null')
  if (isNull !== undefined) return { is_null: { key: isNull.words('key') } }
  const ids = condition.sub('has_id')
  if (ids !== undefined) return { has_id: ids.subs('has_id').map(pointIdOf) }
  const vector = condition.sub('has_vector')
  if (vector !== undefined) return { has_vector: vector.words('has_vector') }
  const slice = condition.sub('slice')
  if (slice !== undefined) return sliceOf(slice)
  const nested = condition.sub('nested')
  if (nested !== undefined) return nestedOf(nested)
  throw malformed('Malformed Condition type')
}

function sliceOf(slice: Fields): JsonObject {
  const [total, index] = [slice.count('total'), slice.count('index')]
  if (total === 0) throw malformed('Slice total must be greater than 0')
  if (index >= total) throw malformed('Slice index must be less than the total number of slices')
  return { slice: { total, index } }
}

function nestedOf(nested: Fields): JsonObject {
  const filter = filterOf(nested.sub('filter'))
  if (filter === undefined) throw malformed('Nested condition must have a filter')
  return { nested: { key: nested.words('key'), filter } }
}

function fieldConditionOf(field: Fields): JsonObject {
  const match = field.sub('match')
  const range = field.sub('range')
  const times = field.sub('datetime_range')
  const box = field.sub('geo_bounding_box')
  const radius = field.sub('geo_radius')
  const polygon = field.sub('geo_polygon')
  const counts = field.sub('values_count')
  return given({
    key: field.words('key'),
    match: match && matchOf(match),
    range: times === undefined ? range && bounds((name) => range.float(name)) : timesOf(times),
    geo_bounding_box: box && boxOf(box),
    geo_radius: radius && radiusOf(radius),
    geo_polygon: polygon && polygonOf(polygon),
    values_count: counts && bounds((name) => counts.integer(name)),
    is_empty: field.flag('is_empty'),
    is_null: field.flag('is_null'),
  })
}

function bounds(read: (name: string) => JsonValue | undefined): JsonObject {
  return given({ lt: read('lt'), gt: read('gt'), gte: read('gte'), lte: read('lte') })
}

function timesOf(times: Fields): JsonObject {
  return bounds((name) => {
    const time = times.sub(name)
    return time === undefined ? undefined : timestampOf(time)
  })
}

function matchOf(match: Fields): JsonObject {
  const names = ['text', 'phrase', 'text_any', 'prefix'] as const
  const name = match.which(...names)
  if (name !== undefined) return { [name]: match.words(name) }
  const value = match.text('keyword') ?? match.integer('integer') ?? match.flag('boolean')
  if (value !== undefined) return { value }
  for (const [list, values] of [
    ['keywords', 'strings'],
    ['integers', 'integers'],
    ['except_keywords', 'strings'],
    ['except_integers', 'integers'],
  ] as const) {
    const sub = match.sub(list)
    if (sub === undefined) continue
    const found = values === 'strings' ? sub.texts(values) : sub.integers(values)
    return list.startsWith('except') ? { except: found } : { any: found }
  }
  throw malformed('Malformed Match condition')
}

function boxOf(box: Fields): JsonObject {
  const [topLeft, bottomRight] = [box.sub('top_left'), box.sub('bottom_right')]
  if (topLeft === undefined || bottomRight === undefined) throw malformed('Malformed GeoBoundingBox type')
  return { top_left: geoPointOf(topLeft), bottom_right: geoPointOf(bottomRight) }
}

function radiusOf(radius: Fields): JsonObject {
  const center = radius.sub('center')
  if (center === undefined) throw malformed('Malformed GeoRadius type')
  return { center: geoPointOf(center), radius: radius.float('radius') ?? 0 }
}

function polygonOf(polygon: Fields): JsonObject {
  const exterior = polygon.sub('exterior')
  if (exterior === undefined) throw malformed('Malformed GeoPolygon type - field `exterior` is required')
  const interiors = polygon.subs('interiors').map(lineOf)
  return given({ exterior: lineOf(exterior), interiors: interiors.length === 0 ? undefined : interiors })
}

const lineOf = (line: Fields): JsonObject => ({ points: line.subs('points').map(geoPointOf) })
