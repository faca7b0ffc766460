import * as zlib from 'node:zlib'
import type { FastifyInstance } from 'fastify'

type Compress = (bytes: Uint8Array) => Promise<Buffer>

/** Bytes from which other threads compress: below, handing the work over costs more than the work. */
const threadsFrom = 32 * 1024
/** The highest level of brotli costs seconds a megabyte; this one is about as fast as gzip. */
const brotli = { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 4 } }

const known: Readonly<Record<string, Compress>> = {
  gzip: compressor(zlib.gzip, zlib.gzipSync),
  deflate: compressor(zlib.deflate, zlib.deflateSync),
  br: compressor(
    (bytes, done) => zlib.brotliCompress(bytes, brotli, done),
    (bytes) => zlib.brotliCompressSync(bytes, brotli),
  ),
  ...zstandard(),
}

/**
 * Compresses answers for clients that ask for it. Streams stay as they are: an archive hardly gets smaller, and with its
 * length and ranges a download can be watched and taken up again.
 */
export function compressAnswers(app: FastifyInstance): void {
  app.addHook('onSend', async (request, reply, payload: unknown) => {
    const accepted = request.headers['accept-encoding']
    if (accepted === undefined || reply.hasHeader('content-encoding')) return payload
    const bytes = bytesOf(payload)
    if (bytes === undefined || bytes.length === 0) return payload
    const encoding = chooseEncoding(accepted)
    if (encoding === undefined) return payload
    const smaller = await known[encoding]!(bytes)
    const vary = reply.getHeader('vary')
    reply.header('content-encoding', encoding)
    reply.header('vary', vary === undefined ? 'accept-encoding' : `accept-encoding, ${String(vary)}`)
    reply.removeHeader('content-length')
    return smaller
  })
}

/** The best encoding for an `Accept-Encoding`; of equal ones the first. Undefined: as it is. */
export function chooseEncoding(accepted: string): string | undefined {
  const wishes = accepted
    .split(',')
    .map((wish) => /^\s*([^\s;]+)\s*(?:;\s*q=([\d.]+)\s*)?$/i.exec(wish))
    .filter((match) => match !== null)
    .map(([, name, quality]) => ({ name: name!.toLowerCase(), quality: Number(quality ?? 1) }))
    .filter(({ quality }) => quality > 0)
    .sort((a, b) => b.quality - a.quality)
  const best = wishes.find(({ name }) => name === 'identity' || name === '*' || Object.hasOwn(known, name))
  return best === undefined || !Object.hasOwn(known, best.name) ? undefined : best.name
}

function bytesOf(payload: unknown): Uint8Array | undefined {
  if (typeof payload === 'string') return Buffer.from(payload)
  return payload instanceof Uint8Array ? payload : undefined
}

type Callback = (error: Error | null, bytes: Buffer) => void

function compressor(
  start: (bytes: Uint8Array, done: Callback) => void,
  now: (bytes: Uint8Array) => Buffer,
): Compress {
  return async (bytes) => {
    if (bytes.length < threadsFrom) return now(bytes)
    return await new Promise((resolve, reject) => {
      start(bytes, (error, smaller) => (error === null ? resolve(smaller) : reject(error)))
    })
  }
}

/** Node has it since 22.15. */
function zstandard(): Readonly<Record<string, Compress>> {
  const { zstdCompress, zstdCompressSync } = zlib as {
    readonly zstdCompress?: (bytes: Uint8Array, done: Callback) => void
    readonly zstdCompressSync?: (bytes: Uint8Array) => Buffer
  }
  if (zstdCompress === undefined || zstdCompressSync === undefined) return {}
  return { zstd: compressor(zstdCompress, zstdCompressSync) }
}
