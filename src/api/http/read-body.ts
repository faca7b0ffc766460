import { errorCodes, type FastifyError, type FastifyRequest } from 'fastify'
import type { Readable } from 'node:stream'

/**
 * Hands a body to `done` as bytes, put in place as they come. (The framework joins the pieces when all are there: of 30 MiB,
 * that is a copy in one turn of the event loop.) The errors are the framework's: a body larger than allowed, or of another length
 * than announced.
 */
export function readBody(
  request: FastifyRequest,
  stream: Readable,
  bytesMax: number,
  done: (error: Error | null, body?: Buffer) => void,
): void {
  const announced = Number(request.headers['content-length'])
  if (announced > bytesMax) return done(new errorCodes.FST_ERR_CTP_BODY_TOO_LARGE())
  // What is too much for the announced length is counted, and refused in the end.
  const target = Number.isNaN(announced) ? undefined : Buffer.allocUnsafe(announced)
  const chunks: Buffer[] = []
  let bytes = 0
  const stop = (): void => {
    stream.off('data', onData)
    stream.off('end', onEnd)
    stream.off('error', onError)
  }
  const onData = (chunk: Buffer): void => {
    if (target === undefined) chunks.push(chunk)
    else if (bytes + chunk.length <= target.length) target.set(chunk, bytes)
    bytes += chunk.length
    if (bytes <= bytesMax) return
    stop()
    done(new errorCodes.FST_ERR_CTP_BODY_TOO_LARGE())
  }
  const onEnd = (): void => {
    stop()
    if (target === undefined) done(null, Buffer.concat(chunks, bytes))
    else if (bytes === target.length) done(null, target)
    else done(new errorCodes.FST_ERR_CTP_INVALID_CONTENT_LENGTH())
  }
  const onError = (error: FastifyError): void => {
    stop()
    if (!(error.statusCode !== undefined && error.statusCode >= 400)) error.statusCode = 400
    done(error)
  }
  stream.on('data', onData)
  stream.on('end', onEnd)
  stream.on('error', onError)
  stream.resume()
}
