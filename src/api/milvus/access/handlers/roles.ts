import type { MilvusDoor } from '../../door.ts'
import { codes, invalidParameter, MilvusError } from '../../status.ts'
import { builtInRoles, changeDirectory, directoryOf, type Role, type User } from '../directory.ts'
import { checkAccessName } from '../names.ts'

interface CreateRoleRequest {
  readonly entity: { readonly name: string; readonly description: string } | null
}

/** @throws 1100, 65535 */
export async function createRole(door: MilvusDoor, { entity }: CreateRoleRequest): Promise<object> {
  const name = entity?.name ?? ''
  checkAccessName('role', name)
  await changeDirectory(door, async ({ roles }) => {
    if (roles.get(name) !== undefined)
      throw new MilvusError(codes.unexpected, `role [name:"${name}"] already exists`)
    await roles.put({ name, description: entity?.description ?? '', grants: [] })
  })
  return {}
}

interface AlterRoleRequest {
  readonly role_name: string
  readonly description: string
}

export async function alterRole(
  door: MilvusDoor,
  { role_name: name, description }: AlterRoleRequest,
): Promise<object> {
  await changeDirectory(door, async ({ roles }) => {
    await roles.put({ ...existing(roles.get(name)), description })
  })
  return {}
}

interface DropRoleRequest {
  readonly role_name: string
  /** With what was granted to it. */
  readonly force_drop: boolean
}

/** Takes the role from its users. @throws 1401, 65535 */
export async function dropRole(
  door: MilvusDoor,
  { role_name: name, force_drop }: DropRoleRequest,
): Promise<object> {
  checkAccessName('role', name)
  if (builtInRoles.includes(name))
    throw new MilvusError(
      codes.notPermitted,
      `the role[${name}] is a default role, which can't be dropped: privilege not permitted`,
    )
  await changeDirectory(door, async ({ roles, users }) => {
    const { grants } = existing(roles.get(name))
    if (grants.length > 0 && !force_drop)
      throw new MilvusError(
        codes.unexpected,
        'fail to drop the role that it has privileges. Use REVOKE API to revoke privileges',
      )
    for (const user of users.list().filter((one) => one.roles.includes(name)))
      await users.put({ ...user, roles: user.roles.filter((one) => one !== name) })
    await roles.delete(name)
  })
  return {}
}

interface OperateUserRoleRequest {
  readonly username: string
  readonly role_name: string
  /** 0: give, 1: take. */
  readonly type: number
}

/** Nobody has no role to take. @throws 65535 */
export async function operateUserRole(
  door: MilvusDoor,
  { username, role_name, type }: OperateUserRoleRequest,
): Promise<object> {
  if (type !== 0 && type !== 1) throw invalidParameter(`invalid operate user role type: ${type}`)
  await changeDirectory(door, async ({ roles, users }) => {
    existing(roles.get(role_name))
    const user = users.get(username)
    if (user === undefined && type === 1) return
    if (user === undefined)
      throw new MilvusError(
        codes.unexpected,
        "not found the user, maybe the user isn't existed or internal system error",
      )
    const others = user.roles.filter((one) => one !== role_name)
    await users.put({ ...user, roles: type === 0 ? [...others, role_name] : others })
  })
  return {}
}

interface SelectRoleRequest {
  readonly role: { readonly name: string } | null
  readonly include_user_info: boolean
}

/** All of them without a name; none if there is no such role. */
export function selectRole(door: MilvusDoor, { role, include_user_info }: SelectRoleRequest): object {
  const { roles, users } = directoryOf(door)
  const name = role?.name ?? ''
  if (role !== null && name === '') throw invalidParameter('role name should not be empty')
  const found = name === '' ? roles.list() : [roles.get(name)].filter((one) => one !== undefined)
  const holders = (one: Role): readonly User[] =>
    include_user_info ? users.list().filter((user) => user.roles.includes(one.name)) : []
  return {
    results: found.map((one) => ({
      role: { name: one.name, description: one.description },
      users: holders(one).map((user) => ({ name: user.name })),
    })),
  }
}

/** @throws 65535 */
export function existing(role: Role | undefined): Role {
  if (role !== undefined) return role
  throw new MilvusError(
    codes.unexpected,
    "not found the role, maybe the role isn't existed or internal system error",
  )
}
