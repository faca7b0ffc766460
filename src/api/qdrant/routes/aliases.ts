import type { FastifyInstance, FastifyRequest } from 'fastify'
import { sendResult } from '../answers.ts'
import { decodeBody } from '../body.ts'
import type { Door } from '../door.ts'
import { checkTimeout, collectionName } from '../parameters.ts'
import { rightsOf } from '../rights/asking.ts'
import { aliasActions } from '../translate/aliases.ts'

interface Alias {
  readonly alias: string
  readonly collection: string
}

const shown = ({ alias, collection }: Alias) => ({ alias_name: alias, collection_name: collection })

export function aliasRoutes(app: FastifyInstance, door: Door): void {
  const { database } = door
  /** Those of which the sender may know both names. */
  const seenBy = (request: FastifyRequest): Alias[] => {
    const rights = rightsOf(door, request)
    return database.listAliases().filter(({ alias, collection }) => {
      return rights.maySee(alias) && rights.maySee(collection)
    })
  }

  app.post('/collections/aliases', async (request, reply) => {
    checkTimeout(request)
    // All of them or none: the engine sees to that.
    await database.updateAliases(decodeBody(request, aliasActions, ['actions']))
    return sendResult(request, reply, true)
  })

  app.get('/aliases', async (request, reply) => {
    return sendResult(request, reply, { aliases: seenBy(request).map(shown) })
  })

  app.get('/collections/:collection/aliases', async (request, reply) => {
    const name = collectionName(request)
    const own = seenBy(request).filter(({ collection }) => collection === name)
    return sendResult(request, reply, { aliases: own.map(shown) })
  })
}
