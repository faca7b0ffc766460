import {
  buffered,
  gathered,
  isObject,
  optional,
  required,
  struct,
  text,
  u32,
  usize,
  type Decoder,
} from '../../decode.ts'
import { checkBounds } from '../checks.ts'
import { payloadPath } from '../payload-path.ts'
import { rowsMax, withPayload, withVector } from '../reads.ts'
import type { GivenGroupLookup, GivenGroups, GivenQuery } from './given-query.ts'
import { oldFields, oldQuery, recommendAim, recommendationOf, searchAim, searchFor } from './old-requests.ts'
import { queryFields, queryOf } from './requests.ts'

const groupSizeDefault = 3

const lookupStruct = struct('WithLookup', {
  collection: required(text),
  with_payload: optional(withPayload),
  with_vectors: optional(withVector, 'with_vector'),
})

const withLookup: Decoder<GivenGroupLookup> = buffered<GivenGroupLookup>((value) => {
  if (!isObject(value)) return { collection: text(value), payload: true, vectors: false }
  const { collection, with_payload: payload, with_vectors: vectors } = lookupStruct(value)
  return { collection, payload: payload ?? true, vectors: vectors ?? false }
}, 'data did not match any variant of untagged enum WithLookupInterface')

const groupFields = { group_by: required(payloadPath), with_lookup: optional(withLookup) }
// The old API has both numbers, and no more than 32 bits for them.
const oldCounts = { limit: required(u32), group_size: required(u32) }

interface Grouping {
  readonly group_by: string
  readonly group_size: number | undefined
  readonly with_lookup: GivenGroupLookup | undefined
}

function groupsOf(given: Grouping, query: GivenQuery, field: string): GivenGroups {
  checkBounds(given.group_size, { min: 1 }, `${field}.group_request.group_size`)
  return {
    query,
    groupBy: given.group_by,
    groupSize: Math.min(given.group_size ?? groupSizeDefault, rowsMax),
    lookup: given.with_lookup,
  }
}

const queryField = 'search_group_request'
const queryGroupsStruct = gathered('QueryGroupsRequest', {
  ...queryFields(queryField),
  ...groupFields,
  group_size: optional(usize),
})

export const queryGroupsRequest: Decoder<GivenGroups> = (value) => {
  const given = queryGroupsStruct(value)
  return groupsOf(given, queryOf(given, queryField, `${queryField}.group_request`), queryField)
}

const searchGroupsStruct = gathered('SearchGroupsRequest', {
  ...searchAim,
  ...oldFields(queryField),
  ...oldCounts,
  ...groupFields,
})

export const searchGroupsRequest: Decoder<GivenGroups> = (value) => {
  const given = searchGroupsStruct(value)
  const query = oldQuery(given, searchFor(given, queryField), queryField, `${queryField}.group_request`)
  return groupsOf(given, query, queryField)
}

const recommendField = 'recommend_group_request'
const recommendGroupsStruct = gathered('RecommendGroupsRequest', {
  ...recommendAim,
  ...oldFields(recommendField),
  ...oldCounts,
  ...groupFields,
})

export const recommendGroupsRequest: Decoder<GivenGroups> = (value) => {
  const given = recommendGroupsStruct(value)
  const query = oldQuery(given, recommendationOf(given), recommendField, `${recommendField}.group_request`)
  return groupsOf(given, query, recommendField)
}
