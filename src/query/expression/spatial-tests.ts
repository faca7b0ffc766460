import { DatabaseError } from '../../errors/database-error.ts'
import { Geometry, GeometryReader } from '../geometry/geometry.ts'
import { GeometryError, type Position } from '../geometry/wkt.ts'
import type { RowExpression } from './expression.ts'

type Spatial = Extract<RowExpression, { kind: 'spatial' | 'spatial-distance' | 'valid-geometry' }>

/** A test of a text of the payload; what is no geometry is unknown. */
export type GeometryTest = (text: string) => boolean | null

// One for all filters: rows come one after the other, and a request's tests of a row together.
const reader = new GeometryReader()

/** @throws filter-invalid */
export function compileSpatial(expression: Spatial): GeometryTest {
  const test = testOf(expression)
  return (text) => {
    const geometry = reader.read(text)
    return geometry === undefined ? null : test(geometry)
  }
}

function testOf(expression: Spatial): (geometry: Geometry) => boolean {
  switch (expression.kind) {
    case 'valid-geometry':
      return (geometry) => geometry.isValid()
    case 'spatial': {
      const other = geometryOf(expression.geometry)
      return (geometry) => geometry.isRelated(expression.relation, other)
    }
    case 'spatial-distance': {
      const point = geometryOf(expression.point)
      const at = positionOf(point)
      return (geometry) => geometry.metersTo(point, at) <= expression.meters
    }
  }
}

function geometryOf(text: string): Geometry {
  try {
    return new Geometry(text)
  } catch (error) {
    if (!(error instanceof GeometryError)) throw error
    throw new DatabaseError('filter-invalid', `Cannot use this filter: ${error.message}`)
  }
}

function positionOf({ shape }: Geometry): Position {
  if (shape.kind === 'Point' && shape.at !== undefined) return shape.at
  throw new DatabaseError('filter-invalid', 'Cannot use this filter: distances are those to a point')
}
