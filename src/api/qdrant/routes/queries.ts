import type { FastifyInstance } from 'fastify'
import { sendText } from '../answers.ts'
import { decodeBody } from '../body.ts'
import type { Decoder } from '../decode.ts'
import { reading, type Door } from '../door.ts'
import { collectionName, readParams } from '../parameters.ts'
import { runQuery } from '../run-query.ts'
import { queryRequest, searchesOf, searchRequest, type GivenQuery } from '../translate/query.ts'

interface Route {
  readonly path: string
  readonly one: Decoder<GivenQuery>
  readonly batch: Decoder<readonly GivenQuery[]>
  /** The points' text as the route's result. */
  readonly result: (points: string) => string
}

const routes: readonly Route[] = [
  {
    path: 'query',
    one: queryRequest('internal'),
    batch: searchesOf('QueryRequestBatch', (index) => queryRequest(`searches[${index}].internal`)),
    result: (points) => `{"points":${points}}`,
  },
  {
    path: 'search',
    one: searchRequest,
    batch: searchesOf('SearchRequestBatch', () => searchRequest),
    result: (points) => points,
  },
]

export function queryRoutes(app: FastifyInstance, door: Door): void {
  for (const { path, one, batch, result } of routes) {
    app.post(`/collections/:collection/points/${path}`, async (request, reply) => {
      const name = collectionName(request)
      readParams(request)
      const query = decodeBody(request, one)
      const points = await reading(door, name, (reader) => runQuery(reader, door.vectors.of(reader), query))
      return sendText(request, reply, result(points))
    })

    app.post(`/collections/:collection/points/${path}/batch`, async (request, reply) => {
      const name = collectionName(request)
      readParams(request)
      const queries = decodeBody(request, batch)
      const answers: string[] = []
      await reading(door, name, async (reader) => {
        for (const query of queries)
          answers.push(result(await runQuery(reader, door.vectors.of(reader), query)))
      })
      return sendText(request, reply, `[${answers.join(',')}]`)
    })
  }
}
