import type { JsonValue } from '../encoding/json.ts'
import type { FieldCondition, GeoPoint } from './filter.ts'
import { numberOf } from './values.ts'
import { isObject } from './payload-path.ts'

// Mean earth radius in metres, as Qdrant measures with it.
const earthRadius = 6_371_008.8
const radians = Math.PI / 180

export function geoPointOf(value: JsonValue): GeoPoint | undefined {
  if (!isObject(value)) return undefined
  const lon = numberOf(value['lon'])
  const lat = numberOf(value['lat'])
  if (lon === undefined || lat === undefined || Math.abs(lat) > 90 || Math.abs(lon) > 180) return undefined
  return { lon, lat }
}

/** Edges are outside; a box whose left longitude is above its right one crosses the antimeridian. */
export function isInBox(point: GeoPoint, box: NonNullable<FieldCondition['geoBoundingBox']>): boolean {
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
  return 2 * earthRadius * Math.asin(Math.sqrt(h))
}

export function isInPolygon(point: GeoPoint, polygon: NonNullable<FieldCondition['geoPolygon']>): boolean {
  return isInRing(point, polygon.exterior) && !(polygon.interiors ?? []).some((ring) => isInRing(point, ring))
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
