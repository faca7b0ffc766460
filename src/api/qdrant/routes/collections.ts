import type { FastifyInstance } from 'fastify'
import type { JsonObject } from '../../../index.ts'
import { getCollection, type QdrantDoorOptions } from '../door.ts'
import { peerIdOf } from '../peer-id.ts'
import { collectionInfo } from '../present/collection.ts'
import { collectionName, jsonBody, sendResult } from '../request.ts'
import { translateCreate, translateUpdate } from '../translate/collection.ts'
import { validationError } from '../failures.ts'
import { WireError } from '../wire-error.ts'

const forbidden = /[<>:"/\\|?*\0\u001f]/

export function collectionRoutes(app: FastifyInstance, door: QdrantDoorOptions): void {
  const { database } = door
  app.get('/collections', async (request, reply) => {
    const names = database.listCollections().map(({ name }) => ({ name }))
    return sendResult(request, reply, { collections: names })
  })

  app.put('/collections/:collection', async (request, reply) => {
    const name = collectionName(request)
    const config = translateCreate(jsonBody(request))
    if (forbidden.test(name) || name === '.' || name === '..') {
      throw validationError(
        `name: collection name cannot contain "${forbidden.exec(name)?.[0] ?? name}" char`,
        'path parameters',
      )
    }
    if (database.listAliases().some(({ alias }) => alias === name)) {
      throw new WireError(
        400,
        `Wrong input: Can't create collection with name ${name}. Alias with the same name already exists`,
      )
    }
    await database.createCollection(name, config)
    return sendResult(request, reply, true)
  })

  app.get('/collections/:collection', async (request, reply) => {
    const collection = getCollection(door, collectionName(request))
    return sendResult(request, reply, collectionInfo(collection.info()))
  })

  app.patch('/collections/:collection', async (request, reply) => {
    const collection = getCollection(door, collectionName(request))
    const settings = translateUpdate(jsonBody(request), collection.info().config.settings ?? {})
    await collection.updateSettings(settings)
    return sendResult(request, reply, true)
  })

  app.delete('/collections/:collection', async (request, reply) => {
    return sendResult(request, reply, await database.dropCollection(collectionName(request)))
  })

  app.get('/collections/:collection/exists', async (request, reply) => {
    return sendResult(request, reply, {
      exists: database.findCollection(collectionName(request)) !== undefined,
    })
  })

  app.get('/cluster', async (request, reply) => sendResult(request, reply, { status: 'disabled' }))

  app.get('/collections/:collection/cluster', async (request, reply) => {
    const { config, pointCount } = getCollection(door, collectionName(request)).info()
    const count = config.shardNumber
    const shards: JsonObject[] = Array.from({ length: count }, (_, shard) => ({
      shard_id: shard,
      points_count: count === 1 ? pointCount : 0,
      state: 'Active',
    }))
    return sendResult(request, reply, {
      peer_id: peerIdOf(database.id),
      shard_count: count,
      local_shards: shards,
      remote_shards: [],
      shard_transfers: [],
    })
  })
}
