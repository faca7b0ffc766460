import { createRequire } from 'node:module'
import type { Position, Shape } from './wkt.ts'

const load = createRequire(import.meta.url)

// Of JSTS, what is used here. A geometry is its object, and nobody else's business.
export interface Topology {
  isEmpty(): boolean
  getDimension(): number
  getGeometryType(): string
}

interface Matrix {
  isContains(): boolean
  isWithin(): boolean
  isIntersects(): boolean
  isEquals(a: number, b: number): boolean
  isTouches(a: number, b: number): boolean
  isCrosses(a: number, b: number): boolean
  isOverlaps(a: number, b: number): boolean
}

interface Factory {
  createPoint(at?: unknown): Topology
  createLineString(line: readonly unknown[]): Topology
  createLinearRing(line: readonly unknown[]): Topology
  createPolygon(shell: Topology, holes: readonly Topology[]): Topology
  createMultiPoint(points: readonly Topology[]): Topology
  createMultiLineString(lines: readonly Topology[]): Topology
  createMultiPolygon(polygons: readonly Topology[]): Topology
  createGeometryCollection(geometries: readonly Topology[]): Topology
}

interface Library {
  readonly factory: Factory
  readonly coordinate: (position: Position) => unknown
  readonly relate: (a: Topology, b: Topology) => Matrix
  readonly isValid: (geometry: Topology) => boolean
  /** One geometry of all parts; a polygon that crosses itself is what it covers. */
  readonly unite: (geometry: Topology) => Topology
  readonly distance: (a: Topology, b: Topology) => number
}

let loaded: Library | undefined

/** Hundreds of modules: only a filter that needs them loads them. */
function library(): Library {
  loaded ??= loadLibrary()
  return loaded
}

function loadLibrary(): Library {
  const part = <T>(path: string): T =>
    (load(`jsts/org/locationtech/jts/${path}.js`) as { readonly default: T }).default
  const GeometryFactory = part<new () => Factory>('geom/GeometryFactory')
  const Coordinate = part<new (x: number, y: number) => unknown>('geom/Coordinate')
  const relation = part<{ relate(a: Topology, b: Topology): Matrix }>('operation/relate/RelateOp')
  const validity = part<{ isValid(geometry: Topology): boolean }>('operation/valid/IsValidOp')
  const distance = part<{ distance(a: Topology, b: Topology): number }>('operation/distance/DistanceOp')
  const union = part<{ union(geometry: Topology): Topology }>('operation/union/UnaryUnionOp')
  const buffer = part<{ bufferOp(geometry: Topology, width: number): Topology }>('operation/buffer/BufferOp')
  return {
    factory: new GeometryFactory(),
    coordinate: ([x, y]) => new Coordinate(x, y),
    relate: (a, b) => relation.relate(a, b),
    isValid: (geometry) => validity.isValid(geometry),
    unite: (geometry) =>
      geometry.getGeometryType() === 'Polygon' ? buffer.bufferOp(geometry, 0) : union.union(geometry),
    distance: (a, b) => distance.distance(a, b),
  }
}

export function topologyOf(shape: Shape): Topology {
  const { factory, coordinate } = library()
  const point = (at: Position | undefined): Topology =>
    at === undefined ? factory.createPoint() : factory.createPoint(coordinate(at))
  const line = (positions: readonly Position[]): Topology =>
    factory.createLineString(positions.map(coordinate))
  const polygon = ([shell = [], ...holes]: readonly (readonly Position[])[]): Topology => {
    const ring = (positions: readonly Position[]): Topology =>
      factory.createLinearRing(positions.map(coordinate))
    return factory.createPolygon(ring(shell), holes.map(ring))
  }
  switch (shape.kind) {
    case 'Point':
      return point(shape.at)
    case 'LineString':
      return line(shape.line)
    case 'Polygon':
      return polygon(shape.rings)
    case 'MultiPoint':
      return factory.createMultiPoint(shape.points.map(point))
    case 'MultiLineString':
      return factory.createMultiLineString(shape.lines.map(line))
    case 'MultiPolygon':
      return factory.createMultiPolygon(shape.polygons.map(polygon))
    case 'GeometryCollection':
      return factory.createGeometryCollection(shape.shapes.map(topologyOf))
  }
}

export type SpatialRelation =
  'equals' | 'touches' | 'overlaps' | 'crosses' | 'contains' | 'intersects' | 'within'

/** How the first one lies to the second; what cannot be told of broken geometries is no. */
export function isRelated(relation: SpatialRelation, a: Topology, b: Topology): boolean {
  // Two that are empty are equal, and nothing else is true of an empty one.
  if (a.isEmpty() || b.isEmpty()) return relation === 'equals' && a.isEmpty() && b.isEmpty()
  const matrix = matrixOf(a, b)
  if (matrix === undefined) return false
  const dimensions = [a.getDimension(), b.getDimension()] as const
  switch (relation) {
    case 'equals':
      return matrix.isEquals(...dimensions)
    case 'touches':
      return matrix.isTouches(...dimensions)
    case 'overlaps':
      return matrix.isOverlaps(...dimensions)
    case 'crosses':
      return matrix.isCrosses(...dimensions)
    case 'contains':
      return matrix.isContains()
    case 'intersects':
      return matrix.isIntersects()
    case 'within':
      return matrix.isWithin()
  }
}

/** The library throws where parts of a geometry lie on one another: what they cover together is related then. */
function matrixOf(a: Topology, b: Topology): Matrix | undefined {
  const [left, right] = [relatable(a), relatable(b)]
  const { relate } = library()
  return tried(() => relate(left, right)) ?? tried(() => relate(covered(left), covered(right)))
}

/** The parts of a collection may be anything, also within one another. */
function relatable(geometry: Topology): Topology {
  if (geometry.getGeometryType() !== 'GeometryCollection') return geometry
  return tried(() => covered(geometry)) ?? geometry
}

const covers = new WeakMap<Topology, Topology>()

/** What the parts of a geometry cover together. */
function covered(geometry: Topology): Topology {
  const found = covers.get(geometry) ?? library().unite(geometry)
  covers.set(geometry, found)
  return found
}

function tried<T>(make: () => T): T | undefined {
  try {
    return make()
  } catch {
    return undefined
  }
}

export const isValid = (geometry: Topology): boolean => library().isValid(geometry)

/** In the units of the positions; 0 if they meet. Not of empty ones. */
export const distanceBetween = (a: Topology, b: Topology): number => library().distance(a, b)
