import type { JsonObject, PointId, PointSelector } from '../../../index.ts'
import { array, isObject } from '../decode.ts'
import { badRequest, formatError } from '../failures.ts'
import { translateFilter } from './filter.ts'
import { pointId } from './point-id.ts'

/** `points` or `filter` of payload and vector operations. */
export function operationSelector(body: JsonObject): PointSelector {
  const { points, filter } = body
  if (points !== undefined && points !== null)
    return { ids: checkedIds(array(points).map((id) => pointId(id))) }
  if (filter !== undefined && filter !== null)
    return { filter: translateFilter(filter, { unvalidated: true }) }
  throw formatError('Either list of point ids or filter must be provided')
}

/** The body of points/delete and points/payload/clear. */
export function pointsSelector(body: unknown): PointSelector {
  if (isObject(body as JsonObject)) {
    const { points, filter } = body as JsonObject
    if (Array.isArray(points)) {
      return { ids: checkedIds((points as readonly JsonObject[]).map((id) => pointId(id))) }
    }
    if (isObject(filter)) return { filter: translateFilter(filter, { unvalidated: true }) }
  }
  throw formatError('data did not match any variant of untagged enum PointsSelector')
}

function checkedIds(ids: PointId[]): PointId[] {
  if (ids.length === 0) throw badRequest('Empty update request')
  return ids
}
