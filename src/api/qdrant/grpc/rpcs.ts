import type { JsonValue } from '../../../index.ts'
import {
  clusterInfo,
  collectionInfo,
  listOf,
  shardKeys,
  snapshotDescription,
  snapshotDescriptions,
} from './present/collections.ts'
import {
  facetHits,
  groupsResult,
  matrixOffsets,
  matrixPairs,
  retrievedPoints,
  scoredPoints,
  updateResult,
  updateResults,
} from './present/points.ts'
import { integerMessage, pointIdMessage } from './present/values.ts'
import { isArray, isObject, memberOf } from '../decode.ts'
import type { RestRequest } from './rest-request.ts'
import { timeoutQuery } from './translate/calls.ts'
import {
  changeShardKey,
  createCollection,
  createIndex,
  createVectorName,
  deleteIndex,
  deleteVectorName,
  updateAliases,
  updateCollection,
} from './translate/collections.ts'
import type { Fields } from './translate/fields.ts'
import { queryBody, queryGroupsBody } from './translate/queries.ts'
import {
  batchOf,
  countBody,
  discoverBody,
  facetBody,
  matrixBody,
  readOf,
  recommendBody,
  recommendGroupsBody,
  retrieveBody,
  scrollBody,
  searchBody,
  searchGroupsBody,
  type BodyOf,
} from './translate/reads.ts'
import {
  batchBody,
  deletePayloadBody,
  deleteVectorsBody,
  selectionBody,
  setPayloadBody,
  updateVectorsBody,
  upsertInSlices,
  writeOf,
} from './translate/writes.ts'
import type { Message } from './wire/messages.ts'

/** A procedure that is answered by a route of the REST API. */
export interface Rpc {
  /** Method and pattern. */
  readonly route: string
  /** Types of messages. */
  readonly request: string
  readonly response: string
  /** @throws StatusError for a message that lacks something */
  readonly translate: (fields: Fields) => RestRequest | Promise<RestRequest>
  /** What the message of the answer holds, besides the time. */
  readonly present: (result: JsonValue) => Message
}

type Rpcs = Readonly<Record<string, Rpc>>

/** `messages`: the types of the request and of the answer. */
function rpc(
  route: string,
  messages: readonly [request: string, response: string],
  translate: Rpc['translate'],
  present: Rpc['present'],
): Rpc {
  const [request, response] = messages
  return { route, request, response, translate, present }
}

const member = (result: JsonValue, name: string): JsonValue | undefined =>
  isObject(result) ? memberOf(result, name) : undefined

const nothing = (): RestRequest => ({})
const waiting = (fields: Fields): RestRequest => ({ query: timeoutQuery(fields) })
const snapshotName = (fields: Fields): RestRequest => ({ params: { name: fields.words('snapshot_name') } })

const truth = (result: JsonValue): Message => ({ result: result === true })
const points = (result: JsonValue): Message => ({ result: scoredPoints(result) })
const queryPoints = (result: JsonValue): Message => ({ result: scoredPoints(member(result, 'points')) })
const groups = (result: JsonValue): Message => ({ result: groupsResult(result) })
const update = (result: JsonValue): Message => ({ result: updateResult(result) })
const aliases = (result: JsonValue): Message => ({ aliases: listOf('AliasDescription', 'aliases')(result) })

const batches =
  (one: (result: JsonValue) => Message) =>
  (result: JsonValue): Message => ({ result: isArray(result) ? result.map(one) : [] })

function scrolled(result: JsonValue): Message {
  const next = member(result, 'next_page_offset')
  return {
    result: retrievedPoints(member(result, 'points')),
    ...(next === undefined ? {} : { next_page_offset: pointIdMessage(next) }),
  }
}

const base = '/collections/:collection'
const operated = 'CollectionOperationResponse'

