import type { FastifyReply, FastifyRequest } from 'fastify'
import { RawJson, stringifyJson, type JsonValue } from '../../index.ts'
import type { Clock } from '../../runtime/clock.ts'
import { asDirect } from './direct-call.ts'
import { RateLimited } from './strict/rates/rate-limited.ts'
import { PlainError, type WireError } from './wire-error.ts'

// Qdrant's envelope. Results are JSON text already, so that payloads pass through as they are stored.

const started = new WeakMap<FastifyRequest, { readonly clock: Clock; readonly at: number }>()

export function noteStart(request: FastifyRequest, clock: Clock): void {
  started.set(request, { clock, at: clock.monotonic() })
}

/** Since the request came, as a float. */
function seconds(request: FastifyRequest): string {
  const start = started.get(request)
  return start === undefined ? '0.0' : ((start.clock.monotonic() - start.at) / 1_000).toFixed(9)
}

export function sendText(request: FastifyRequest, reply: FastifyReply, result: string): FastifyReply {
  if (asDirect(reply)?.take(new RawJson(result)) !== undefined) return reply
  return send(reply, 200, `{"result":${result},"status":"ok","time":${seconds(request)}}`)
}

export function sendResult(request: FastifyRequest, reply: FastifyReply, result: JsonValue): FastifyReply {
  if (asDirect(reply)?.take(result) !== undefined) return reply
  return sendText(request, reply, stringifyJson(result))
}

export function sendAccepted(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  return send(reply, 202, `{"status":"accepted","time":${seconds(request)}}`)
}

export function sendError(request: FastifyRequest, reply: FastifyReply, error: WireError): FastifyReply {
  if (error instanceof RateLimited && error.retryAfterSeconds !== undefined) {
    reply.header('retry-after', String(error.retryAfterSeconds))
  }
  return send(
    reply,
    error.status,
    `{"status":{"error":${JSON.stringify(error.text)}},"time":${seconds(request)}}`,
  )
}

/** Downloads answer errors without the envelope. */
export function sendPlainError(reply: FastifyReply, error: WireError): FastifyReply {
  const type = error instanceof PlainError ? error.contentType : 'text/plain; charset=utf-8'
  if (type === '') untyped.add(reply)
  else reply.header('content-type', type)
  return reply.code(error.status).send(error.text)
}

const untyped = new WeakSet<FastifyReply>()

/** Fastify gives every answer a type; Qdrant has answers without. To be called before an answer is sent. */
export function removeUnwantedType(reply: FastifyReply): void {
  if (untyped.has(reply)) reply.removeHeader('content-type')
}

function send(reply: FastifyReply, status: number, text: string): FastifyReply {
  // A buffer, because fastify adds a charset to the type of a string, and Qdrant has none.
  return reply.code(status).header('content-type', 'application/json').send(Buffer.from(text))
}
