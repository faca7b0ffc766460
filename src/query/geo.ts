import type { JsonValue } from '../encoding/json.ts'
import type { FieldCondition, GeoPoint } from './filter.ts'
import { anyValue, type ValuesTest } from './match.ts'
import { isObject } from './payload-path.ts'
import { numberOf } from './values.ts'

// Mean earth radius in metres, as Qdrant measures with it.
export const earthRadius = 6_371_008.8
const radians = Math.PI / 180

export type GeoCondition = Pick<FieldCondition, 'geoBoundingBox' | 'geoRadius' | 'geoPolygon'>
type Box = NonNullable<FieldCondition['geoBoundingBox']>

/** An object with lon and lat, wherever they lie. */
export function geoPointOf(value: JsonValue): GeoPoint | undefined {
  if (!isObject(value)) return undefined
  const lon = numberOf(value['lon'])
  const lat = numberOf(value['lat'])
  return lon === undefined || lat === undefined ? undefined : { lon, lat }
}

/** What a geo index holds: a point on earth. */
export function earthPointOf(value: JsonValue): GeoPoint | undefined {
  const point = geoPointOf(value)
  return point !== undefined && Math.abs(point.lat) <= 90 && Math.abs(point.lon) <= 180 ? point : undefined
}

/** The tests of a condition that look at points, one by one. */
export function compileGeo(condition: GeoCondition, isIndexed: boolean): ValuesTest[] {
  const read = isIndexed ? earthPointOf : geoPointOf
  return pointTests(condition, isIndexed).map((test) =>
    anyValue((value) => {
      const point = read(value)
      return point !== undefined && test(point)
    }),
  )
}

export function pointTests(condition: GeoCondition, isIndexed: boolean): ((point: GeoPoint) => boolean)[] {
  const { geoBoundingBox: box, geoRadius: circle, geoPolygon: polygon } = condition
  const tests: ((point: GeoPoint) => boolean)[] = []
  if (box !== undefined) tests.push((point) => !(isIndexed && isWorld(box)) && isInBox(point, box))
  if (circle !== undefined) tests.push((point) => distanceOf(point, circle.center) < circle.radius)
  if (polygon !== undefined) tests.push((point) => isInPolygon(point, polygon))
  return tests
}

/** Qdrant's geo index takes both edges of the whole world for one line and finds nothing between them. */
function isWorld({ topLeft, bottomRight }: Box): boolean {
  return topLeft.lat === 90 && topLeft.lon === -180 && bottomRight.lat === -90 && bottomRight.lon === 180
}

/** Edges are outside; a box whose left longitude is above its right one crosses the antimeridian. */
export function isInBox(point: GeoPoint, box: Box): boolean {
  const { topLeft, bottomRight } = box
  if (!(bottomRight.lat < point.lat && point.lat < topLeft.lat)) return false
  if (topLeft.lon > bottomRight.lon) return point.lon > topLeft.lon || point.lon < bottomRight.lon
  return topLeft.lon < point.lon && point.lon < bottomRight.lon
}

/** Great-circle distance in metres. */
export function distanceOf(a: GeoPoint, b: GeoPoint): number {
  const dLat = (b.lat - a.lat) * radians
  const dLon = (b.lon - a.lon) * radians
  const h =
    Math.sin(dLat / 2) ** 2 + Math.cos(a.lat * radians) * Math.cos(b.lat * radians) * Math.sin(dLon / 2) ** 2
  // Rounding may lift it over 1 for points that lie opposite each other.
  return 2 * earthRadius * Math.asin(Math.sqrt(Math.min(1, h)))
}

export function isInPolygon(point: GeoPoint, polygon: NonNullable<FieldCondition['geoPolygon']>): boolean {
  return isInRing(point, polygon.exterior) && !(polygon.interiors ?? []).some((ring) => isInRing(point, ring))
}

/** Latitudes between which all points lie that can pass. */
export function latitudeBounds(condition: GeoCondition): { readonly south: number; readonly north: number } {
  const { geoBoundingBox: box, geoRadius: circle, geoPolygon: polygon } = condition
  if (box !== undefined) return { south: box.bottomRight.lat, north: box.topLeft.lat }
  if (circle !== undefined) {
    // A little more than needed, for rounding.
    const reach = (circle.radius / earthRadius / radians) * 1.000001 + 1e-9
    return { south: circle.center.lat - reach, north: circle.center.lat + reach }
  }
  let south = Number.POSITIVE_INFINITY
  let north = Number.NEGATIVE_INFINITY
  for (const { lat } of polygon?.exterior ?? []) {
    south = Math.min(south, lat)
    north = Math.max(north, lat)
  }
  return { south, north }
}

/** Crossing number; planar in longitude and latitude. */
function isInRing(point: GeoPoint, ring: readonly GeoPoint[]): boolean {
  let isInside = false
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i, i += 1) {
    const a = ring[i]!
    const b = ring[j]!
    if (a.lat > point.lat === b.lat > point.lat) continue
    if (point.lon < ((b.lon - a.lon) * (point.lat - a.lat)) / (b.lat - a.lat) + a.lon) isInside = !isInside
  }
  return isInside
}
