import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { stringifyJson, type JsonValue } from '../../../index.ts'
import { InvariantViolation } from '../../../runtime/assert.ts'
import { authenticateToken } from '../access/authenticate.ts'
import { defaultDatabase, type Call, type Caller, type MilvusDoor } from '../door.ts'
import { dispatch } from '../dispatch.ts'
import { codes, isExpected, statusOf } from '../status.ts'
import { rpcs } from '../wire/rpcs.ts'
import { Body } from './body.ts'
import { messageOf } from './message.ts'
import { restCodes, RestError } from './rest-error.ts'
import type { RestCall } from './route.ts'
import { routes } from './routes/all-routes.ts'

export const restPrefix = '/v2/vectordb'

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
  for (const [path, run] of Object.entries(routes))
    scope.post(path, { bodyLimit: door.maxRequestBytes }, async (request, reply) => {
      const answer = await run(callOf(door, request, callers.get(request)!))
      return send(reply, 200, { code: 0, ...answer })
    })
}

/** A key, or `user:password`. */
function tokenOf({ headers }: FastifyRequest): string {
  const [scheme = '', credentials = ''] = (headers.authorization ?? '').split(' ', 2)
  if (scheme.toLowerCase() === 'bearer') return credentials
  return scheme.toLowerCase() === 'basic' ? Buffer.from(credentials, 'base64').toString() : ''
}

/** @throws RestError 1801 */
function callOf(door: MilvusDoor, request: FastifyRequest, who: Caller): RestCall {
  const body = Body.parse(Buffer.isBuffer(request.body) ? request.body : new Uint8Array())
  const header = (name: string): string => {
    const value = request.headers[name]
    return typeof value === 'string' ? value : ''
  }
  const given = body.text('dbName') || header('db-name')
  const database = given || defaultDatabase
  const call: Call = { ...who, database: given, metadata: {} }
  const allowsIntegers = header('accept-type-allow-int64').toLowerCase()
  return {
    door,
    body,
    database,
    call,
    rowIntegersAreNumbers: allowsIntegers !== 'false',
    idsAreNumbers: allowsIntegers === 'true',
    rpc: (name, members) => dispatch(door, name, messageOf(rpcs[name]!.request, members), call),
  }
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
