import type { FastifyInstance } from 'fastify'
import { getCollection, type Door } from '../door.ts'
import { unsupported } from '../failures.ts'
import { collectionName } from '../parameters.ts'

/** Routes of Qdrant that are not built: a clear refusal, where silence could be taken for a typing mistake. */
const routes: readonly (readonly ['GET' | 'PUT' | 'POST' | 'DELETE', string, string])[] = [
  ['GET', '/optimizations', 'optimization reports are'],
  ['GET', '/memory', 'memory reports are'],
]

export function unsupportedRoutes(app: FastifyInstance, door: Door): void {
  for (const [method, path, what] of routes) {
    app.route({
      method,
      url: `/collections/:collection${path}`,
      handler: (request) => {
        getCollection(door, collectionName(request))
        throw unsupported(what)
      },
    })
  }
}
