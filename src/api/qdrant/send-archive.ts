import { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { OpenSnapshot } from './snapshot-shelf.ts'

interface ByteRange {
  readonly start: number
  /** Included. */
  readonly end: number
}

/** Sends an archive, or the range of it that was asked for; produced while it is sent. */
export function sendArchive(
  request: FastifyRequest,
  reply: FastifyReply,
  archive: OpenSnapshot,
): FastifyReply {
  const etag = `"${archive.createdAt.toString(16)}-${archive.bytes.toString(16)}"`
  reply
    .header('accept-ranges', 'bytes')
    .header('content-type', 'application/octet-stream')
    .header('content-disposition', `attachment; filename="${archive.name.replace(/["\\\r\n]/g, '_')}"`)
    .header('etag', etag)
    .header('last-modified', new Date(archive.createdAt).toUTCString())
  const isSame = request.headers['if-none-match'] === etag
  const range = ranged(request, etag) ? parseRange(request.headers.range, archive.bytes) : undefined
  if (isSame || range === 'unsatisfiable') {
    archive.close()
    if (isSame) return reply.code(304).send()
    return reply.code(416).header('content-range', `bytes */${archive.bytes}`).send()
  }
  if (range === undefined) {
    return reply
      .header('content-length', archive.bytes)
      .send(bodyOf(archive, { offset: 0, length: archive.bytes }))
  }
  const length = range.end - range.start + 1
  return reply
    .code(206)
    .header('content-length', length)
    .header('content-encoding', 'identity')
    .header('content-range', `bytes ${range.start}-${range.end}/${archive.bytes}`)
    .send(bodyOf(archive, { offset: range.start, length }))
}

function ranged(request: FastifyRequest, etag: string): boolean {
  const condition = request.headers['if-range']
  return condition === undefined || condition === etag
}

/** One range of bytes; several, or other units, are answered with the whole. */
export function parseRange(
  header: string | undefined,
  bytes: number,
): ByteRange | 'unsatisfiable' | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '')
  if (match === null || (match[1] === '' && match[2] === '')) return undefined
  if (match[1] === '') {
    const length = Math.min(Number(match[2]), bytes)
    return length === 0 ? 'unsatisfiable' : { start: bytes - length, end: bytes - 1 }
  }
  const start = Number(match[1])
  const end = match[2] === '' ? bytes - 1 : Math.min(Number(match[2]), bytes - 1)
  if (start >= bytes) return 'unsatisfiable'
  return end < start ? undefined : { start, end }
}

function bodyOf(
  archive: OpenSnapshot,
  range: { readonly offset: number; readonly length: number },
): Readable {
  return Readable.from(closing(archive, range), { objectMode: false, highWaterMark: 2 ** 20 })
}

/** Lets go of the archive when it has been read, or when the reader has gone away. */
async function* closing(
  archive: OpenSnapshot,
  range: { readonly offset: number; readonly length: number },
): AsyncIterable<Uint8Array> {
  try {
    yield* archive.stream(range)
  } finally {
    archive.close()
  }
}