const collections: Rpcs = {
  Get: rpc(`GET ${base}`, ['GetCollectionInfoRequest', 'GetCollectionInfoResponse'], nothing, (result) => ({
    result: collectionInfo(result),
  })),
  List: rpc('GET /collections', ['ListCollectionsRequest', 'ListCollectionsResponse'], nothing, (result) => ({
    collections: listOf('CollectionDescription', 'collections')(result),
  })),
  Create: rpc(`PUT ${base}`, ['CreateCollection', operated], createCollection, truth),
  Update: rpc(`PATCH ${base}`, ['UpdateCollection', operated], updateCollection, truth),
  Delete: rpc(`DELETE ${base}`, ['DeleteCollection', operated], waiting, truth),
  UpdateAliases: rpc('POST /collections/aliases', ['ChangeAliases', operated], updateAliases, truth),
  ListCollectionAliases: rpc(
    `GET ${base}/aliases`,
    ['ListCollectionAliasesRequest', 'ListAliasesResponse'],
    nothing,
    aliases,
  ),
  ListAliases: rpc('GET /aliases', ['ListAliasesRequest', 'ListAliasesResponse'], nothing, aliases),
  CollectionExists: rpc(
    `GET ${base}/exists`,
    ['CollectionExistsRequest', 'CollectionExistsResponse'],
    nothing,
    (result) => ({ result: { exists: member(result, 'exists') === true } }),
  ),
  CollectionClusterInfo: rpc(
    `GET ${base}/cluster`,
    ['CollectionClusterInfoRequest', 'CollectionClusterInfoResponse'],
    nothing,
    clusterInfo,
  ),
  // One node has nothing to move: the route says so, whatever the operation.
  UpdateCollectionClusterSetup: rpc(
    `POST ${base}/cluster`,
    ['UpdateCollectionClusterSetupRequest', 'UpdateCollectionClusterSetupResponse'],
    (fields) => ({ ...waiting(fields), body: {} }),
    truth,
  ),
  CreateShardKey: rpc(
    `PUT ${base}/shards`,
    ['CreateShardKeyRequest', 'CreateShardKeyResponse'],
    changeShardKey('create'),
    truth,
  ),
  DeleteShardKey: rpc(
    `POST ${base}/shards/delete`,
    ['DeleteShardKeyRequest', 'DeleteShardKeyResponse'],
    changeShardKey('delete'),
    truth,
  ),
  ListShardKeys: rpc(
    `GET ${base}/shards`,
    ['ListShardKeysRequest', 'ListShardKeysResponse'],
    nothing,
    (result) => ({ shard_keys: shardKeys(result) }),
  ),
}

function change(route: string, request: string, translate: Rpc['translate']): Rpc {
  const [method = '', path = ''] = route.split(' ')
  return rpc(`${method} ${base}${path}`, [request, 'PointsOperationResponse'], translate, update)
}

const changes: Rpcs = {
  Upsert: change('PUT /points', 'UpsertPoints', upsertInSlices),
  Delete: change('POST /points/delete', 'DeletePoints', writeOf(selectionBody)),
  UpdateVectors: change('PUT /points/vectors', 'UpdatePointVectors', writeOf(updateVectorsBody)),
  DeleteVectors: change('POST /points/vectors/delete', 'DeletePointVectors', writeOf(deleteVectorsBody)),
  SetPayload: change('POST /points/payload', 'SetPayloadPoints', writeOf(setPayloadBody)),
  OverwritePayload: change('PUT /points/payload', 'SetPayloadPoints', writeOf(setPayloadBody)),
  DeletePayload: change('POST /points/payload/delete', 'DeletePayloadPoints', writeOf(deletePayloadBody)),
  ClearPayload: change('POST /points/payload/clear', 'ClearPayloadPoints', writeOf(selectionBody)),
  CreateFieldIndex: change('PUT /index', 'CreateFieldIndexCollection', createIndex),
  DeleteFieldIndex: change('DELETE /index/:field', 'DeleteFieldIndexCollection', deleteIndex),
  CreateVectorName: change('PUT /vectors/:vector', 'CreateVectorNameRequest', createVectorName),
  DeleteVectorName: change('DELETE /vectors/:vector', 'DeleteVectorNameRequest', deleteVectorName),
  UpdateBatch: rpc(
    `POST ${base}/points/batch`,
    ['UpdateBatchPoints', 'UpdateBatchResponse'],
    writeOf(batchBody),
    (result) => ({ result: updateResults(result) }),
  ),
}

/** A read of points. Its messages are `<request>` and `<response>Response`. */
function read(path: string, request: string, response: string, body: BodyOf, present: Rpc['present']): Rpc {
  return rpc(`POST ${base}${path}`, [request, `${response}Response`], readOf(body), present)
}

