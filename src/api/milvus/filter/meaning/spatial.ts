import { GeometryError, parseWkt, type Shape, type SpatialRelation } from '../../../../index.ts'
import { dataTypes } from '../../schema/data-types.ts'
import { ends, ExpressionError } from '../filter-error.ts'
import { columnOf } from './columns.ts'
import { isFixed, predicate, valueOf } from './comparisons.ts'
import type { BuildScope, Column, Meaning, Predicate, Scope } from './meaning.ts'

/** `st_contains(…)` and the like. @throws ExpressionError */
export function spatialTest(
  relation: SpatialRelation,
  column: Column,
  geometry: Meaning,
  text: string,
): Predicate {
  const wkt = wktOf(geometry, text, shapeOf)
  return predicate((scope) => ({ kind: 'spatial', of: column.reference, relation, geometry: wkt(scope) }))
}

/** `st_dwithin(…)` @throws ExpressionError */
export function nearTest(
  column: Column,
  point: Meaning,
  meters: Meaning,
  texts: { readonly point: string; readonly meters: string },
): Predicate {
  const wkt = wktOf(point, texts.point, checkPoint)
  const distance = metersOf(meters, texts.meters)
  return predicate((scope) => ({
    kind: 'spatial-distance',
    of: column.reference,
    point: wkt(scope),
    meters: distance,
  }))
}

export const validTest = (column: Column): Predicate =>
  predicate(() => ({ kind: 'valid-geometry', of: column.reference }))

/** @throws ExpressionError for a field that is none of geometries */
export function geometryColumn(name: string, what: string, scope: Scope, text: string): Column {
  const column = columnOf(name, scope)
  if (column.dataType === dataTypes.Geometry) return column
  throw new ExpressionError(
    `${what} operation are only supported on geometry fields now, got: ${text}`,
    ends.number,
  )
}

/** A literal is checked at once, a template's value when it is known. */
function wktOf(meaning: Meaning, text: string, check: (wkt: string) => void): (scope: BuildScope) => string {
  const isText = isFixed(meaning) && (meaning.kind === 'template' || meaning.literal.type === 'text')
  if (!isText)
    throw new ExpressionError(
      `WKT string should be a string literal or template variable, got: ${text}`,
      ends.input,
    )
  const read = (scope: BuildScope): string => {
    const value = valueOf(meaning, scope)
    if (value.type !== 'text')
      throw new ExpressionError(`the value of the WKT string {${text}} is not string`)
    check(value.value)
    return value.value
  }
  if (meaning.kind === 'constant') read({ templates: new Map(), seed: 0 })
  return read
}

function shapeOf(wkt: string): Shape {
  try {
    return parseWkt(wkt)
  } catch (error) {
    if (!(error instanceof GeometryError)) throw error
    throw new ExpressionError(error.message, ends.number)
  }
}

function checkPoint(wkt: string): void {
  const shape = shapeOf(wkt)
  if (shape.kind === 'Point' && shape.at !== undefined) return
  throw new ExpressionError(`only supports POINT geometry: ${wkt}`)
}

function metersOf(meaning: Meaning, text: string): number {
  if (meaning.kind !== 'constant')
    throw new ExpressionError(
      `distance parameter must be a constant numeric value, got: ${text}`,
      ends.number,
    )
  const { literal } = meaning
  if (literal.type !== 'int' && literal.type !== 'double')
    throw new ExpressionError(
      `distance parameter must be a numeric value (int or float), got: ${text}`,
      ends.number,
    )
  const meters = Number(literal.value)
  if (meters >= 0) return meters
  throw new ExpressionError(`distance parameter must be non-negative, got: ${meters.toFixed(6)}`, ends.number)
}
