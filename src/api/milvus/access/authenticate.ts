import { timingSafeEqual, createHash } from 'node:crypto'
import type { MilvusDoor } from '../door.ts'

export interface Caller {
  /** Undefined where nobody has to say who he is. */
  readonly user: string | undefined
}

/** Undefined if the call says nothing that is known. */
export async function authenticate(
  door: MilvusDoor,
  metadata: Readonly<Record<string, string>>,
): Promise<Caller | undefined> {
  if (door.apiKeys.length === 0) return { user: undefined }
  const token = Buffer.from(metadata['authorization'] ?? '', 'base64').toString()
  const isKey = door.apiKeys.some((key) => isEqual(token, key) || isEqual(token, `root:${key}`))
  return await Promise.resolve(isKey ? { user: 'root' } : undefined)
}

/** In constant time, whatever the lengths. */
function isEqual(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(a), digest(b))
}
