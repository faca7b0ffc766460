import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { isDatabaseError, type ShardSegment } from '../../../../index.ts'
import { sendResult } from '../../answers.ts'
import { bodyText, decodeText } from '../../body.ts'
import type { Decoder } from '../../decode.ts'
import type { Door } from '../../door.ts'
import { plainly } from '../../errors.ts'
import { forbidden } from '../../failures.ts'
import { collectionName, shardParam } from '../../parameters.ts'
import { manifestOf } from '../../present/partial-manifest.ts'
import { recoverShard } from '../../recovery.ts'
import { getShard } from '../../shard-of.ts'
import { shardSnapshotName } from '../../snapshot-names.ts'
import { knownOf, partialManifest } from '../../translate/partial-manifest.ts'
import { peerRequest, type GivenPeer } from '../../translate/recover.ts'
import { PlainError, WireError } from '../../wire-error.ts'
import { waited, waitsForSnapshot } from '../background.ts'
import { sendShard } from './shard-snapshots.ts'

const base = '/collections/:collection/shards/:shard/snapshot/partial'

/** A second server that has an older state of a shard is sent the files that it lacks, and nothing else. */
export function partialSnapshotRoutes(app: FastifyInstance, door: Door): void {
  app.get(`${base}/manifest`, async (request, reply) => {
    const index = shardParam(request)
    const { shard } = getShard(door, collectionName(request), index)
    return sendResult(request, reply, manifestOf(await shard.segments()))
  })

  app.post(`${base}/create`, async (request, reply) => {
    const index = shardParam(request)
    const name = collectionName(request)
    const manifest = await plainBody(request, partialManifest)
    return plainly(async () => {
      const { collection, shard } = getShard(door, name, index)
      const fileName = shardSnapshotName(collection.name, index, door.clock.now())
      const { archive, segments } = await shard.archive({ name: fileName, known: knownOf(manifest) })
      if (!isSame(segments, Object.keys(manifest))) return sendShard(reply, fileName, archive)
      archive.close()
      return reply.code(304).header('content-type', 'text/plain; charset=utf-8').send()
    })
  })

  app.post(`${base}/recover_from`, async (request, reply) => {
    const index = shardParam(request)
    const name = collectionName(request)
    const isWaiting = waitsForSnapshot(request)
    const peer = await plainBody(request, peerRequest)
    if (!door.allowUrlRecovery)
      throw forbidden('Snapshot recovery from remote URLs is disabled in the configuration')
    return recoverFrom(door, { name, index, peer, isWaiting }, request, reply)
  })
}

// Whatever a JSON route of Qdrant's may take, these take less.
const bodyBytesMax = 2 * 2 ** 20

/** The body of a route that leaves its faults to the web framework. @throws PlainError */
async function plainBody<T>(request: FastifyRequest, decoder: Decoder<T>): Promise<T> {
  const text = bodyText(request)
  if (!hasContentType(request)) throw new PlainError(400, 'Content type error')
  const bytes = Buffer.byteLength(text)
  if (bytes > bodyBytesMax) {
    const limit = `(limit: ${bodyBytesMax} bytes)`
    throw new PlainError(413, `JSON payload (${bytes} bytes) is larger than allowed ${limit}.`)
  }
  return plainly(
    () => decodeText(text, decoder),
    (fault) => fault.replace(/^Format error in JSON body/, 'Json deserialize error'),
  )
}

function hasContentType({ headers }: FastifyRequest): boolean {
  return headers['content-type'] !== undefined
}

/** True if whoever has these segments has the shard, point for point. */
function isSame(segments: readonly ShardSegment[], known: readonly string[]): boolean {
  const own = new Set(segments.map(({ id }) => id))
  return own.size === known.length && known.every((id) => own.has(id))
}

interface FromPeer {
  readonly name: string
  readonly index: number
  readonly peer: GivenPeer
  readonly isWaiting: boolean
}

async function recoverFrom(
  door: Door,
  { name, index, peer, isWaiting }: FromPeer,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const found = door.database.findCollection(name)
  const end = found === undefined ? undefined : door.recoveries.startPartial(found.id, index)
  return waited(door, isWaiting, request, reply, async () => {
    try {
      return await restoreFromPeer(door, name, index, peer)
    } finally {
      end?.()
    }
  })
}

/** False if the peer has nothing else than this shard. */
async function restoreFromPeer(
  door: Door,
  name: string,
  index: number,
  { peer_url: url, api_key: apiKey }: GivenPeer,
): Promise<boolean> {
  const { collection, shard } = getShard(door, name, index)
  const json = JSON.stringify(manifestOf(await shard.segments()))
  const path = `collections/${encodeURIComponent(name)}/shards/${index}/snapshot/partial/create`
  const source = await fetchPart(door, `${url.href}/${path}`, json, apiKey)
  if (source === undefined) return false
  await recoverShard(collection, index, source, {
    checksum: undefined,
    mismatch: (given, computed) =>
      new WireError(400, `Checksum mismatch: expected ${computed}, actual ${given}`),
    isPartial: true,
  })
  return true
}

/** Undefined if there is nothing to send. @throws WireError 500 in the words of Qdrant's HTTP client */
async function fetchPart(
  door: Door,
  url: string,
  json: string,
  apiKey: string | undefined,
): Promise<AsyncIterable<Uint8Array> | undefined> {
  const { protocol } = new URL(url)
  if (protocol !== 'http:' && protocol !== 'https:') throw requestFailed(`builder error for url (${url})`)
  try {
    return await door.download(url, { json, ...(apiKey === undefined ? {} : { apiKey }) })
  } catch (error) {
    const details = isDatabaseError(error, 'download-refused') ? error.details : {}
    if (details['status'] === 304) return undefined
    if (typeof details['status'] !== 'number') throw error
    const side = details['status'] < 500 ? 'client' : 'server'
    const text = `${details['status']} ${String(details['reason'])}`.trim()
    throw requestFailed(`HTTP status ${side} error (${text}) for url (${url})`)
  }
}

function requestFailed(why: string): WireError {
  return new WireError(500, `Service internal error: Http request error: ${why}`)
}
