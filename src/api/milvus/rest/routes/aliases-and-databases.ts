import { mapOf, type KeyValue } from '../../schema/messages.ts'
import { doing, named, type RestCall, type RestRoutes } from '../route.ts'

export const aliasRoutes: RestRoutes = {
  '/aliases/list': async (request) => {
    const { aliases } = (await request.rpc('ListAliases', {
      db_name: request.database,
      collection_name: request.body.text('collectionName'),
    })) as { aliases: readonly string[] }
    return { data: [...aliases] }
  },
  '/aliases/describe': async (request) => {
    const found = (await request.rpc('DescribeAlias', oneAlias(request))) as {
      readonly alias: string
      readonly collection: string
    }
    return { data: { dbName: request.database, aliasName: found.alias, collectionName: found.collection } }
  },
  '/aliases/create': doing('CreateAlias', (request) => ({ ...named(request), ...oneAlias(request) })),
  '/aliases/drop': doing('DropAlias', oneAlias),
  '/aliases/alter': doing('AlterAlias', (request) => ({ ...named(request), ...oneAlias(request) })),
}

function oneAlias({ body, database }: RestCall): object {
  return { db_name: database, alias: body.neededText('aliasName') }
}

const oneDatabase = ({ body }: RestCall): { readonly db_name: string } => ({
  db_name: body.neededText('dbName'),
})

export const databaseRoutes: RestRoutes = {
  '/databases/list': async (request) => {
    const { db_names: names } = (await request.rpc('ListDatabases', {})) as { db_names: readonly string[] }
    return { data: [...names] }
  },
  '/databases/create': doing('CreateDatabase', withProperties),
  '/databases/drop': doing('DropDatabase', oneDatabase),
  '/databases/describe': async (request) => {
    const found = (await request.rpc('DescribeDatabase', oneDatabase(request))) as {
      readonly db_name: string
      readonly dbID: bigint
      readonly properties: readonly KeyValue[]
    }
    const properties = Object.entries(mapOf(found.properties))
    return {
      data: {
        dbName: found.db_name,
        dbID: BigInt(found.dbID),
        properties: properties.map(([key, value]) => ({ key, value })),
      },
    }
  },
  '/databases/alter': doing('AlterDatabase', withProperties),
  '/databases/drop_properties': doing('AlterDatabase', (request) => ({
    ...oneDatabase(request),
    delete_keys: request.body.texts('propertyKeys'),
  })),
}

function withProperties(request: RestCall): object {
  return { ...oneDatabase(request), properties: request.body.body('properties').pairs() }
}
