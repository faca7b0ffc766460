import type { FastifyReply } from 'fastify'
import { stringifyJson, type JsonValue } from '../../index.ts'
import { assert } from '../../runtime/assert.ts'
import { openApiDocument } from './openapi.ts'
import { readJson, readRequest } from './read-request.ts'
import type { Answered, Exchange, Route, V1Door } from './route.ts'
import { routes } from './routes/all-routes.ts'
import { sendJson } from './send-json.ts'

// Everything with a schema hangs on this module: it is loaded with the first request.

const routesById = new Map(routes.map((route) => [route.id, route]))

export function openApiText(version: string): string {
  return JSON.stringify(openApiDocument(routes, version))
}

/** Answers a request for a route. `signal` is aborted when the client has gone away. @throws what the route throws */
export async function answer(
  id: string,
  door: V1Door,
  { request, reply }: Exchange,
  signal: AbortSignal,
): Promise<FastifyReply> {
  const route = routesById.get(id)
  assert(route !== undefined, `route ${id} is listed and defined`)
  const input = { ...readRequest(route, request), signal }
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
  return sendJson(reply, status, text)
}
