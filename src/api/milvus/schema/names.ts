import { codes, invalidParameter, MilvusError } from '../status.ts'

export const nameBytesMax = 255
const first = /^[A-Za-z_]/
const rest = /^[A-Za-z0-9_]*$/

/** Milvus' rule for names. @throws 1100 */
export function checkName(
  kind: 'collection' | 'database' | 'alias' | 'snapshot' | 'index',
  name: string,
): void {
  const trimmed = name.trim()
  if (trimmed === '') throw invalidParameter(`${kind} name should not be empty`)
  const invalid = `Invalid ${kind} name: ${name}. `
  if (Buffer.byteLength(name) > nameBytesMax)
    throw invalidParameter(
      `${invalid}the length of a ${kind} name must be less than ${nameBytesMax} characters`,
    )
  if (!first.test(name))
    throw invalidParameter(`${invalid}the first character of a ${kind} name must be an underscore or letter`)
  if (!rest.test(name))
    throw invalidParameter(`${invalid}${kind} name can only contain numbers, letters and underscores`)
}

/** @throws 1701 */
export function checkFieldName(name: string): void {
  const fail = (text: string): MilvusError =>
    new MilvusError(codes.fieldInvalidName, `${text}: field name invalid[field=${name}]`)
  if (name.trim() === '') throw fail('field name should not be empty')
  const invalid = `Invalid field name: ${name}. `
  if (Buffer.byteLength(name) > nameBytesMax)
    throw fail(`${invalid}The length of a field name must be less than ${nameBytesMax} characters.`)
  if (!first.test(name))
    throw fail(`${invalid}The first character of a field name must be an underscore or letter.`)
  if (!rest.test(name))
    throw fail(`${invalid}Field name cannot only contain numbers, letters, and underscores.`)
}

/** @throws 65535 */
export function checkIndexName(name: string): void {
  const fail = (text: string): MilvusError =>
    new MilvusError(codes.unexpected, `Invalid index name: ${name}. ${text}`)
  if (Buffer.byteLength(name) > nameBytesMax)
    throw fail(`The length of a index name must be less than ${nameBytesMax} characters.`)
  if (!first.test(name)) throw fail('The first character of a index name must be an underscore or letter.')
  if (!rest.test(name)) throw fail('Index name can only contain numbers, letters, and underscores.')
}
