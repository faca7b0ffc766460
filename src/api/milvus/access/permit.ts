import { databaseOf, engineName, milvusName, type Call, type MilvusDoor } from '../door.ts'
import { codes, MilvusError } from '../status.ts'
import type { Message } from '../wire/messages.ts'
import {
  adminRole,
  anyName,
  directoryOf,
  publicRole,
  rootUser,
  type Grant,
  type ObjectType,
} from './directory.ts'
import { privilegeLevel, privilegesOf, readingPrivileges } from './privileges.ts'
import { isOpenToAll, readingRpcs, requirementsOf, type Requirement, type Scope } from './requirements.ts'

/** What a privilege is asked for. */
interface Target {
  readonly database: string
  /** Of a collection or user; `*`: all. */
  readonly name: string
}

/** @throws 1401 */
export function checkPermitted(door: MilvusDoor, rpc: string, message: Message, call: Call): void {
  if (call.user === undefined || isOpenToAll(rpc)) return
  const required = requirementsOf(rpc)
  if (call.by === 'read-only-key') {
    const isReading = required?.every(({ privilege }) => readingPrivileges.has(privilege)) === true
    if (isReading || readingRpcs.has(rpc)) return
  } else {
    const rights = rightsOf(door, call.user)
    if (rights.isAdmin) return
    if (required?.every((one) => isMet(door, one, rights, message, call)) === true) return
  }
  throw denied(required?.[0]?.privilege ?? 'All', call, databaseIn(message, call))
}

const denied = (privilege: string, { user }: Call, database: string): MilvusError =>
  new MilvusError(
    codes.notPermitted,
    `Privilege${privilege}: permission deny to ${user ?? ''} in the \`${database}\` database: privilege not permitted`,
  )

/** What the grants of a user's roles come to. */
export interface Rights {
  readonly user: string
  readonly isAdmin: boolean
  readonly roles: readonly string[]
  /** Of his own roles. */
  readonly own: readonly Grant[]
  /** Those that everybody has. */
  readonly shared: readonly Grant[]
  /** Undefined for all privileges. */
  readonly privilegesOf: (grant: Grant) => readonly string[] | undefined
}

export function rightsOf(door: MilvusDoor, name: string): Rights {
  const { users, roles, groups } = directoryOf(door)
  const mine = users.get(name)?.roles ?? []
  return {
    user: name,
    isAdmin: name === rootUser || mine.includes(adminRole),
    roles: [...mine, publicRole],
    own: mine.filter((one) => one !== publicRole).flatMap((one) => roles.get(one)?.grants ?? []),
    shared: roles.get(publicRole)?.grants ?? [],
    privilegesOf: ({ privilege }) => privilegesOf(privilege, (group) => groups.get(group)?.privileges),
  }
}

function isMet(
  door: MilvusDoor,
  { privilege, scope }: Requirement,
  rights: Rights,
  message: Message,
  call: Call,
): boolean {
  if (scope.of === 'user' && scope.read(message as never) === rights.user) return true
  if (scope.of === 'role') {
    const asked = (message['entity'] as { role?: { name?: string } | null } | null)?.role?.name
    if (asked !== undefined && rights.roles.includes(asked)) return true
  }
  const fitting = [...rights.own, ...rights.shared].filter(
    (grant) => isOfKind(grant.object, privilege) && has(rights, grant, privilege),
  )
  if (scope.of === 'anything') return fitting.length > 0
  return targetsOf(door, scope, message, call).every((target) =>
    fitting.some((grant) => reaches(grant, target, scope)),
  )
}

function has(rights: Rights, grant: Grant, privilege: string): boolean {
  const privileges = rights.privilegesOf(grant)
  return privileges === undefined || privileges.includes(privilege)
}

/** What is granted on collections or users is for nothing else, even where all privileges are granted. */
function isOfKind(object: ObjectType, privilege: string): boolean {
  const isOfUser = privilege === 'UpdateUser' || privilege === 'SelectUser'
  if (object === 'User') return isOfUser
  return object === 'Global' || (privilegeLevel(privilege) === 'Collection' && !isOfUser)
}

function reaches(grant: Grant, { database, name }: Target, scope: Scope): boolean {
  // A client names the database that it pleases with a call that is for no database.
  const isBoundToDatabase = !['cluster', 'user', 'role'].includes(scope.of)
  if (isBoundToDatabase && grant.database !== anyName && grant.database !== database) return false
  return grant.objectName === anyName || grant.objectName === name
}

function targetsOf(door: MilvusDoor, scope: Scope, message: Message, call: Call): readonly Target[] {
  const database = databaseIn(message, call)
  const all = { database, name: anyName }
  const text = (member: string): string => (message[member] as string | undefined) ?? ''
  if (scope.of === 'collection') {
    const name = text(scope.member)
    const isWhole = name === '' || (scope.besides !== undefined && text(scope.besides) === '')
    return isWhole ? [all] : targetsNamed(door, database, name)
  }
  if (scope.of === 'collections') {
    const names = message[scope.member] as readonly string[]
    const isWhole =
      names.length === 0 || ((message['collectionID'] as readonly bigint[] | undefined) ?? []).length > 0
    return isWhole ? [all] : names.flatMap((name) => targetsNamed(door, database, name))
  }
  if (scope.of === 'other-database') {
    const other = text(scope.member)
    return other === '' || other === database ? [] : [{ database: other, name: anyName }]
  }
  if (scope.of === 'user') return [{ database, name: scope.read(message as never) ?? anyName }]
  return [all]
}

/** An alias stands for its collection. */
function targetsNamed(door: MilvusDoor, database: string, name: string): readonly Target[] {
  const found = door.database.findCollection(engineName(database, name))
  return [found === undefined ? { database, name } : milvusName(door, found.name)]
}

/** What is asked of the database: in some requests the member has another name. */
function databaseIn(message: Message, call: Call): string {
  return databaseOf(call, (message['db_name'] ?? message['dbName'] ?? '') as string)
}
