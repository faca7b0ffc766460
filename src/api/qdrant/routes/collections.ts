import type { FastifyInstance } from 'fastify'
import { isDatabaseError, type JsonObject } from '../../../index.ts'
import { sendResult } from '../answers.ts'
import { decodeBody } from '../body.ts'
import { isObject } from '../decode.ts'
import { getCollection, reading, refusePast, type Door } from '../door.ts'
import { wrongInput } from '../failures.ts'
import { checkTimeout, collectionName } from '../parameters.ts'
import { collectionInfo } from '../present/collection.ts'
import { askNow, rightsOf } from '../rights/asking.ts'
import { createFields, translateCreate } from '../translate/collection.ts'
import { translateUpdate } from '../translate/collection-update.ts'

export function collectionRoutes(app: FastifyInstance, door: Door): void {
  const { database } = door
  const defaults = isObject(door.settings as JsonObject) ? (door.settings as JsonObject) : {}

  app.get('/collections', async (request, reply) => {
    const rights = rightsOf(door, request)
    const seen = database.listCollections().filter(({ name }) => rights.maySee(name))
    const names = seen.map(({ name }) => ({ name }))
    return sendResult(request, reply, { collections: names })
  })

  app.put('/collections/:collection', async (request, reply) => {
    const name = collectionName(request, true)
    checkTimeout(request)
    const config = decodeBody(request, (body) => translateCreate(body, defaults), createFields)
    askNow(door, request)
    if (database.listAliases().some(({ alias }) => alias === name)) {
      throw wrongInput(`Can't create collection with name ${name}. Alias with the same name already exists`)
    }
    refusePast(door, name)
    const settings = { ...config.settings, created_after: database.stats().appliedSeq }
    await database.createCollection(name, { ...config, settings })
    return sendResult(request, reply, true)
  })

  app.get('/collections/:collection', async (request, reply) => {
    const info = await reading(door, collectionName(request), async (reader) => reader.info())
    return sendResult(request, reply, collectionInfo(info))
  })

  app.patch('/collections/:collection', async (request, reply) => {
    const name = collectionName(request)
    checkTimeout(request)
    const change = decodeBody(request, translateUpdate)
    const collection = getCollection(door, name)
    const { config } = collection.info()
    const { settings, vectorSettings, modifiers } = change(config)
    await collection.updateSettings(settings, vectorSettings, modifiers)
    if (settings['strict_mode_config'] !== config.settings?.['strict_mode_config']) {
      door.strict.configured(collection.id)
    }
    return sendResult(request, reply, true)
  })

  app.delete('/collections/:collection', async (request, reply) => {
    const name = collectionName(request)
    checkTimeout(request)
    refusePast(door, name)
    return sendResult(request, reply, await database.dropCollection(name))
  })

  app.get('/collections/:collection/exists', async (request, reply) => {
    return sendResult(request, reply, { exists: await exists(door, collectionName(request)) })
  })
}

/** Also what `<collection>@…` stands for. */
async function exists({ database }: Door, name: string): Promise<boolean> {
  if (database.findCollection(name) !== undefined) return true
  if (!name.includes('@')) return false
  try {
    const past = await database.openReader(name)
    past.close()
    return true
  } catch (error) {
    if (isDatabaseError(error) && error.kind === 'not-found') return false
    throw error
  }
}
