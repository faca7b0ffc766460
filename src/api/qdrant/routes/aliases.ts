import type { FastifyInstance } from 'fastify'
import { sendResult } from '../answers.ts'
import { decodeBody } from '../body.ts'
import type { Door } from '../door.ts'
import { checkTimeout, collectionName } from '../parameters.ts'
import { aliasActions } from '../translate/aliases.ts'

interface Alias {
  readonly alias: string
  readonly collection: string
}

const shown = ({ alias, collection }: Alias) => ({ alias_name: alias, collection_name: collection })

export function aliasRoutes(app: FastifyInstance, { database }: Door): void {
  app.post('/collections/aliases', async (request, reply) => {
    checkTimeout(request)
    // All of them or none: the engine sees to that.
    await database.updateAliases(decodeBody(request, aliasActions, ['actions']))
    return sendResult(request, reply, true)
  })

  app.get('/aliases', async (request, reply) => {
    return sendResult(request, reply, { aliases: database.listAliases().map(shown) })
  })

  app.get('/collections/:collection/aliases', async (request, reply) => {
    const name = collectionName(request)
    const own = database.listAliases().filter(({ collection }) => collection === name)
    return sendResult(request, reply, { aliases: own.map(shown) })
  })
}
