import type { FastifyReply, FastifyRequest } from 'fastify'
import { JsonSyntaxError, parseJson, type JsonValue, type RawJson } from '../../index.ts'
import { systemClock } from '../../runtime/clock.ts'
import { jsonText } from './present/json-text.ts'
import { formatError, validationError } from './failures.ts'
import { WireError } from './wire-error.ts'

/** The body's text; empty if there is none. */
export function bodyText(request: FastifyRequest): string {
  return Buffer.isBuffer(request.body) ? request.body.toString('utf8') : ''
}

/** The body, parsed exactly. @throws WireError 400 with serde's wording */
export function jsonBody(request: FastifyRequest): JsonValue {
  return parseBody(bodyText(request))
}

export function parseBody(text: string): JsonValue {
  try {
    return parseJson(text)
  } catch (error) {
    if (error instanceof JsonSyntaxError) throw formatError(error.message)
    throw error
  }
}

export function pathParam(request: FastifyRequest, name: string): string {
  return (request.params as Readonly<Record<string, string>>)[name] ?? ''
}

/** The collection's name from the path. @throws WireError 422 */
export function collectionName(request: FastifyRequest): string {
  const name = pathParam(request, 'collection')
  if (name.length > 255)
    throw validationError('name: value is invalid, must be from 1 to 255 characters', 'path parameters')
  if (name.includes('/') || name.includes('\0'))
    throw validationError('name: collection name contains forbidden characters', 'path parameters')
  return name
}

export function queryParam(request: FastifyRequest, name: string): string | undefined {
  const value = (request.query as Readonly<Record<string, string | string[]>>)[name]
  return Array.isArray(value) ? value[value.length - 1] : value
}

/** `wait`. @throws WireError 400 */
export function waitParam(request: FastifyRequest, byDefault: boolean): boolean {
  const value = queryParam(request, 'wait')
  if (value === undefined) return byDefault
  if (value === 'true') return true
  if (value === 'false') return false
  throw new WireError(400, 'Deserialize error in query parameters: provided string was not `true` or `false`')
}

const started = new WeakMap<FastifyRequest, number>()

export function noteStart(request: FastifyRequest): void {
  started.set(request, systemClock.monotonic())
}

function seconds(request: FastifyRequest): string {
  const start = started.get(request)
  return start === undefined ? '0.0' : ((systemClock.monotonic() - start) / 1_000).toFixed(9)
}

/** The envelope around a result that is JSON text already. */
export function sendText(request: FastifyRequest, reply: FastifyReply, result: string): FastifyReply {
  return sendJson(reply, 200, `{"result":${result},"status":"ok","time":${seconds(request)}}`)
}

export function sendResult(
  request: FastifyRequest,
  reply: FastifyReply,
  result: JsonValue | RawJson,
): FastifyReply {
  return sendText(request, reply, jsonText(result))
}

export function sendAccepted(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  return sendJson(reply, 202, `{"status":"accepted","time":${seconds(request)}}`)
}

export function sendError(request: FastifyRequest, reply: FastifyReply, error: WireError): FastifyReply {
  return sendJson(
    reply,
    error.status,
    `{"status":{"error":${JSON.stringify(error.text)}},"time":${seconds(request)}}`,
  )
}

function sendJson(reply: FastifyReply, status: number, text: string): FastifyReply {
  // A type without charset, as Qdrant's: fastify would add one to a string.
  return reply.code(status).header('content-type', 'application/json').send(Buffer.from(text))
}
