import type { Call, MilvusDoor } from '../../door.ts'
import { codes, invalidParameter, MilvusError } from '../../status.ts'
import { isUser } from '../authenticate.ts'
import { changeDirectory, directoryOf, rootUser, type User } from '../directory.ts'
import { checkPassword, checkUserName } from '../names.ts'
import { recordOf } from '../passwords.ts'

export interface CredentialRequest {
  readonly username: string
  /** Base64. */
  readonly password: string
  readonly description: string | null
}

/** @throws 1100, 65535 */
export async function createCredential(
  door: MilvusDoor,
  { username, password, description }: CredentialRequest,
): Promise<object> {
  checkUserName(username)
  const text = fromBase64(password)
  checkPassword(text)
  await changeDirectory(door, async ({ users }) => {
    if (users.get(username) !== undefined)
      throw new MilvusError(codes.unexpected, `user already exists: ${username}`)
    const record = await recordOf(text)
    await users.put({ name: username, password: record, roles: [], description: description ?? '' })
  })
  return {}
}

export interface UpdateCredentialRequest {
  readonly username: string
  /** Base64. */
  readonly oldPassword: string
  readonly newPassword: string
  readonly description: string | null
}

/** Only who has a key may leave the old password out. @throws 1100, 1400 */
export async function updateCredential(
  door: MilvusDoor,
  { username, oldPassword, newPassword, description }: UpdateCredentialRequest,
  call: Call,
): Promise<object> {
  const [before, after] = [fromBase64(oldPassword), fromBase64(newPassword)]
  checkPassword(after)
  await changeDirectory(door, async ({ users }) => {
    const user = users.get(username)
    const mayReset = call.by === 'key' && before === '' && user !== undefined
    if (user === undefined || !(mayReset || (await isUser(door, username, before))))
      throw new MilvusError(
        codes.notAuthenticated,
        `old password not correct for ${username}: not authenticated`,
      )
    const record = await recordOf(after)
    await users.put({ ...user, password: record, description: description ?? user.description })
  })
  return {}
}

/** One that is not there is deleted already. @throws 1401 */
export async function deleteCredential(
  door: MilvusDoor,
  { username }: { username: string },
): Promise<object> {
  if (username === rootUser)
    throw new MilvusError(codes.notPermitted, 'root user cannot be deleted: privilege not permitted')
  await changeDirectory(door, ({ users }) => users.delete(username))
  return {}
}

export const listUsers = (door: MilvusDoor): object => ({
  usernames: directoryOf(door)
    .users.list()
    .map(({ name }) => name),
})

interface SelectUserRequest {
  readonly user: { readonly name: string } | null
  readonly include_role_info: boolean
}

/** All of them without a name; none if there is no such user. */
export function selectUser(door: MilvusDoor, { user, include_role_info }: SelectUserRequest): object {
  const { users } = directoryOf(door)
  const name = user?.name ?? ''
  if (user !== null && name === '') throw invalidParameter('username must be not empty')
  const found = name === '' ? users.list() : [users.get(name)].filter((one) => one !== undefined)
  return {
    results: found.map((one: User) => ({
      user: { name: one.name },
      roles: include_role_info ? one.roles.map((role) => ({ name: role })) : [],
      description: one.description,
    })),
  }
}

/** @throws 1100 */
function fromBase64(text: string): string {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text)) throw invalidParameter('decode password fail: it is not base64')
  return Buffer.from(text, 'base64').toString()
}
