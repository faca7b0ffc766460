import { databaseOf, type Call, type MilvusDoor } from '../../door.ts'
import { checkDatabaseName } from '../../schema/names.ts'
import { codes, invalidParameter, MilvusError } from '../../status.ts'
import {
  adminRole,
  anyName,
  changeDirectory,
  directoryOf,
  objectTypes,
  rootUser,
  type Directory,
  type Grant,
  type ObjectType,
  type Role,
} from '../directory.ts'
import { allPrivileges, builtInGroups, isOldGroup, objectTypeOf, privilegeLevel } from '../privileges.ts'
import { existing } from './roles.ts'

interface GrantEntity {
  readonly role: { readonly name: string } | null
  readonly object: { readonly name: string } | null
  readonly object_name: string
  readonly grantor: Grantor | null
  readonly db_name: string
}

interface Grantor {
  readonly privilege: { readonly name: string } | null
}

interface OperatePrivilegeRequest {
  readonly entity: GrantEntity | null
  /** 0: grant, 1: revoke. */
  readonly type: number
}

/** @throws 1100, 65535 */
export async function operatePrivilege(
  door: MilvusDoor,
  { entity, type }: OperatePrivilegeRequest,
  call: Call,
): Promise<object> {
  if (entity === null) throw invalidParameter('the entity in the request is nil')
  const name = entity.grantor?.privilege?.name ?? ''
  const object = objectTypes.find((one) => one === entity.object?.name)
  if (object === undefined)
    throw new MilvusError(
      codes.unexpected,
      'the object entity in the request is nil or invalid: ' +
        `not found the object type[name: ${entity.object?.name ?? ''}], supported the object types: [${objectTypes.join(' ')}]`,
    )
  if (entity.object_name === '') throw invalidParameter('the object name in the grant entity is empty')
  const privilege = checkedPrivilege(directoryOf(door), name === anyName ? allPrivileges : name)
  await change(door, entity.role?.name ?? '', type, {
    object,
    objectName: entity.object_name,
    database: databaseOf(call, entity.db_name),
    privilege,
    grantor: call.user ?? rootUser,
  })
  return {}
}

interface OperatePrivilegeV2Request {
  readonly role: { readonly name: string } | null
  readonly grantor: Grantor | null
  readonly type: number
  readonly db_name: string
  readonly collection_name: string
}

/** @throws 1100, 65535 */
export async function operatePrivilegeV2(
  door: MilvusDoor,
  request: OperatePrivilegeV2Request,
  call: Call,
): Promise<object> {
  const directory = directoryOf(door)
  const privilege = checkedPrivilege(directory, request.grantor?.privilege?.name ?? '')
  const database = databaseOf(call, request.db_name)
  if (database !== anyName) checkDatabaseName(database)
  const objectName = request.collection_name === '' ? anyName : request.collection_name
  checkReach(directory, privilege, database, objectName)
  await change(door, request.role?.name ?? '', request.type, {
    object: privilege === allPrivileges ? 'Global' : kindOf(directory, privilege),
    objectName,
    database,
    privilege,
    grantor: call.user ?? rootUser,
  })
  return {}
}

/** Users' own groups are shown as what they hold. */
function kindOf(directory: Directory, privilege: string): ObjectType {
  const members = directory.groups.get(privilege)?.privileges
  if (members === undefined) return objectTypeOf(privilege)
  const kinds = new Set(members.map(objectTypeOf))
  return kinds.size === 1 && kinds.has('Collection') ? 'Collection' : 'Global'
}

/** Of groups: a single privilege may be granted on what it does not reach, and counts for nothing there. @throws 1100 */
function checkReach(directory: Directory, privilege: string, database: string, collection: string): void {
  const members = directory.groups.get(privilege)?.privileges ?? []
  const levels = [...members.map(privilegeLevel), builtInGroups.get(privilege)?.level]
  if (levels.includes('Cluster') && !(database === anyName && collection === anyName))
    throw invalidParameter(
      `dbName and collectionName should be * for the cluster level privilege: ${privilege}`,
    )
  if (levels.includes('Database') && collection !== anyName)
    throw invalidParameter(`collectionName should be * for the database level privilege: ${privilege}`)
}

/** @throws 65535 */
function checkedPrivilege({ groups }: Directory, name: string): string {
  const isKnown =
    name === allPrivileges ||
    privilegeLevel(name) !== undefined ||
    builtInGroups.has(name) ||
    isOldGroup(name) ||
    groups.get(name) !== undefined
  if (isKnown) return name
  throw new MilvusError(codes.unexpected, `not found the privilege name[${name}]`)
}

/** Granting again what is granted, and revoking what is not, are successes. */
async function change(door: MilvusDoor, name: string, type: number, grant: Grant): Promise<void> {
  if (type !== 0 && type !== 1) throw invalidParameter(`invalid operate privilege type: ${type}`)
  await changeDirectory(door, async ({ roles }) => {
    const role = existing(roles.get(name))
    const others = role.grants.filter((one) => !isSameGrant(one, grant))
    await roles.put({ ...role, grants: type === 0 ? [...others, grant] : others })
  })
}

/** Whoever granted it, and in either form of the call. */
const isSameGrant = (a: Grant, b: Grant): boolean =>
  a.objectName === b.objectName && a.database === b.database && a.privilege === b.privilege

interface SelectGrantRequest {
  readonly entity: Pick<GrantEntity, 'role' | 'object' | 'object_name' | 'db_name'> | null
}

/**
 * What was granted to a role, all of it or of one object, in one database (the connection's, if none is named) or in all of
 * them (`*`). What was granted in all of them is in each. @throws 1100, 65535
 */
export function selectGrant(door: MilvusDoor, { entity }: SelectGrantRequest, call: Call): object {
  if (entity === null) throw invalidParameter('the grant entity in the request is nil')
  const name = entity.role?.name ?? ''
  if (name === '') throw invalidParameter('the role entity in the grant entity is nil')
  const role = existing(directoryOf(door).roles.get(name))
  const object = entity.object?.name ?? ''
  const database = databaseOf(call, entity.db_name)
  const isAsked = (grant: Grant): boolean =>
    (object === '' || grant.object === object) &&
    (entity.object_name === '' || grant.objectName === entity.object_name) &&
    (database === anyName || [database, anyName].includes(grant.database))
  return {
    entities: grantsOf(role)
      .filter(isAsked)
      .map((grant) => messageOf(name, grant)),
  }
}

/** An administrator was granted nothing, and may do everything. */
const grantsOf = ({ name, grants }: Role): readonly Grant[] => (name === adminRole ? [] : grants)

export const messageOf = (role: string, grant: Grant): object => ({
  role: { name: role },
  object: { name: grant.object },
  object_name: grant.objectName,
  grantor: { user: { name: grant.grantor }, privilege: { name: grant.privilege } },
  db_name: grant.database,
})
