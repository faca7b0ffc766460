import { createHash, timingSafeEqual } from 'node:crypto'
import type { Caller, MilvusDoor } from '../door.ts'
import { directoryOf, rootUser } from './directory.ts'

export const missingToken = 'missing authorization in header'
export const wrongToken = 'auth check failure, please check username and password are correct'

/** Until it is changed, and as long as no key is set. */
const rootPassword = 'Milvus'

/** Whether anybody has to say who he is. */
export function isGuarded(door: MilvusDoor): boolean {
  return door.authorization ?? hasKeys(door)
}

const hasKeys = (door: MilvusDoor): boolean =>
  door.apiKeys.length > 0 || (door.readOnlyApiKeys ?? []).length > 0

/** Who calls with this metadata; undefined if it says nothing that is known. */
export async function authenticate(
  door: MilvusDoor,
  metadata: Readonly<Record<string, string>>,
): Promise<Caller | undefined> {
  return authenticateToken(door, Buffer.from(metadata['authorization'] ?? '', 'base64').toString())
}

/** `user:password`, a key, or `root:key`. Undefined if it is nobody's. */
export async function authenticateToken(door: MilvusDoor, token: string): Promise<Caller | undefined> {
  if (!isGuarded(door)) return { user: undefined }
  if (isKey(token, door.apiKeys)) return { user: rootUser, by: 'key' }
  if (isKey(token, door.readOnlyApiKeys ?? [])) return { user: 'apikey user', by: 'read-only-key' }
  const colon = token.indexOf(':')
  if (colon <= 0) return undefined
  const name = token.slice(0, colon)
  return (await isUser(door, name, token.slice(colon + 1))) ? { user: name, by: 'password' } : undefined
}

function isKey(token: string, keys: readonly string[]): boolean {
  return keys.map((key) => isEqual(token, key) || isEqual(token, `${rootUser}:${key}`)).includes(true)
}

/** In constant time, whatever the lengths. */
const isEqual = (a: string, b: string): boolean => timingSafeEqual(digestOf(a), digestOf(b))

function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

/** Whether it is that user's password. */
export async function isUser(door: MilvusDoor, name: string, password: string): Promise<boolean> {
  const user = directoryOf(door).users.get(name)
  if (user?.name === rootUser && user.password === undefined)
    return isEqual(password, rootPassword) && !hasKeys(door)
  return door.passwords.isRight(name, user?.password, password)
}
