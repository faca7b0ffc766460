import { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'

/** An archive, wherever it comes from. It is closed when its bytes have been sent, or when nobody wants them. */
export interface SentArchive {
  /** File name that is proposed to whoever saves it. */
  readonly name: string
  readonly bytes: number
  /** Milliseconds since the epoch. */
  readonly createdAt: number
  /** Names these very bytes, without quotes. Default: of the time and the length. */
  readonly etag?: string
  stream(range?: { readonly offset?: number; readonly length?: number }): AsyncIterable<Uint8Array>
  close(): void
}

interface ByteRange {
  readonly offset: number
  readonly length: number
}

/** Sends an archive, or the range of it that was asked for; produced while it is sent. */
export function sendArchive(
  request: FastifyRequest,
  reply: FastifyReply,
  archive: SentArchive,
): FastifyReply {
  const etag = `"${archive.etag ?? `${archive.createdAt.toString(16)}-${archive.bytes.toString(16)}`}"`
  reply
    .header('accept-ranges', 'bytes')
    .header('content-type', 'application/octet-stream')
    .header('content-disposition', dispositionOf(archive.name))
    .header('etag', etag)
    .header('last-modified', new Date(archive.createdAt).toUTCString())
  const status = conditionOf(request, etag, archive.createdAt)
  const range = rangeOf(request, etag, archive.bytes)
  if (status === 'passed' && range !== 'unsatisfiable') return sendBytes(reply, archive, range)
  archive.close()
  if (status !== 'passed') return reply.code(status).send()
  return reply.code(416).header('content-range', `bytes */${archive.bytes}`).send()
}

function sendBytes(reply: FastifyReply, archive: SentArchive, range: ByteRange | undefined): FastifyReply {
  if (range === undefined) {
    const whole = { offset: 0, length: archive.bytes }
    return reply.header('content-length', archive.bytes).send(bodyOf(archive, whole))
  }
  const end = range.offset + range.length - 1
  return reply
    .code(206)
    .header('content-length', range.length)
    .header('content-encoding', 'identity')
    .header('content-range', `bytes ${range.offset}-${end}/${archive.bytes}`)
    .send(bodyOf(archive, range))
}

/** A header that proposes a file name. */
export function dispositionOf(name: string): string {
  const plain = name.replace(/[^\x20-\x7e]|["\\]/g, '_')
  const encoded = plain === name ? '' : `; filename*=UTF-8''${encodeURIComponent(name)}`
  return `attachment; filename="${plain}"${encoded}`
}

/** Conditions of the request, in the order of RFC 9110. */
function conditionOf(request: FastifyRequest, etag: string, createdAt: number): 'passed' | 304 | 412 {
  const { headers } = request
  const seconds = Math.floor(createdAt / 1_000) * 1_000
  const match = headers['if-match']
  if (match !== undefined && !names(match, etag)) return 412
  const unmodified = Date.parse(headers['if-unmodified-since'] ?? '')
  if (match === undefined && seconds > unmodified) return 412
  const noneMatch = headers['if-none-match']
  if (noneMatch !== undefined) return names(noneMatch, etag) ? 304 : 'passed'
  return seconds <= Date.parse(headers['if-modified-since'] ?? '') ? 304 : 'passed'
}

function names(header: string, etag: string): boolean {
  return header.trim() === '*' || header.split(',').some((one) => one.trim().replace(/^W\//, '') === etag)
}

/** The whole if the range is of another version of the archive. */
function rangeOf(
  request: FastifyRequest,
  etag: string,
  bytes: number,
): ByteRange | 'unsatisfiable' | undefined {
  const condition = request.headers['if-range']
  if (request.headers.range === undefined || (condition !== undefined && condition !== etag)) return undefined
  return parseRange(request.headers.range, bytes)
}

/** The first range of bytes, as Qdrant does; anything else cannot be satisfied. */
export function parseRange(header: string, bytes: number): ByteRange | 'unsatisfiable' {
  const match = /^bytes=\s*(\d*)-(\d*)\s*(?:,|$)/.exec(header)
  if (match === null || (match[1] === '' && match[2] === '')) return 'unsatisfiable'
  if (match[1] === '') {
    const length = Math.min(Number(match[2]), bytes)
    return length === 0 ? 'unsatisfiable' : { offset: bytes - length, length }
  }
  const offset = Number(match[1])
  const end = match[2] === '' ? bytes - 1 : Math.min(Number(match[2]), bytes - 1)
  return offset > end ? 'unsatisfiable' : { offset, length: end - offset + 1 }
}

function bodyOf(archive: SentArchive, range: ByteRange): Readable {
  const body = Readable.from(archive.stream(range), { objectMode: false, highWaterMark: 2 ** 20 })
  // When it has been read, or when the reader has gone away, be it before the first byte.
  return body.once('close', () => archive.close())
}
