import type { FastifyInstance, FastifyReply } from 'fastify'
import type { LoadingReport } from '../index.ts'
import { readiness } from './loading.ts'
import type { Metrics } from './metrics.ts'
import { qdrantVersion } from './version.ts'

/** The pages about the server itself. Title and version are Qdrant's: its clients check them before they trust a server. */
export function registerPages(
  app: FastifyInstance,
  metrics: Metrics,
  loading: () => LoadingReport,
  qdrantMetrics: (wishes: MetricsWishes) => string,
): void {
  app.get('/', (_, reply) =>
    sendJson(reply, { title: 'qdrant - vector search engine', version: qdrantVersion }),
  )
  // Alive from the first answer on; ready when all collections are in memory.
  app.get('/healthz', (_, reply) => plain(reply, 'healthz check passed'))
  app.get('/livez', (_, reply) => plain(reply, 'healthz check passed'))
  app.get('/readyz', (_, reply) => {
    const { isReady, text } = readiness(loading())
    return plain(reply.code(isReady ? 200 : 503), text)
  })
  app.get('/metrics', async (request, reply) => {
    const query = request.query as Readonly<Record<string, unknown>>
    const refusal = refusalOfMetrics(query)
    if (refusal !== undefined)
      return sendJson(reply.code(refusal.status), { status: { error: refusal.error }, time: 0 })
    const wishes = {
      isAnonymous: query['anonymize'] === 'true',
      perCollection: query['per_collection'] === 'true',
    }
    return plain(reply, (await metrics.text()) + qdrantMetrics(wishes))
  })
}

/** What `GET /metrics` can be asked for. */
export interface MetricsWishes {
  /** Nothing that names a collection. */
  readonly isAnonymous: boolean
  /** Requests are counted by collection. */
  readonly perCollection: boolean
}

/** With a content type as Qdrant's: Fastify would add a charset to anything but bytes. */
export function sendJson(reply: FastifyReply, value: unknown): FastifyReply {
  return reply.header('content-type', 'application/json').send(Buffer.from(JSON.stringify(value)))
}

function plain(reply: FastifyReply, text: string): FastifyReply {
  return reply.type('text/plain; charset=utf-8').send(text)
}

/** Wrong parameters of `/metrics`, in Qdrant's words. */
function refusalOfMetrics(
  query: Readonly<Record<string, unknown>>,
): { status: number; error: string } | undefined {
  const { timeout } = query
  const isFlag = (name: string): boolean =>
    ['true', 'false', undefined].includes(query[name] as string | undefined)
  if (!isFlag('anonymize') || !isFlag('per_collection')) {
    const error = 'Deserialize error in query parameters: provided string was not `true` or `false`'
    return { status: 400, error }
  }
  if (timeout === undefined) return undefined
  if (typeof timeout !== 'string' || !/^\+?\d+$/.test(timeout)) {
    return { status: 400, error: 'Deserialize error in query parameters: invalid digit found in string' }
  }
  if (Number(timeout) > 0) return undefined
  const error = 'Validation error in query parameters: [timeout: value 0 invalid, must be 1 or larger]'
  return { status: 422, error }
}
