import type { FastifyInstance } from 'fastify'
import type { AliasAction, JsonValue } from '../../../index.ts'
import { array, isObject, object, required, text } from '../decode.ts'
import type { QdrantDoorOptions } from '../door.ts'
import { collectionName, jsonBody, sendResult, waitParam } from '../request.ts'
import { formatError, notFound } from '../failures.ts'
import { WireError } from '../wire-error.ts'

export function aliasRoutes(app: FastifyInstance, door: QdrantDoorOptions): void {
  const { database } = door
  app.post('/collections/aliases', async (request, reply) => {
    waitParam(request, true)
    const actions = array(
      required(object(jsonBody(request), 'struct ChangeAliasesOperation'), 'actions'),
    ).map((action) => translateAction(action))
    checkTargets(door, actions)
    await database.updateAliases(actions)
    return sendResult(request, reply, true)
  })

  app.get('/aliases', async (request, reply) => {
    const aliases = database
      .listAliases()
      .map(({ alias, collection }) => ({ alias_name: alias, collection_name: collection }))
    return sendResult(request, reply, { aliases })
  })

  app.get('/collections/:collection/aliases', async (request, reply) => {
    const name = collectionName(request)
    const own = database.listAliases().filter(({ collection }) => collection === name)
    const aliases = own.map(({ alias, collection }) => ({ alias_name: alias, collection_name: collection }))
    return sendResult(request, reply, { aliases })
  })
}

function translateAction(value: JsonValue): AliasAction {
  if (isObject(value)) {
    const { create_alias, delete_alias, rename_alias } = value
    if (isObject(create_alias)) {
      return {
        kind: 'create',
        alias: text(required(create_alias, 'alias_name')),
        collection: text(required(create_alias, 'collection_name')),
      }
    }
    if (isObject(delete_alias)) return { kind: 'delete', alias: text(required(delete_alias, 'alias_name')) }
    if (isObject(rename_alias)) {
      return {
        kind: 'rename',
        from: text(required(rename_alias, 'old_alias_name')),
        to: text(required(rename_alias, 'new_alias_name')),
      }
    }
  }
  throw formatError('data did not match any variant of untagged enum AliasOperations')
}

/** Qdrant's own wording for what the engine would refuse; the engine decides, all or nothing. */
function checkTargets(door: QdrantDoorOptions, actions: readonly AliasAction[]): void {
  const isCollection = (name: string): boolean =>
    door.database.listCollections().some((collection) => collection.name === name)
  for (const action of actions) {
    if (action.kind === 'create' && !isCollection(action.collection)) {
      throw notFound(`Collection \`${action.collection}\` doesn't exist!`)
    }
    if (action.kind === 'create' && isCollection(action.alias)) {
      throw new WireError(409, `Wrong input: Collection \`${action.alias}\` already exists!`)
    }
  }
}
