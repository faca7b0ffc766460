import type { FastifyReply, FastifyRequest } from 'fastify'
import type { JsonValue } from '../../../index.ts'
import { sendAccepted, sendResult } from '../answers.ts'
import type { Door } from '../door.ts'
import { flagParam } from '../parameters.ts'

/** `wait` of snapshot routes, which is true unless it is given. @throws WireError 400 */
export function waitsForSnapshot(request: FastifyRequest): boolean {
  return flagParam(request, 'wait', true)
}

/** With wait=false the work goes on by itself; what becomes of it stands in the log only, as with Qdrant. */
export async function waited(
  { logger }: Door,
  isWaiting: boolean,
  request: FastifyRequest,
  reply: FastifyReply,
  work: () => Promise<JsonValue>,
): Promise<FastifyReply> {
  if (isWaiting) return sendResult(request, reply, await work())
  const route = `${request.method} ${request.routeOptions.url ?? ''}`
  work().catch((error: unknown) => logger?.error('work that nobody waited for failed', { route, error }))
  return sendAccepted(request, reply)
}
