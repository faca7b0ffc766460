import {
  distanceBetween,
  isRelated,
  isValid,
  topologyOf,
  type SpatialRelation,
  type Topology,
} from './topology.ts'
import { GeometryError, parseWkt, type Position, type Shape } from './wkt.ts'

/** A geometry, read; what the library makes of it is made when it is first needed. */
export class Geometry {
  readonly shape: Shape
  /** Undefined if it is empty. */
  readonly #box: Box | undefined
  #topology: Topology | undefined

  constructor(text: string) {
    this.shape = parseWkt(text)
    this.#box = boxOf(this.shape)
  }

  isRelated(relation: SpatialRelation, other: Geometry): boolean {
    if (this.#box !== undefined && other.#box !== undefined && !meet(this.#box, other.#box)) return false
    return isRelated(relation, this.#made(), other.#made())
  }

  isValid(): boolean {
    return isValid(this.#made())
  }

  /**
   * About how many metres lie between this, with longitudes and latitudes for positions, and a point of them: on a globe if
   * this is a point as well, otherwise what a degree is on average where the point is. Infinite if this is empty.
   */
  metersTo(point: Geometry, [longitude, latitude]: Position): number {
    if (this.#box === undefined) return Infinity
    if (this.shape.kind === 'Point') return onGlobe(this.shape.at!, [longitude, latitude])
    const narrow = Math.cos(radians(latitude)) ** 2
    return distanceBetween(this.#made(), point.#made()) * metersPerDegree * Math.sqrt((1 + narrow) / 2)
  }

  #made(): Topology {
    this.#topology ??= topologyOf(this.shape)
    return this.#topology
  }
}

const metersPerDegree = 111_320
const earthRadius = 6_371_000
const radians = (degrees: number): number => (degrees * Math.PI) / 180

/** The haversine formula. */
function onGlobe(a: Position, b: Position): number {
  const [latitudeA, latitudeB] = [radians(a[1]), radians(b[1])]
  const half =
    Math.sin((latitudeB - latitudeA) / 2) ** 2 +
    Math.cos(latitudeA) * Math.cos(latitudeB) * Math.sin(radians(b[0] - a[0]) / 2) ** 2
  return 2 * earthRadius * Math.atan2(Math.sqrt(half), Math.sqrt(1 - half))
}

interface Box {
  west: number
  south: number
  east: number
  north: number
}

function boxOf(shape: Shape): Box | undefined {
  const box: Box = { west: Infinity, south: Infinity, east: -Infinity, north: -Infinity }
  extend(box, shape)
  return box.west === Infinity ? undefined : box
}

function extend(box: Box, shape: Shape): void {
  const add = (position: Position | undefined): void => {
    if (position === undefined) return
    const [x, y] = position
    if (x < box.west) box.west = x
    if (x > box.east) box.east = x
    if (y < box.south) box.south = y
    if (y > box.north) box.north = y
  }
  switch (shape.kind) {
    case 'Point':
      return add(shape.at)
    case 'LineString':
      return shape.line.forEach(add)
    case 'Polygon':
      return shape.rings.forEach((ring) => ring.forEach(add))
    case 'MultiPoint':
      return shape.points.forEach(add)
    case 'MultiLineString':
      return shape.lines.forEach((line) => line.forEach(add))
    case 'MultiPolygon':
      return shape.polygons.forEach((rings) => rings.forEach((ring) => ring.forEach(add)))
    case 'GeometryCollection':
      return shape.shapes.forEach((inner) => extend(box, inner))
  }
}

const meet = (a: Box, b: Box): boolean =>
  a.west <= b.east && b.west <= a.east && a.south <= b.north && b.south <= a.north

const recentMax = 4

/** Reads geometries, and keeps the last ones: tests of one row ask for the same ones. */
export class GeometryReader {
  readonly #recent: { readonly text: string; readonly geometry: Geometry | undefined }[] = []

  /** Undefined if the text is none. */
  read(text: string): Geometry | undefined {
    const known = this.#recent.find((one) => one.text === text)
    if (known !== undefined) return known.geometry
    const geometry = geometryOf(text)
    this.#recent.unshift({ text, geometry })
    if (this.#recent.length > recentMax) this.#recent.pop()
    return geometry
  }
}

function geometryOf(text: string): Geometry | undefined {
  try {
    return new Geometry(text)
  } catch (error) {
    if (!(error instanceof GeometryError)) throw error
    return undefined
  }
}
