import { Readable } from 'node:stream'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { sendArchive } from '../../../http/send-archive.ts'
import { sendResult } from '../../answers.ts'
import { decodeBody } from '../../body.ts'
import type { Door } from '../../door.ts'
import { plainly } from '../../errors.ts'
import { forbidden, shardSnapshotMissing, snapshotMissing, wrongInput } from '../../failures.ts'
import { collectionName, pathParam, shardParam } from '../../parameters.ts'
import { recoverShard } from '../../recovery.ts'
import { getShard, shelfOfShard } from '../../shard-of.ts'
import { shardSnapshotName } from '../../snapshot-names.ts'
import { recoverFields, shardRecoverRequest, type GivenShardRecovery } from '../../translate/recover.ts'
import { PlainError, WireError } from '../../wire-error.ts'
import { waited, waitsForSnapshot } from '../background.ts'
import { shown, wantsChecksum } from '../snapshots.ts'

const base = '/collections/:collection/shards/:shard'

export function shardSnapshotRoutes(app: FastifyInstance, door: Door): void {
  app.get(`${base}/snapshots`, async (request, reply) => {
    const { name, shard } = target(request)
    return sendResult(request, reply, shown(await shelfOfShard(door, name, shard).list()))
  })
  app.post(`${base}/snapshots`, async (request, reply) => {
    const { name, shard } = target(request)
    return waited(door, await waits(request), request, reply, async () => {
      const found = getShard(door, name, shard)
      return shown(await shelfOfShard(door, name, shard).create(found.shard, wantsChecksum(request)))
    })
  })
  app.get(`${base}/snapshots/:name`, async (request, reply) => {
    const { name, shard } = target(request)
    return plainly(async () => {
      const shelf = shelfOfShard(door, name, shard)
      const file = fileParam(request)
      if (file.includes('\0'))
        throw new PlainError(500, 'Failed to open file: file name contained an unexpected NUL byte', '')
      const archive = await shelf.find(file)
      if (archive === undefined)
        throw new PlainError(404, 'File not found: No such file or directory (os error 2)', '')
      return sendArchive(request, reply, archive)
    })
  })
  app.delete(`${base}/snapshots/:name`, async (request, reply) => {
    const { name, shard } = target(request)
    return waited(door, await waits(request), request, reply, async () => {
      const shelf = shelfOfShard(door, name, shard)
      const file = fileParam(request)
      if (file.includes('\0')) throw nulInName(shelf.pathOf(file))
      if (!(await shelf.remove(file))) throw shardSnapshotMissing(shelf.pathOf(file))
      return true
    })
  })
  app.put(`${base}/snapshots/recover`, async (request, reply) => {
    const { name, shard } = target(request)
    const isWaiting = await waits(request)
    const recovery = decodeBody(request, shardRecoverRequest, recoverFields)
    return waited(door, isWaiting, request, reply, () => recover(door, name, shard, recovery))
  })
  app.get(`${base}/snapshot`, async (request, reply) => {
    const { name, shard } = target(request)
    return plainly(() => sendStream(door, reply, name, shard))
  })
}

function target(request: FastifyRequest): { readonly name: string; readonly shard: number } {
  const shard = shardParam(request)
  return { name: collectionName(request), shard }
}

/** These routes answer a wrong `wait` in plain text. */
function waits(request: FastifyRequest): Promise<boolean> {
  return plainly(
    () => waitsForSnapshot(request),
    (text) => text.replace(/^Deserialize error in query parameters/, 'Query deserialize error'),
  )
}

/** The name of a file: nothing that leads elsewhere. @throws WireError 404 */
function fileParam(request: FastifyRequest): string {
  return checkFileName(pathParam(request, 'name'))
}

function checkFileName(name: string): string {
  if (name === '' || name === '.' || name === '..' || name.includes('/')) throw snapshotMissing(name)
  return name
}

function nulInName(path: string): WireError {
  const why = 'file name contained an unexpected NUL byte'
  return new WireError(
    500,
    `Service internal error: File IO error: failed to remove file \`${path}\`: ${why}`,
  )
}

async function recover(
  door: Door,
  name: string,
  shard: number,
  { location, checksum, api_key: apiKey }: GivenShardRecovery,
): Promise<boolean> {
  if (location instanceof URL) checkUrl(door, location)
  const { collection } = getShard(door, name, shard)
  return door.recoveries.inTurn(collection.id, shard, async () => {
    const source =
      location instanceof URL
        ? await door.download(location.href, apiKey === undefined ? {} : { apiKey })
        : await openFile(door, name, shard, location)
    await recoverShard(collection, shard, source, {
      checksum,
      mismatch: (given, computed) =>
        wrongInput(`Snapshot checksum mismatch: expected ${given}, got ${computed}`),
      isPartial: false,
    })
    return true
  })
}

function checkUrl(door: Door, { protocol, href }: URL): void {
  if (protocol !== 'http:' && protocol !== 'https:') {
    const scheme = protocol.slice(0, -1)
    throw wrongInput(`Invalid snapshot URL ${href}: URLs with ${scheme} scheme are not supported`)
  }
  if (!door.allowUrlRecovery)
    throw forbidden('Snapshot recovery from remote URLs is disabled in the configuration')
}

/** A snapshot of the shard, by its name. @throws WireError 404 */
async function openFile(
  door: Door,
  name: string,
  shard: number,
  file: string,
): Promise<AsyncIterable<Uint8Array>> {
  const shelf = shelfOfShard(door, name, shard)
  const archive = await shelf.find(checkFileName(file))
  if (archive === undefined) throw shardSnapshotMissing(shelf.pathOf(file))
  return readAndClose(archive)
}

/** The shard as it is, as an archive of which nothing stays behind. */
async function sendStream(
  door: Door,
  reply: FastifyReply,
  name: string,
  index: number,
): Promise<FastifyReply> {
  const { collection, shard } = getShard(door, name, index)
  const fileName = shardSnapshotName(collection.name, index, door.clock.now())
  const { archive } = await shard.archive({ name: fileName })
  return sendShard(reply, fileName, archive)
}

interface Stream {
  stream(): AsyncIterable<Uint8Array>
  close(): void
}

/** Without a length, as Qdrant does, which does not know it. */
export function sendShard(reply: FastifyReply, fileName: string, archive: Stream): FastifyReply {
  const body = Readable.from(archive.stream(), { objectMode: false, highWaterMark: 2 ** 20 })
  // When it has been read, or when the reader has gone away.
  body.once('close', () => archive.close())
  return reply
    .header('content-type', 'application/octet-stream')
    .header('content-disposition', `attachment; filename="${fileName.replace(/[^\x20-\x7e]|["\\]/g, '_')}"`)
    .send(body)
}

async function* readAndClose(archive: Stream): AsyncGenerator<Uint8Array> {
  try {
    yield* archive.stream()
  } finally {
    archive.close()
  }
}
