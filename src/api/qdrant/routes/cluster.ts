import type { FastifyInstance } from 'fastify'
import type { JsonObject } from '../../../index.ts'
import { sendError, sendResult } from '../answers.ts'
import { getCollection, type Door } from '../door.ts'
import { collectionName } from '../parameters.ts'
import { peerIdOf } from '../peer-id.ts'
import { WireError } from '../wire-error.ts'

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

  // Without custom sharding there are no keys to list.
  app.get('/collections/:collection/shards', async (request, reply) => {
    getCollection(door, collectionName(request))
    return sendResult(request, reply, {})
  })

  for (const [method, url] of [
    ['POST', '/cluster/recover'],
    ['POST', '/collections/:collection/cluster'],
    ['PUT', '/collections/:collection/shards'],
    ['POST', '/collections/:collection/shards/delete'],
  ] as const) {
    app.route({ method, url, handler: async (request, reply) => sendError(request, reply, standalone) })
  }
}
