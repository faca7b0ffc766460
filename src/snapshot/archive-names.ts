import { DatabaseError } from '../errors/database-error.ts'
import { isPathPart } from '../storage/path-part.ts'

export const archiveSuffix = '.snapshot'
export const sidecarSuffix = '.checksum'
const partialSuffix = '.partial'

// Beside the name, a passing name holds two dots, `checksum.`, a UUID and the suffix: together within 255 bytes.
const nameBytesMax = 200
const directoryBytesMax = 255
const partialName = /^\..+\.[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\.partial$/s

/** A name under which nobody finds the file; `sweep` knows it. */
export function partialNameOf(name: string, uuid: string): string {
  return `.${name}.${uuid}${partialSuffix}`
}

export function isPartialName(name: string): boolean {
  return partialName.test(name)
}

/** Whether a file of an archive folder may have this name: one path part, not hidden, without control characters. */
export function isFileName(name: string): boolean {
  return isPathPart(name, nameBytesMax) && !name.startsWith('.')
}

/** @throws request-invalid */
export function checkFileName(name: string): void {
  if (!isFileName(name))
    throw new DatabaseError(
      'request-invalid',
      `Cannot use ${JSON.stringify(name)} as the name of an archive`,
      { name },
    )
}

/** `''` or parts with `/` between them. @throws request-invalid */
export function checkDirectory(directory: string): void {
  if (directory === '' || directory.split('/').every((part) => isPathPart(part, directoryBytesMax))) return
  throw new DatabaseError(
    'request-invalid',
    `Cannot use ${JSON.stringify(directory)} as a folder of archives`,
    { directory },
  )
}
