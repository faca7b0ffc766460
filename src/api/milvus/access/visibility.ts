import { databaseOf, defaultDatabase, type Call, type MilvusDoor } from '../door.ts'
import type { Message } from '../wire/messages.ts'
import { anyName, type Grant } from './directory.ts'
import { rightsOf, type Rights } from './permit.ts'
import { privilegeLevel } from './privileges.ts'

/** A list of names, and other lists beside it that are about the same things. */
type Lists = Readonly<Record<string, unknown>>

/** The answer of an RPC without what the caller may not see. What everybody may do makes nothing seen. */
export function visiblePart(
  door: MilvusDoor,
  rpc: string,
  message: Message,
  call: Call,
  answer: object,
): object {
  const member = { ShowCollections: 'collection_names', ListDatabases: 'db_names' }[rpc]
  if (member === undefined || call.user === undefined || call.by === 'read-only-key') return answer
  const rights = rightsOf(door, call.user)
  if (rights.isAdmin) return answer
  const own = rights.own.filter((grant) => isAboutCollections(rights, grant))
  const database = databaseOf(call, message['db_name'] as string | undefined)
  const isSeen =
    rpc === 'ShowCollections'
      ? (name: string) => own.some((grant) => showsCollection(grant, database, name))
      : (name: string) => name === defaultDatabase || own.some((grant) => showsDatabase(grant, name))
  return only(answer as Lists, (answer as Lists)[member] as readonly string[], isSeen)
}

function isAboutCollections(rights: Rights, grant: Grant): boolean {
  const privileges = rights.privilegesOf(grant)
  return privileges?.some((one) => privilegeLevel(one) !== 'Cluster') !== false
}

const showsDatabase = (grant: Grant, database: string): boolean =>
  grant.object !== 'User' && (grant.database === anyName || grant.database === database)

const showsCollection = (grant: Grant, database: string, name: string): boolean =>
  showsDatabase(grant, database) && (grant.objectName === anyName || grant.objectName === name)

function only(answer: Lists, names: readonly string[], isSeen: (name: string) => boolean): object {
  const seen = names.map(isSeen)
  const cut = (value: unknown): unknown =>
    Array.isArray(value) && value.length === names.length ? value.filter((_one, at) => seen[at]) : value
  return Object.fromEntries(Object.entries(answer).map(([key, value]) => [key, cut(value)]))
}
