import type { JsonObject } from '../../../index.ts'
import { collectionsOf } from '../collections/describe-collection.ts'
import {
  checkDatabase,
  databaseDocument,
  databaseOf,
  databaseSequence,
  defaultDatabase,
  hasDatabase,
  type Call,
  type MilvusDoor,
} from '../door.ts'
import { numericId } from '../numeric-id.ts'
import type { Handlers } from '../rpcs/handler.ts'
import { mapOf, pairsOf, type KeyValue } from '../schema/messages.ts'
import { checkDatabaseName } from '../schema/names.ts'
import { isRestoringInto } from '../snapshots/jobs/job-input.ts'
import { codes, invalidParameter, MilvusError } from '../status.ts'
import { checkZone, zoneProperty } from '../time/zone.ts'
import { databaseFields, type DatabaseFields } from './database-fields.ts'

export const databaseRpcs: Handlers = {
  CreateDatabase: createDatabase,
  DropDatabase: dropDatabase,
  ListDatabases: listDatabases,
  DescribeDatabase: describeDatabase,
  AlterDatabase: alterDatabase,
}

interface DatabaseRequest {
  readonly db_name: string
}

/** @throws 802, 65535 */
async function createDatabase(
  door: MilvusDoor,
  request: DatabaseRequest & { readonly properties: readonly KeyValue[] },
): Promise<object> {
  const { db_name: name, properties } = request
  checkDatabaseName(name)
  checkTimeZone(properties)
  await door.sequences.run(databaseSequence(name), async () => {
    if (hasDatabase(door, name)) throw refused(`database already exist: ${name}`)
    await save(door, name, { createdAt: String(door.timestamps.next()), properties: mapOf(properties) })
  })
  return {}
}

/** One that is not there is dropped already. @throws 65535 */
async function dropDatabase(door: MilvusDoor, { db_name: name }: DatabaseRequest): Promise<object> {
  if (name === defaultDatabase) throw refused('can not drop default database')
  if (!hasDatabase(door, name)) checkDatabaseName(name)
  await door.sequences.run(databaseSequence(name), async () => {
    if (!hasDatabase(door, name)) return
    if (collectionsOf(door, name).length > 0 || isRestoringInto(door, name))
      throw refused(`database:${name} not empty, must drop all collections before drop database`)
    await door.database.documents.delete(databaseDocument(name))
  })
  return {}
}

function listDatabases(door: MilvusDoor): object {
  const prefix = databaseDocument('')
  const made = door.database.documents.list(prefix).map(([name]) => name.slice(prefix.length))
  const names = [defaultDatabase, ...made.filter((name) => name !== defaultDatabase).sort()]
  return {
    db_names: names,
    created_timestamp: names.map((name) => BigInt(databaseFields(door, name).createdAt)),
    db_ids: names.map((name) => numericId('database', name)),
  }
}

/** @throws 800 */
function describeDatabase(door: MilvusDoor, request: DatabaseRequest, call: Call): object {
  const name = databaseOf(call, request.db_name)
  checkDatabase(door, name)
  const { createdAt, properties } = databaseFields(door, name)
  return {
    db_name: name,
    dbID: numericId('database', name),
    created_timestamp: BigInt(createdAt),
    properties: pairsOf(properties),
  }
}

interface AlterDatabaseRequest extends DatabaseRequest {
  readonly properties: readonly KeyValue[]
  readonly delete_keys: readonly string[]
}

/** Properties are kept and shown. @throws 800, 1100 */
async function alterDatabase(door: MilvusDoor, request: AlterDatabaseRequest, call: Call): Promise<object> {
  const name = databaseOf(call, request.db_name)
  const { properties: set, delete_keys: removed } = request
  checkDatabase(door, name)
  if (set.length > 0 && removed.length > 0)
    throw invalidParameter('cannot provide both DeleteKeys and Properties')
  if (set.length === 0 && removed.length === 0)
    throw refused(
      'alter database with empty properties and delete keys, expected to set either properties or delete keys',
    )
  checkTimeZone(set)
  await door.sequences.run(databaseSequence(name), async () => {
    checkDatabase(door, name)
    const fields = databaseFields(door, name)
    const properties = Object.entries({ ...fields.properties, ...mapOf(set) })
    const left = properties.filter(([key]) => !removed.includes(key))
    await save(door, name, { ...fields, properties: Object.fromEntries(left) })
  })
  return {}
}

async function save({ database }: MilvusDoor, name: string, fields: DatabaseFields): Promise<void> {
  await database.documents.put(databaseDocument(name), fields as unknown as JsonObject)
}

function checkTimeZone(properties: readonly KeyValue[]): void {
  const zone = mapOf(properties)[zoneProperty]
  if (zone !== undefined) checkZone(zone)
}

const refused = (text: string): MilvusError => new MilvusError(codes.unexpected, text)
