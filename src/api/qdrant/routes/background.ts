import type { FastifyReply, FastifyRequest } from 'fastify'
import type { JsonValue } from '../../../index.ts'
import { sendAccepted, sendResult } from '../answers.ts'
import type { Door } from '../door.ts'
import { flagParam } from '../parameters.ts'
import { askNow } from '../rights/asking.ts'

/** `wait` of snapshot routes, which is true unless it is given. @throws WireError 400 */
export function waitsForSnapshot(request: FastifyRequest): boolean {
  return flagParam(request, 'wait', true)
}

/** With wait=false the work goes on by itself; what becomes of it stands in the log only, as with Qdrant. */
export async function waited(
  door: Door,
  isWaiting: boolean,
  request: FastifyRequest,
  reply: FastifyReply,
  work: () => Promise<JsonValue>,
): Promise<FastifyReply> {
  // As in Qdrant a client that does not wait is not told either that it may not.
  const asked = async (): Promise<JsonValue> => {
    askNow(door, request)
    return work()
  }
  if (isWaiting) return sendResult(request, reply, await asked())
  const route = `${request.method} ${request.routeOptions.url ?? ''}`
  asked().catch((error: unknown) =>
    door.logger?.error('work that nobody waited for failed', { route, error }),
  )
  return sendAccepted(request, reply)
}
