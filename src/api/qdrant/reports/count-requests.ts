import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Database } from '../../../index.ts'
import type { Clock } from '../../../runtime/clock.ts'
import type { ServiceState } from './service-state.ts'
import { slowFromMs } from './slow-requests.ts'

/** Longer ones are not kept with a slow request. */
const keptBodyBytesMax = 16 * 1024

/** What Qdrant calls the parts of its paths that stand for something. */
const parameterNames: Readonly<Record<string, string>> = {
  collection: 'collection_name',
  name: 'snapshot_name',
  shard: 'shard_id',
  field: 'field_name',
  vector: 'vector_name',
  peer: 'peer_id',
}

/** Counts every request of `app`, by the pattern of its route: no client can make names at will. */
export function countRequests(
  app: FastifyInstance,
  { database, clock }: { readonly database: Database; readonly clock: Clock },
  state: ServiceState,
): void {
  app.addHook('onResponse', async (request, reply) => {
    const { collection: name } = request.params as { readonly collection?: string }
    const collection = name !== undefined && database.findCollection(name) !== undefined ? name : undefined
    const pattern = qdrantPattern(request.routeOptions.url)
    state.requests.record('rest', {
      endpoint: `${request.method} ${pattern}`,
      status: reply.statusCode,
      durationMicros: reply.elapsedTime * 1_000,
      at: clock.now(),
      collection,
    })
    if (reply.elapsedTime < slowFromMs || reply.statusCode >= 400 || collection === undefined) return
    const points = /^\/collections\/\{collection_name\}\/(points\b.*)$/.exec(pattern)?.[1]
    if (points === undefined) return
    state.slowRequests.record({
      collection,
      name: `${request.method} ${points}`,
      durationMs: reply.elapsedTime,
      at: clock.now(),
      body: keptBody(request),
    })
  })
}

// As many as there are routes.
const patterns = new Map<string, string>()

/** `/collections/:collection` in Qdrant's words. */
export function qdrantPattern(url: string | undefined): string {
  if (url === undefined) return 'unknown'
  let pattern = patterns.get(url)
  if (pattern === undefined) {
    pattern = url.replace(/:(\w+)/g, (_, name: string) => {
      return `{${Object.hasOwn(parameterNames, name) ? parameterNames[name]! : name}}`
    })
    patterns.set(url, pattern)
  }
  return pattern
}

function keptBody({ body }: FastifyRequest): string | null {
  if (!Buffer.isBuffer(body) || body.length === 0 || body.length > keptBodyBytesMax) return null
  return body.toString()
}
