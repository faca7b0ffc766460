import { errorCodes, type FastifyError, type FastifyRequest } from 'fastify'
import { Socket } from 'node:net'
import type { Readable } from 'node:stream'
import { freeMemory, keptMemory } from '../../runtime/kept-memory.ts'
import { countReceived } from './received-bytes.ts'

/** Smaller bodies are a few pieces: what they leave behind does not matter. */
const largeFromBytes = 2 ** 20

/**
 * Hands a body to `done` as bytes, put in place as they come. (The framework joins the pieces when all are there: of 30 MiB,
 * that is a copy in one turn of the event loop.) Of all bodies together a turn takes in so much only. The errors are the
 * framework's: a body larger than allowed, or of another length than announced.
 *
 * A large body that was announced is in memory of `keptMemory`: a route gives it back, or leaves it to the garbage collection.
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
  const target = Number.isNaN(announced) ? undefined : targetOf(announced)
  const mayFree = announced >= largeFromBytes && stream === request.raw && request.socket instanceof Socket
  const chunks: Buffer[] = []
  let bytes = 0
  const stop = (): void => {
    stream.off('data', onData)
    stream.off('end', onEnd)
    stream.off('error', onError)
  }
  const onData = (chunk: Buffer): void => {
    const { length } = chunk
    if (target === undefined) chunks.push(chunk)
    else if (bytes + length <= target.length) {
      target.set(chunk, bytes)
      if (mayFree) freeChunk(chunk)
    }
    bytes += length
    if (bytes > bytesMax) {
      stop()
      done(new errorCodes.FST_ERR_CTP_BODY_TOO_LARGE())
      return
    }
    const turn = countReceived(length)
    if (turn === undefined) return
    stream.pause()
    void turn.then(() => stream.resume())
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

function targetOf(bytes: number): Buffer {
  return bytes < largeFromBytes ? Buffer.allocUnsafe(bytes) : Buffer.from(keptMemory.take(bytes), 0, bytes)
}

/** Node copies each piece of a body into a buffer of its own, which nobody but the one listener of the request gets. */
function freeChunk({ buffer, byteLength }: Buffer): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) freeMemory(buffer)
}
