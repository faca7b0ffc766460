import type { FastifyReply } from 'fastify'

/** With a content type as it stands: Fastify would add a charset to anything but bytes. */
export function sendJson(reply: FastifyReply, status: number, text: string): FastifyReply {
  return reply.code(status).header('content-type', 'application/json').send(Buffer.from(text))
}
