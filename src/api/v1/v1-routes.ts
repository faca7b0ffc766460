import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { DatabaseError, isDatabaseError, stringifyJson, type JsonValue } from '../../index.ts'
import { assert } from '../../runtime/assert.ts'
import { doorFailure, failureOf, failureText, type WireFailure } from './errors.ts'
import { openApiDocument } from './openapi.ts'
import { readJson, readRequest } from './read-request.ts'
import type { Answered, Route, V1Door, V1Options } from './route.ts'
import { archiveRoutes } from './routes/archives.ts'
import { checkRoutes } from './routes/checks.ts'
import { collectionRoutes } from './routes/collections.ts'
import { diffRoutes } from './routes/diff.ts'
import { importRoutes } from './routes/imports.ts'
import { jobRoutes } from './routes/jobs.ts'
import { moveRoutes } from './routes/moves.ts'
import { policyRoutes } from './routes/policies.ts'
import { restoreRoutes } from './routes/restores.ts'
import { retentionRoutes } from './routes/retention.ts'
import { snapshotRoutes } from './routes/snapshots.ts'
import { spaceRoutes } from './routes/space.ts'

export type { V1Options } from './route.ts'

/** Every route below `/v1`, in the order of the document. */
export const routes: readonly Route[] = [
  ...snapshotRoutes,
  ...restoreRoutes,
  ...collectionRoutes,
  ...retentionRoutes,
  ...spaceRoutes,
  ...diffRoutes,
  ...checkRoutes,
  ...archiveRoutes,
  ...importRoutes,
  ...moveRoutes,
  ...policyRoutes,
  ...jobRoutes,
]

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
  // Made when it is first asked for: a start need not wait for it.
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
  scope.get('/openapi.json', { config: { isReading: true } }, (_request, reply) =>
    sendText(reply, 200, (document ??= JSON.stringify(openApiDocument(routes, door.version)))),
  )
  for (const route of routes) {
    scope.route({
      method: route.method,
      url: route.path.replace(/\{(\w+)\}/g, ':$1'),
      config: { isReading: route.isReading, takesBytes: route.takesBytes },
      ...(route.takesBytes ? { bodyLimit: Number.MAX_SAFE_INTEGER } : {}),
      handler: (request, reply) => answer(route, door, request, reply),
    })
  }
}

async function answer(
  route: Route,
  door: V1Door,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const gone = new AbortController()
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) gone.abort()
  })
  const input = { ...readRequest(route, request), signal: gone.signal }
  const result = await route.run(door, input, { request, reply })
  return isAnswered(result) ? sendAnswer(route, door, reply, result) : result
}

function isAnswered(result: Answered | FastifyReply): result is Answered {
  return 'value' in result && 'status' in result && typeof result.status === 'number'
}

function sendAnswer(
  route: Route,
  door: V1Door,
  reply: FastifyReply,
  { status, value }: Answered,
): FastifyReply {
  const declared = route.answers[status]
  assert(declared !== undefined, `route ${route.id} answered ${status}, which it does not declare`)
  if (value === undefined) return reply.code(status).send()
  // Exact: ids beyond 2^53 are written with all of their digits, RawJson as it is.
  const text = stringifyJson(value as JsonValue)
  if (door.checksAnswers === true) declared.schema?.parse(readJson(text))
  return sendText(reply, status, text)
}

function sendFailure(reply: FastifyReply, failed: WireFailure): FastifyReply {
  return sendText(reply, failed.status, failureText(failed))
}

function sendText(reply: FastifyReply, status: number, text: string): FastifyReply {
  return reply.code(status).header('content-type', 'application/json').send(Buffer.from(text))
}

function failure(error: FastifyError, door: V1Door): WireFailure {
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