const searchBatch = batchOf('search_points', searchBody)
const recommendBatch = batchOf('recommend_points', recommendBody)
const discoverBatch = batchOf('discover_points', discoverBody)
const queryBatch = batchOf('query_points', queryBody)

const reads: Rpcs = {
  Get: read('/points', 'GetPoints', 'Get', retrieveBody, (result) => ({ result: retrievedPoints(result) })),
  Scroll: read('/points/scroll', 'ScrollPoints', 'Scroll', scrollBody, scrolled),
  Count: read('/points/count', 'CountPoints', 'Count', countBody, (result) => ({
    result: { count: integerMessage(member(result, 'count')) },
  })),
  Facet: read('/facet', 'FacetCounts', 'Facet', facetBody, (result) => ({ hits: facetHits(result) })),
  Query: read('/points/query', 'QueryPoints', 'Query', queryBody, queryPoints),
  QueryBatch: read('/points/query/batch', 'QueryBatchPoints', 'QueryBatch', queryBatch, batches(queryPoints)),
  QueryGroups: read('/points/query/groups', 'QueryPointGroups', 'QueryGroups', queryGroupsBody, groups),
  Search: read('/points/search', 'SearchPoints', 'Search', searchBody, points),
  SearchBatch: read('/points/search/batch', 'SearchBatchPoints', 'SearchBatch', searchBatch, batches(points)),
  SearchGroups: read('/points/search/groups', 'SearchPointGroups', 'SearchGroups', searchGroupsBody, groups),
  Recommend: read('/points/recommend', 'RecommendPoints', 'Recommend', recommendBody, points),
  RecommendBatch: read(
    '/points/recommend/batch',
    'RecommendBatchPoints',
    'RecommendBatch',
    recommendBatch,
    batches(points),
  ),
  RecommendGroups: read(
    '/points/recommend/groups',
    'RecommendPointGroups',
    'RecommendGroups',
    recommendGroupsBody,
    groups,
  ),
  Discover: read('/points/discover', 'DiscoverPoints', 'Discover', discoverBody, points),
  DiscoverBatch: read(
    '/points/discover/batch',
    'DiscoverBatchPoints',
    'DiscoverBatch',
    discoverBatch,
    batches(points),
  ),
  SearchMatrixPairs: read(
    '/points/search/matrix/pairs',
    'SearchMatrixPoints',
    'SearchMatrixPairs',
    matrixBody,
    (result) => ({ result: matrixPairs(result) }),
  ),
  SearchMatrixOffsets: read(
    '/points/search/matrix/offsets',
    'SearchMatrixPoints',
    'SearchMatrixOffsets',
    matrixBody,
    (result) => ({ result: matrixOffsets(result) }),
  ),
}

const created = (result: JsonValue): Message => ({ snapshot_description: snapshotDescription(result) })
const listed = (result: JsonValue): Message => ({ snapshot_descriptions: snapshotDescriptions(result) })
const deleted = (): Message => ({})

const snapshots: Rpcs = {
  Create: rpc(
    `POST ${base}/snapshots`,
    ['CreateSnapshotRequest', 'CreateSnapshotResponse'],
    nothing,
    created,
  ),
  List: rpc(`GET ${base}/snapshots`, ['ListSnapshotsRequest', 'ListSnapshotsResponse'], nothing, listed),
  Delete: rpc(
    `DELETE ${base}/snapshots/:name`,
    ['DeleteSnapshotRequest', 'DeleteSnapshotResponse'],
    snapshotName,
    deleted,
  ),
  CreateFull: rpc(
    'POST /snapshots',
    ['CreateFullSnapshotRequest', 'CreateSnapshotResponse'],
    nothing,
    created,
  ),
  ListFull: rpc('GET /snapshots', ['ListFullSnapshotsRequest', 'ListSnapshotsResponse'], nothing, listed),
  DeleteFull: rpc(
    'DELETE /snapshots/:name',
    ['DeleteFullSnapshotRequest', 'DeleteSnapshotResponse'],
    snapshotName,
    deleted,
  ),
}

/** By service and name. */
export const services: Readonly<Record<string, Rpcs>> = {
  'qdrant.Collections': collections,
  'qdrant.Points': { ...changes, ...reads },
  'qdrant.Snapshots': snapshots,
}
