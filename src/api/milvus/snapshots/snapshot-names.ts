import { nameBytesMax } from '../schema/names.ts'
import { codes, invalidParameter, MilvusError, missingParameter } from '../status.ts'

const first = /^[A-Za-z_]/
const rest = /^[A-Za-z0-9_.-]*$/

/** The name that is meant: spaces around it do not count. @throws 1100 if nothing is left */
export function givenName(text: string): string {
  const name = text.trim()
  if (name === '') throw invalidParameter('snapshot name should be not empty')
  return name
}

/** The rule for new names: Milvus' own, and dots and dashes as well, which its guide uses. @throws 1100 */
export function checkSnapshotName(name: string): void {
  const invalid = `Invalid snapshot name: ${name}. `
  if (Buffer.byteLength(name) > nameBytesMax)
    throw invalidParameter(
      `${invalid}the length of snapshot name must be not greater than limit, limit: ${nameBytesMax}`,
    )
  if (!first.test(name))
    throw invalidParameter(`${invalid}the first character of snapshot name must be an underscore or letter`)
  if (!rest.test(name))
    throw invalidParameter(
      `${invalid}snapshot name can only contain numbers, letters, underscores, dots and dashes`,
    )
}

export const snapshotMissing = (name: string, collection: string): MilvusError =>
  new MilvusError(
    codes.snapshotNotFound,
    `${collection === '' ? '' : `collection ${collection}: `}snapshot not found[snapshot=${name}]`,
  )

export const collectionRequired = (what: string): MilvusError =>
  missingParameter(`collection_name is required for ${what}: missing parameter`)
