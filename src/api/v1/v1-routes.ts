import type { FastifyError, FastifyInstance, FastifyReply } from 'fastify'
import { DatabaseError, isDatabaseError } from '../../index.ts'
import { doorFailure, failureOf, failureText, type WireFailure } from './errors.ts'
import { listedRoutes } from './route-list.ts'
import type { V1Options } from './route.ts'
import { sendJson } from './send-json.ts'

export type { V1Options } from './route.ts'

/** What all routes take and give, which no start waits for. */
const answers = () => import('./answer.ts')

/** Our own REST API over a database, below `/v1`. */
export async function v1Routes(app: FastifyInstance, door: V1Options): Promise<void> {
  await app.register(
    (scope, _options, done) => {
      scope.setErrorHandler((error: FastifyError, _request, reply) =>
        sendFailure(reply, failure(error, door)),
      )
      scope.setNotFoundHandler((request, reply) =>
        sendFailure(
          reply,
          doorFailure(
            404,
            'route-not-found',
            `Cannot find ${request.method} ${request.url}: there is no such route`,
          ),
        ),
      )
      serve(scope, door)
      done()
    },
    { prefix: '/v1' },
  )
}

function serve(scope: FastifyInstance, door: V1Options): void {
  let document: string | undefined
  scope.removeAllContentTypeParsers()
  // Any type is taken for JSON, even one that is none: fastify would refuse it before any parser is asked.
  scope.addHook('onRequest', async ({ headers, routeOptions }) => {
    if (headers['content-type'] === undefined && headers['content-length'] === undefined) return
    headers['content-type'] =
      routeOptions.config.takesBytes === true ? 'application/octet-stream' : 'application/json'
  })
  scope.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer', bodyLimit: door.maxRequestBytes },
    (_request, body, parsed) => parsed(null, body),
  )
  scope.addContentTypeParser('application/octet-stream', (_request, _payload, parsed) => parsed(null))
  scope.get('/openapi.json', { config: { isReading: true } }, async (_request, reply) => {
    document ??= (await answers()).openApiText(door.version)
    return sendJson(reply, 200, document)
  })
  for (const route of listedRoutes) {
    scope.route({
      method: route.method,
      url: route.path.replace(/\{(\w+)\}/g, ':$1'),
      config: { isReading: route.isReading, takesBytes: route.takesBytes },
      ...(route.takesBytes ? { bodyLimit: Number.MAX_SAFE_INTEGER } : {}),
      handler: async (request, reply) => {
        const gone = new AbortController()
        reply.raw.once('close', () => {
          if (!reply.raw.writableFinished) gone.abort()
        })
        const { answer } = await answers()
        return answer(route.id, door, { request, reply }, gone.signal)
      },
    })
  }
}

function sendFailure(reply: FastifyReply, failed: WireFailure): FastifyReply {
  return sendJson(reply, failed.status, failureText(failed))
}

function failure(error: FastifyError, door: V1Options): WireFailure {
  if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE')
    return doorFailure(
      413,
      'request-too-large',
      `Cannot read the body: it has more than ${door.maxRequestBytes} bytes`,
    )
  if (!isDatabaseError(error) && error.statusCode !== undefined && error.statusCode < 500)
    return failureOf(new DatabaseError('request-invalid', `Cannot read the request: ${error.message}`))
  return failureOf(error)
}
