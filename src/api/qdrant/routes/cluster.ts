import type { FastifyInstance } from 'fastify'
import type { JsonObject } from '../../../index.ts'
import { sendPlainError, sendResult } from '../answers.ts'
import { decodeBody } from '../body.ts'
import { getCollection, type Door } from '../door.ts'
import { checkTimeout, collectionName, flagParam, pathParam } from '../parameters.ts'
import { peerIdOf } from '../peer-id.ts'
import { clusterOperation, newShardKey } from '../translate/cluster-operation.ts'
import { WireError } from '../wire-error.ts'
import { waited } from './background.ts'

const standalone = new WireError(405, 'Qdrant is running in standalone mode')

/** One node is its own cluster; what needs several is refused as Qdrant does without its cluster mode. */
export function clusterRoutes(app: FastifyInstance, door: Door): void {
  app.get('/cluster', async (request, reply) => sendResult(request, reply, { status: 'disabled' }))

  app.get('/collections/:collection/cluster', async (request, reply) => {
    const collection = getCollection(door, collectionName(request))
    const { config, shardPointCounts } = collection.info()
    const shards = shardPointCounts.map((points, shard): JsonObject => {
      return { shard_id: shard, points_count: points, state: 'Active' }
    })
    return sendResult(request, reply, {
      peer_id: peerIdOf(door.database.id),
      shard_count: config.shardNumber,
      local_shards: shards,
      remote_shards: [],
      shard_transfers: [],
    })
  })

  app.post('/collections/:collection/truncate_unapplied_wal', async (request, reply) => {
    const name = collectionName(request)
    return waited(door, flagParam(request, 'wait', true), request, reply, async () => {
      getCollection(door, name)
      // What is in the log is applied: a write is acknowledged after both.
      return 0
    })
  })

  // Without custom sharding there are no keys to list.
  app.get('/collections/:collection/shards', async (request, reply) => {
    getCollection(door, collectionName(request))
    return sendResult(request, reply, {})
  })

  app.delete('/cluster/peer/:peer', (request, reply) => {
    const peer = pathParam(request, 'peer')
    if (!isU64(peer)) return sendPlainError(reply, new WireError(404, `can not parse "${peer}" to a u64`))
    flagParam(request, 'force', false)
    checkTimeout(request)
    throw standalone
  })

  app.post('/collections/:collection/cluster', (request) => {
    checkTimeout(request)
    decodeBody(request, clusterOperation)
    throw standalone
  })

  app.put('/collections/:collection/shards', (request) => {
    checkTimeout(request)
    decodeBody(request, newShardKey)
    throw standalone
  })

  for (const [method, url] of [
    ['POST', '/cluster/recover'],
    ['GET', '/cluster/telemetry'],
    ['GET', '/cluster/metadata/keys'],
    ['GET', '/cluster/metadata/keys/:key'],
    ['PUT', '/cluster/metadata/keys/:key'],
    ['DELETE', '/cluster/metadata/keys/:key'],
    ['POST', '/collections/:collection/shards/delete'],
  ] as const) {
    app.route({
      method,
      url,
      handler: (request) => {
        checkTimeout(request)
        throw standalone
      },
    })
  }
}

function isU64(text: string): boolean {
  return /^\+?\d+$/.test(text) && BigInt(text) < 1n << 64n
}
