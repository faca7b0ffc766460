import type { FastifyInstance } from 'fastify'
import { sendPlainError, sendResult } from '../answers.ts'
import { decodeBody } from '../body.ts'
import { clusterStatus, isCluster } from '../cluster-mode.ts'
import { getCollection, reading, type Door } from '../door.ts'
import { badRequest, unsupported } from '../failures.ts'
import { checkTimeout, collectionName, flagParam, pathParam } from '../parameters.ts'
import { peerIdOf } from '../peer-id.ts'
import { createShardKey, dropShardKey, shardKeysOf, shardsOf } from '../shard-keys.ts'
import { clusterOperation, droppedShardKey, newShardKey } from '../translate/cluster-operation.ts'
import { WireError } from '../wire-error.ts'
import { waited } from './background.ts'
import { checkPlacement, performOnCluster } from './cluster-operations.ts'

const standalone = new WireError(405, 'Qdrant is running in standalone mode')

/** One node is its own cluster; what needs several is refused as Qdrant does, in its cluster mode or without. */
export function clusterRoutes(app: FastifyInstance, door: Door): void {
  app.get('/cluster', async (request, reply) => sendResult(request, reply, clusterStatus(door)))

  app.get('/collections/:collection/cluster', async (request, reply) => {
    const shards = shardsOf(getCollection(door, collectionName(request)))
    return sendResult(request, reply, {
      peer_id: peerIdOf(door.database.id),
      shard_count: shards.length,
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

  app.delete('/cluster/peer/:peer', async (request, reply) => {
    const peer = pathParam(request, 'peer')
    if (!isU64(peer)) return sendPlainError(reply, new WireError(404, `can not parse "${peer}" to a u64`))
    flagParam(request, 'force', false)
    checkTimeout(request)
    checkCluster(door)
    const own = peerIdOf(door.database.id)
    if (BigInt(peer) === BigInt(own)) throw badRequest(`Cannot remove peer ${own}: it is the only one`)
    return sendResult(request, reply, true)
  })

  app.post('/collections/:collection/cluster', async (request, reply) => {
    checkTimeout(request)
    const operation = decodeBody(request, clusterOperation)
    checkCluster(door)
    const collection = getCollection(door, collectionName(request))
    await performOnCluster(operation, collection, peerIdOf(door.database.id))
    return sendResult(request, reply, true)
  })

  shardKeyRoutes(app, door)
  otherRoutes(app, door)
}

function shardKeyRoutes(app: FastifyInstance, door: Door): void {
  app.get('/collections/:collection/shards', async (request, reply) => {
    const keys = await reading(door, collectionName(request), async (reader) => shardKeysOf(reader))
    // Without custom sharding there are none to list.
    return sendResult(request, reply, keys === undefined ? {} : { shard_keys: keys.map((key) => ({ key })) })
  })

  app.put('/collections/:collection/shards', async (request, reply) => {
    checkTimeout(request)
    const given = decodeBody(request, newShardKey)
    checkCluster(door)
    const collection = getCollection(door, collectionName(request))
    checkPlacement(given, peerIdOf(door.database.id))
    await createShardKey(collection, given.shard_key)
    return sendResult(request, reply, true)
  })

  app.post('/collections/:collection/shards/delete', async (request, reply) => {
    checkTimeout(request)
    checkCluster(door)
    const { shard_key: key } = decodeBody(request, droppedShardKey)
    await dropShardKey(getCollection(door, collectionName(request)), key)
    return sendResult(request, reply, true)
  })
}

function otherRoutes(app: FastifyInstance, door: Door): void {
  app.post('/cluster/recover', async (request, reply) => {
    checkTimeout(request)
    checkCluster(door)
    // Nobody is ahead of a node alone.
    return sendResult(request, reply, true)
  })

  for (const [method, url, what] of [
    ['GET', '/cluster/telemetry', 'telemetry of a cluster is'],
    ['GET', '/cluster/metadata/keys', 'metadata of a cluster is'],
    ['GET', '/cluster/metadata/keys/:key', 'metadata of a cluster is'],
    ['PUT', '/cluster/metadata/keys/:key', 'metadata of a cluster is'],
    ['DELETE', '/cluster/metadata/keys/:key', 'metadata of a cluster is'],
  ] as const) {
    app.route({
      method,
      url,
      handler: (request) => {
        checkTimeout(request)
        checkCluster(door)
        throw unsupported(what)
      },
    })
  }
}

/** @throws WireError 405 without `cluster.enabled` */
function checkCluster(door: Door): void {
  if (!isCluster(door)) throw standalone
}

function isU64(text: string): boolean {
  return /^\+?\d+$/.test(text) && BigInt(text.replace('+', '')) < 1n << 64n
}
