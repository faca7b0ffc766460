import type { MilvusDoor } from '../../door.ts'
import { codes, invalidParameter, MilvusError } from '../../status.ts'
import { changeDirectory, directoryOf, type Directory, type PrivilegeGroup } from '../directory.ts'
import { checkAccessName } from '../names.ts'
import { allPrivileges, builtInGroups, isOldGroup, privilegeLevel } from '../privileges.ts'

interface GroupRequest {
  readonly group_name: string
}

/** @throws 1100 */
export async function createGroup(door: MilvusDoor, { group_name: name }: GroupRequest): Promise<object> {
  checkAccessName('privilege group', name)
  await changeDirectory(door, async ({ groups }) => {
    if (isBuiltIn(name) || groups.get(name) !== undefined)
      throw invalidParameter(
        `privilege group name [${name}] is defined by built in privileges or privilege groups in system`,
      )
    await groups.put({ name, privileges: [] })
  })
  return {}
}

/** One that is not there is dropped already. @throws 1100 */
export async function dropGroup(door: MilvusDoor, { group_name: name }: GroupRequest): Promise<object> {
  checkAccessName('privilege group', name)
  checkOwn(name)
  await changeDirectory(door, async ({ groups, roles }) => {
    const user = roles.list().find(({ grants }) => grants.some(({ privilege }) => privilege === name))
    if (user !== undefined)
      throw invalidParameter(
        `privilege group [${name}] is used by role [${user.name}], Use REVOKE API to revoke it first`,
      )
    await groups.delete(name)
  })
  return {}
}

export function listGroups(door: MilvusDoor): object {
  const built = [...builtInGroups].map(([name, { privileges }]) => ({ name, privileges }))
  return { privilege_groups: [...built, ...directoryOf(door).groups.list()].map(groupMessage) }
}

export const groupMessage = ({ name, privileges }: PrivilegeGroup): object => ({
  group_name: name,
  privileges: privileges.map((one) => ({ name: one })),
})

interface OperateGroupRequest extends GroupRequest {
  readonly privileges: readonly { readonly name: string }[]
  /** 0: add, 1: remove. */
  readonly type: number
}

/** A group given as a member stands for its members. @throws 1100 */
export async function operateGroup(
  door: MilvusDoor,
  { group_name: name, privileges, type }: OperateGroupRequest,
): Promise<object> {
  if (type !== 0 && type !== 1) throw invalidParameter(`unsupported operate type: ${type}`)
  checkAccessName('privilege group', name)
  checkOwn(name)
  await changeDirectory(door, async (directory) => {
    const group = directory.groups.get(name)
    if (group === undefined)
      throw invalidParameter(`there is no privilege group name [${name}] defined in system to operate`)
    const given = privileges.flatMap((one) => membersOf(directory, one.name))
    const others = group.privileges.filter((one) => !given.includes(one))
    await directory.groups.put({ name, privileges: type === 0 ? [...others, ...new Set(given)] : others })
  })
  return {}
}

function membersOf({ groups }: Directory, name: string): readonly string[] {
  const members = builtInGroups.get(name)?.privileges ?? groups.get(name)?.privileges
  if (members !== undefined) return members
  if (privilegeLevel(name) === undefined)
    throw invalidParameter(
      `there is no privilege name or privilege group name [${name}] defined in system to operate`,
    )
  return [name]
}

const isBuiltIn = (name: string): boolean =>
  name === allPrivileges || builtInGroups.has(name) || isOldGroup(name) || privilegeLevel(name) !== undefined

/** @throws 1401 */
function checkOwn(name: string): void {
  if (!isBuiltIn(name)) return
  throw new MilvusError(
    codes.notPermitted,
    `the privilege group name [${name}] is defined by built in privilege groups in system: privilege not permitted`,
  )
}
