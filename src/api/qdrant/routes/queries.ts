import type { FastifyInstance } from 'fastify'
import { sendText } from '../answers.ts'
import { decodeBody, decodeRead } from '../body.ts'
import type { Decoder } from '../decode.ts'
import { reading, type Door } from '../door.ts'
import { collectionName, readParams } from '../parameters.ts'
import { rightsOf } from '../rights/asking.ts'
import { runGroups, runQueries, runQuery } from '../run-query.ts'
import type { GivenGroups, GivenQuery } from '../translate/querying/given-query.ts'
import {
  queryGroupsRequest,
  recommendGroupsRequest,
  searchGroupsRequest,
} from '../translate/querying/group-requests.ts'
import {
  checkDiscovery,
  checkPositive,
  discoverRequest,
  recommendRequest,
  searchRequest,
} from '../translate/querying/old-requests.ts'
import { queryRequest, searchesOf } from '../translate/querying/requests.ts'

interface Route {
  readonly path: string
  readonly one: Decoder<GivenQuery>
  readonly batch: Decoder<readonly GivenQuery[]>
  readonly groups?: Decoder<GivenGroups>
  /** What this route alone asks for. @throws WireError 400 */
  readonly check?: (query: GivenQuery) => void
  /** The points' text as the route's result. */
  readonly result: (points: string) => string
}

const bare = (points: string): string => points

const routes: readonly Route[] = [
  {
    path: 'query',
    one: queryRequest('internal'),
    batch: searchesOf('QueryRequestBatch', (index) => queryRequest(`searches[${index}].internal`)),
    groups: queryGroupsRequest,
    result: (points) => `{"points":${points}}`,
  },
  {
    path: 'search',
    one: searchRequest('search_request'),
    batch: searchesOf('SearchRequestBatch', (index) => searchRequest(`searches[${index}].search_request`)),
    groups: searchGroupsRequest,
    result: bare,
  },
  {
    path: 'recommend',
    one: recommendRequest('recommend_request'),
    batch: searchesOf('RecommendRequestBatch', (index) =>
      recommendRequest(`searches[${index}].recommend_request`),
    ),
    groups: recommendGroupsRequest,
    check: checkPositive,
    result: bare,
  },
  {
    path: 'discover',
    one: discoverRequest('discover_request'),
    batch: searchesOf('DiscoverRequestBatch', (index) =>
      discoverRequest(`searches[${index}].discover_request`),
    ),
    check: checkDiscovery,
    result: bare,
  },
]

/** POST points/query, and the routes that were before it: search, recommend, discover. */
export function queryRoutes(app: FastifyInstance, door: Door): void {
  for (const { path, one, batch, groups, check, result } of routes) {
    const url = `/collections/:collection/points/${path}`
    const isOld = path !== 'query'
    app.post(url, async (request, reply) => {
      const name = collectionName(request)
      const timeout = readParams(request)
      const query = decodeRead(request, one)
      const points = await reading(door, name, async (reader) => {
        await door.strict.of(reader)?.queries([query], timeout, { isOld })
        check?.(query)
        return runQuery({ door, name, reader, rights: rightsOf(door, request) }, query)
      })
      return sendText(request, reply, result(points))
    })

    app.post(`${url}/batch`, async (request, reply) => {
      const name = collectionName(request)
      const timeout = readParams(request)
      const queries = decodeBody(request, batch)
      const rights = rightsOf(door, request)
      const answers = await reading(door, name, async (reader) => {
        await door.strict.of(reader)?.queries(queries, timeout, { isOld, isBatch: true })
        return runQueries({ door, name, reader, rights }, queries, check)
      })
      return sendText(request, reply, `[${answers.map(result).join(',')}]`)
    })

    if (groups === undefined) continue
    app.post(`${url}/groups`, async (request, reply) => {
      const name = collectionName(request)
      const timeout = readParams(request)
      const query = decodeRead(request, groups)
      const text = await reading(door, name, async (reader) => {
        await door.strict.of(reader)?.groups(query, timeout)
        return runGroups({ door, name, reader, rights: rightsOf(door, request) }, query)
      })
      return sendText(request, reply, text)
    })
  }
}
