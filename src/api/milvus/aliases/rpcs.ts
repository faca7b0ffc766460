import type { NamedCollection } from '../collections/describe-collection.ts'
import {
  checkDatabase,
  collectionMissing,
  databaseOf,
  engineName,
  getCollection,
  milvusName,
  type Call,
  type MilvusDoor,
} from '../door.ts'
import type { Handlers } from '../rpcs/handler.ts'
import { aliasConflict } from './alias-conflict.ts'
import { checkName } from '../schema/names.ts'
import { codes, MilvusError } from '../status.ts'

export const aliasRpcs: Handlers = {
  CreateAlias: createAlias,
  DropAlias: dropAlias,
  AlterAlias: alterAlias,
  DescribeAlias: describeAlias,
  ListAliases: listAliases,
}

interface AliasRequest {
  readonly db_name: string
  readonly alias: string
}

type TargetRequest = AliasRequest & NamedCollection

/** The collection has to be named by its own name. One that is there already is a success. @throws 100, 800, 1100, 1601, 1602 */
async function createAlias(door: MilvusDoor, request: TargetRequest, call: Call): Promise<object> {
  const database = checkedDatabase(door, request, call)
  const { alias, collection_name: name } = request
  checkName('collection alias', alias)
  await door.sequences.run(sequenceOf(database), async () => {
    const collection = collectionNamed(door, database, name)
    const target = targetOf(door, database, alias)
    if (target === collection) return
    checkNoCollection(door, database, alias)
    if (target !== undefined) {
      const { name: other } = milvusName(door, target)
      throw new MilvusError(
        codes.aliasExists,
        `${alias} is alias to another collection: ${other}: alias already exist[database=${database}][alias=${alias}]`,
      )
    }
    await point(door, database, alias, collection)
  })
  return {}
}

/** @throws 100, 800, 1100, 1600, 1601 */
async function alterAlias(door: MilvusDoor, request: TargetRequest, call: Call): Promise<object> {
  const database = checkedDatabase(door, request, call)
  const { alias, collection_name: name } = request
  checkName('collection alias', alias)
  await door.sequences.run(sequenceOf(database), async () => {
    checkNoCollection(door, database, alias)
    const collection = collectionNamed(door, database, name)
    if (targetOf(door, database, alias) === undefined) throw aliasMissing(database, alias)
    await point(door, database, alias, collection)
  })
  return {}
}

/** One that is not there is dropped already. @throws 800 */
async function dropAlias(door: MilvusDoor, request: AliasRequest, call: Call): Promise<object> {
  const database = checkedDatabase(door, request, call)
  const alias = engineName(database, request.alias)
  await door.sequences.run(sequenceOf(database), () =>
    door.database.updateAliases([{ kind: 'delete', alias }]),
  )
  return {}
}

/** @throws 800, 1600 */
function describeAlias(door: MilvusDoor, request: AliasRequest, call: Call): object {
  const database = checkedDatabase(door, request, call)
  const target = targetOf(door, database, request.alias)
  if (target === undefined) throw aliasMissing(database, request.alias)
  return { alias: request.alias, collection: milvusName(door, target).name }
}

/** Those of a collection or, without one, of the database. @throws 100, 800 */
function listAliases(door: MilvusDoor, request: NamedCollection, call: Call): object {
  const database = checkedDatabase(door, request, call)
  const { collection_name: name } = request
  const collection = name === '' ? undefined : findOf(door, database, name)
  const aliases = door.database
    .listAliases()
    .filter((one) => collection === undefined || one.collection === collection)
    .map(({ alias }) => milvusName(door, alias))
    .filter((one) => one.database === database)
  return { db_name: database, collection_name: name, aliases: aliases.map((one) => one.name).sort() }
}

function findOf(door: MilvusDoor, database: string, name: string): string {
  const found = door.database.findCollection(engineName(database, name))
  if (found === undefined)
    throw new MilvusError(codes.collectionNotFound, `collection not found[collection=${name}]`)
  return found.name
}

function checkedDatabase(door: MilvusDoor, request: { readonly db_name: string }, call: Call): string {
  const database = databaseOf(call, request.db_name)
  checkDatabase(door, database)
  return database
}

const sequenceOf = (database: string): string => `aliases of ${database}`

/** Aliases of aliases there are none. @throws 100 */
function collectionNamed(door: MilvusDoor, database: string, name: string): string {
  const collection = getCollection(door, database, name)
  if (collection.name !== engineName(database, name)) throw collectionMissing(database, name)
  return collection.name
}

/** The engine's name of the collection that an alias stands for. */
function targetOf(door: MilvusDoor, database: string, alias: string): string | undefined {
  const own = engineName(database, alias)
  return door.database.listAliases().find((one) => one.alias === own)?.collection
}

/** @throws 1601 */
function checkNoCollection(door: MilvusDoor, database: string, alias: string): void {
  const own = engineName(database, alias)
  if (door.database.findCollection(own)?.name === own) throw aliasConflict(database, alias)
}

async function point(door: MilvusDoor, database: string, alias: string, collection: string): Promise<void> {
  await door.database.updateAliases([{ kind: 'create', alias: engineName(database, alias), collection }])
}

const aliasMissing = (database: string, alias: string): MilvusError =>
  new MilvusError(codes.aliasNotFound, `alias not found[database=${database}][alias=${alias}]`)
