import { DatabaseError } from '../errors/database-error.ts'

// Beside the objects a local store's root holds these, and the lock.
const reservedFolders: readonly string[] = ['tmp', 'log']
const partBytesMax = 255

/**
 * A key is `folder/…/name`: at least two parts, none empty, `.` or `..`, without NUL and backslash.
 * @throws request-invalid
 */
export function checkKey(key: string): void {
  const [folder = '', ...rest] = key.split('/')
  const problem =
    rest.length === 0
      ? 'it names no folder'
      : ([folder, ...rest].map(problemOf).find((found) => found !== undefined) ??
        (reservedFolders.includes(folder) ? `the folder ${folder} is reserved` : undefined))
  if (problem !== undefined) {
    throw new DatabaseError('request-invalid', `Cannot use object key ${JSON.stringify(key)}: ${problem}`, {
      key,
    })
  }
}

/**
 * A prefix is empty or a beginning of a key whose folders are whole or whose last part is the beginning of a name.
 * @throws request-invalid
 */
export function checkPrefix(prefix: string): void {
  if (prefix !== '') checkKey(prefix.includes('/') ? `${prefix}x` : `${prefix}x/x`)
}

export function isReserved(folder: string): boolean {
  return reservedFolders.includes(folder)
}

function problemOf(part: string): string | undefined {
  if (part === '') return 'a part is empty'
  if (part === '.' || part === '..') return `a part is ${part}`
  if (part.includes('\0') || part.includes('\\')) return 'it has a NUL or a backslash'
  if (/\p{Surrogate}/u.test(part)) return 'it is not well-formed Unicode'
  return Buffer.byteLength(part) > partBytesMax ? `a part is longer than ${partBytesMax} bytes` : undefined
}
