import type { Filter, PointId, PointSelector } from '../../../index.ts'
import { DecodeError, defaulted, list, required, struct, untagged, type Decoder } from '../decode.ts'
import { badRequest } from '../failures.ts'
import { filterOf } from './filters.ts'
import { pointId } from './point-id.ts'
import { shardKeys, type ShardKeys } from './shard-key.ts'

/** Which points an operation means, and by which shard keys. */
export interface Selection {
  readonly points?: readonly PointId[] | undefined
  readonly filter?: Filter | undefined
  readonly shard_key?: ShardKeys | undefined
}

/** The body of points/delete and points/payload/clear; its filter is not validated. */
export const pointsSelector: Decoder<Selection> = untagged<Selection>(
  'PointsSelector',
  struct('PointIdsList', { points: required(list(pointId)), shard_key: defaulted(shardKeys) }),
  struct('FilterSelector', {
    filter: required((value) => {
      if (value === null) throw new DecodeError('no filter', 'after')
      return filterOf()(value)
    }),
    shard_key: defaulted(shardKeys),
  }),
)

/** @throws WireError 400 for an empty list */
export function engineSelector({ points, filter }: Selection): PointSelector {
  if (points === undefined) return { filter: filter ?? {} }
  if (points.length === 0) throw badRequest('Empty update request')
  return { ids: points }
}

export function checkSelected({ points, filter }: Selection): void {
  if (points !== undefined || filter !== undefined) return
  throw new DecodeError('Either list of point ids or filter must be provided', 'after')
}
