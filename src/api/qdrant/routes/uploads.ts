import multipart, { type Multipart } from '@fastify/multipart'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { JsonValue } from '../../../index.ts'
import { sendPlainError } from '../answers.ts'
import type { Door } from '../door.ts'
import { collectionName, queryParam, variantParam } from '../parameters.ts'
import { recover } from '../recovery.ts'
import { checkChecksum, priorities } from '../translate/recover.ts'
import { WireError } from '../wire-error.ts'
import { waited, waitsForSnapshot } from './background.ts'
import { shardUploadRoutes } from './shards/shard-uploads.ts'

const field = 'snapshot'

/** A fault of the form; answered in plain text. */
class FormFault extends WireError {}

/** Uploads go from the socket through the restore, verified on the way; no copy is kept. */
export async function uploadRoutes(app: FastifyInstance, door: Door): Promise<void> {
  await app.register(multipart, {
    limits: { fileSize: Number.MAX_SAFE_INTEGER, files: 1 },
    throwFileSizeLimit: false,
  })
  // What is no form is refused by the route, in Qdrant's words.
  app.addContentTypeParser('*', (_request, _payload, done) => done(null))

  app.post(
    '/collections/:collection/snapshots/upload',
    { bodyLimit: Number.MAX_SAFE_INTEGER },
    async (request, reply) => {
      const name = collectionName(request, true)
      return restoreUpload(door, request, reply, async (bytes, checksum) => {
        await recover(door, name, bytes, { checksum, mismatch: uploadMismatch })
        return true
      })
    },
  )
  shardUploadRoutes(app, door)
}

/** Qdrant names the two the other way round here, and clients read it so. */
export function uploadMismatch(given: string, computed: string): WireError {
  return new WireError(400, `Checksum mismatch: expected ${computed}, actual ${given}`)
}

/** Hands the file of an upload to `restore` while it comes, and answers with what that gives. */
export async function restoreUpload(
  door: Door,
  request: FastifyRequest,
  reply: FastifyReply,
  restore: (bytes: AsyncIterable<Uint8Array>, checksum: string | undefined) => Promise<JsonValue>,
): Promise<FastifyReply> {
  const isWaiting = waitsForSnapshot(request)
  variantParam(request, 'priority', priorities)
  const checksum = queryParam(request, 'checksum')
  if (checksum !== undefined) checkChecksum(checksum, 'query parameters')
  let upload: Upload | undefined
  try {
    upload = new Upload(await snapshotPart(request))
    const restored = restore(upload.bytes(), checksum)
    // A client that does not wait for the restore still sends its file to the end.
    if (!isWaiting) await Promise.race([upload.ended, restored.then(nothing, nothing)])
    return await waited(door, isWaiting, request, reply, () => restored)
  } catch (error) {
    upload?.drain(request)
    if (error instanceof FormFault) return sendPlainError(reply, error)
    throw error
  }
}

async function snapshotPart(request: FastifyRequest): Promise<Multipart> {
  const type = request.headers['content-type']
  if (type === undefined) throw new FormFault(400, 'Could not find Content-Type header')
  if (!/^\s*multipart\//i.test(type)) {
    throw new FormFault(415, "Parsed Content-Type did not have 'multipart' top-level media type")
  }
  if (!/boundary=/i.test(type)) throw new FormFault(400, 'Multipart boundary is not found')
  try {
    for await (const part of request.parts()) {
      if (part.fieldname === field) return part
      if (part.type === 'file') part.file.resume()
    }
  } catch {
    // Whatever the parser says of it, the form ended early or is none.
    throw new FormFault(400, 'Multipart stream is incomplete')
  }
  throw new FormFault(400, `Required field is missing: ${field}`)
}

const nothing = (): void => undefined

/** What is left of a refused upload is read and dropped up to here, so that the client gets to read the answer. */
const drainedBytesMax = 64 * 2 ** 20

class Upload {
  readonly #part: Multipart
  readonly ended: Promise<void>
  #end: () => void = () => undefined

  constructor(part: Multipart) {
    this.#part = part
    this.ended = new Promise((resolve) => {
      this.#end = resolve
    })
  }

  /** The part's bytes; a connection that ends early is a fault of the request, not the end of the archive. */
  async *bytes(): AsyncIterable<Uint8Array> {
    try {
      if (this.#part.type === 'field') yield Buffer.from(String(this.#part.value))
      // Destroying the part would stop the form, and with it the connection, in the middle.
      else
        for await (const chunk of this.#part.file.iterator({ destroyOnReturn: false }))
          yield chunk as Uint8Array
    } catch (error) {
      throw isBroken(error) ? new FormFault(400, 'Multipart stream is incomplete') : error
    } finally {
      this.#end()
    }
  }

  /** Lets the rest of the form pass by; a connection on which too much would follow is cut. */
  drain(request: FastifyRequest): void {
    if (this.#part.type === 'field') return
    let bytes = 0
    this.#part.file.on('error', nothing).on('data', (chunk: Uint8Array) => {
      bytes += chunk.byteLength
      if (bytes > drainedBytesMax) request.raw.destroy()
    })
  }
}

function isBroken(error: unknown): boolean {
  return error instanceof Error && /unexpected end|premature|aborted/i.test(`${error.name} ${error.message}`)
}
