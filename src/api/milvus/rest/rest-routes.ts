import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { stringifyJson, type JsonValue } from '../../../index.ts'
import { InvariantViolation } from '../../../runtime/assert.ts'
import { authenticateToken } from '../access/authenticate.ts'
import type { Caller, MilvusDoor } from '../door.ts'
import { codes, isExpected, statusOf } from '../status.ts'
import { listedPaths } from './path-list.ts'
import { restCodes, RestError } from './rest-error.ts'

export const restPrefix = '/v2/vectordb'

/** What all paths answer, which no start waits for. */
const restAnswers = () => import('./answer.ts')

/** Milvus' REST API, version 2. `onFatal` is called with a fault of our own: the process must not go on. */
export async function milvusRestRoutes(
  app: FastifyInstance,
  door: MilvusDoor,
  onFatal: (error: unknown) => void,
): Promise<void> {
  await app.register(
    (scope, _options, registered) => {
      serve(scope, door, onFatal)
      registered()
    },
    { prefix: restPrefix },
  )
}

function serve(scope: FastifyInstance, door: MilvusDoor, onFatal: (error: unknown) => void): void {
  const callers = new WeakMap<FastifyRequest, Caller>()
  scope.setErrorHandler((error: FastifyError, _request, reply) => sendFailure(reply, error, door, onFatal))
  scope.setNotFoundHandler((_request, reply) => reply.code(404).type('text/plain').send('404 page not found'))
  scope.addHook('onRequest', async (request, reply) => {
    const who = await authenticateToken(door, tokenOf(request))
    if (who === undefined)
      return send(reply, 401, { code: restCodes.needsAuthentication, message: "user hasn't authenticated" })
    callers.set(request, who)
    const { headers } = request
    // Any type is taken for JSON.
    if (headers['content-type'] !== undefined || headers['content-length'] !== undefined)
      headers['content-type'] = 'application/json'
    return undefined
  })
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer', bodyLimit: door.maxRequestBytes },
    (_request, body, parsed) => parsed(null, body),
  )
  for (const path of listedPaths)
    scope.post(path, { bodyLimit: door.maxRequestBytes }, async (request, reply) => {
      const { answer } = await restAnswers()
      return send(reply, 200, { code: 0, ...(await answer(path, door, request, callers.get(request)!)) })
    })
}

/** A key, or `user:password`. */
function tokenOf({ headers }: FastifyRequest): string {
  const [scheme = '', credentials = ''] = (headers.authorization ?? '').split(' ', 2)
  if (scheme.toLowerCase() === 'bearer') return credentials
  return scheme.toLowerCase() === 'basic' ? Buffer.from(credentials, 'base64').toString() : ''
}

function sendFailure(
  reply: FastifyReply,
  error: FastifyError | RestError,
  door: MilvusDoor,
  onFatal: (error: unknown) => void,
): FastifyReply {
  if (error instanceof RestError) return send(reply, 200, { code: error.code, message: error.message })
  if ('statusCode' in error && error.statusCode === 413)
    return send(reply, 413, {
      code: codes.tooLarge,
      message: 'the request is too large: parameter too large',
    })
  if (isExpected(error)) door.logger.debug('request refused', { error })
  else door.logger.error('request failed', { error })
  if (error instanceof InvariantViolation) onFatal(error)
  const { code, reason } = statusOf(error)
  return send(reply, code === codes.notPermitted ? 403 : 200, { code, message: reason })
}

function send(reply: FastifyReply, status: number, value: Readonly<Record<string, JsonValue>>): FastifyReply {
  return reply
    .code(status)
    .header('content-type', 'application/json; charset=utf-8')
    .send(Buffer.from(stringifyJson(value as JsonValue)))
}
