import multipart, { type MultipartFile } from '@fastify/multipart'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { QdrantDoorOptions } from '../door.ts'
import { checkChecksum, checkPriority, recover } from '../recovery.ts'
import { collectionName, queryParam, waitParam } from '../request.ts'
import { WireError } from '../wire-error.ts'
import { waitedFor } from './snapshots.ts'

const field = 'snapshot'

/** Uploads go from the socket through the restore, verified on the way; no copy is kept. */
export async function uploadRoutes(app: FastifyInstance, door: QdrantDoorOptions): Promise<void> {
  await app.register(multipart, {
    limits: { fileSize: Number.MAX_SAFE_INTEGER, files: 1 },
    throwFileSizeLimit: false,
  })

  app.post(
    '/collections/:collection/snapshots/upload',
    { bodyLimit: Number.MAX_SAFE_INTEGER },
    async (request, reply) => {
      const name = collectionName(request)
      const isWaiting = waitParam(request, true)
      const given = queryParam(request, 'checksum')
      const checksum = given === undefined ? undefined : checkChecksum(given, 'query parameters')
      checkPriority(queryParam(request, 'priority'))
      const file = await snapshotPart(request)
      const restored = recover(door, name, whole(file), {
        checksum,
        mismatch: (expected, actual) =>
          new WireError(400, `Checksum mismatch: expected ${actual}, actual ${expected}`),
      })
      // The body is read to its end before the answer, whether the client waits for it or not.
      return waitedFor(isWaiting, request, reply, async () => {
        await restored
        return true
      })
    },
  )
}

async function snapshotPart(request: FastifyRequest): Promise<MultipartFile> {
  if (!request.isMultipart())
    throw new WireError(415, 'Unsupported Media Type: Content-Type must be multipart/form-data')
  if (!/boundary=/i.test(request.headers['content-type'] ?? ''))
    throw new WireError(400, 'Multipart boundary is not found')
  try {
    for await (const part of request.parts()) {
      if (part.type === 'file' && part.fieldname === field) return part
      if (part.type === 'file') part.file.resume()
    }
  } catch (error) {
    throw new WireError(
      400,
      `Multipart stream is incomplete: ${error instanceof Error ? error.message : String(error)}`,
    )
  }
  throw new WireError(400, `Required field is missing: ${field}`)
}

/** The part's bytes; a connection that ends early is an error of the request, not the end of the archive. */
async function* whole(part: MultipartFile): AsyncIterable<Uint8Array> {
  try {
    for await (const chunk of part.file) yield chunk as Uint8Array
  } catch (error) {
    throw new WireError(
      400,
      `Multipart stream is incomplete: ${error instanceof Error ? error.message : String(error)}`,
    )
  }
}
