import { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'
import type { QdrantExport } from '../../index.ts'
import { dispositionOf } from './send-archive.ts'

/**
 * Sends a collection as an archive of another database, produced while it is sent, and closes it. Its length is known. No ranges:
 * the same points may stand in another order the next time, as segments are merged meanwhile.
 */
export function sendExport(reply: FastifyReply, name: string, archive: QdrantExport): FastifyReply {
  const body = Readable.from(archive.stream(), { objectMode: false, highWaterMark: 2 ** 20 })
  // When it has been read, or when the reader has gone away, be it before the first byte.
  body.once('close', () => archive.close())
  return reply
    .header('accept-ranges', 'none')
    .header('content-type', 'application/octet-stream')
    .header('content-disposition', dispositionOf(name))
    .header('content-length', archive.bytes)
    .header('stillpoint-points', archive.pointCount)
    .send(body)
}
