import { codes, invalidParameter, MilvusError } from '../status.ts'

export const nameBytesMax = 255
const first = /^[A-Za-z_]/
const rest = /^[A-Za-z0-9_]*$/

/** Milvus' rule for names. @throws 1100 */
export function checkName(kind: 'collection' | 'collection alias' | 'snapshot', name: string): void {
  const called = kind === 'collection alias' ? kind : `${kind} name`
  const trimmed = name.trim()
  if (trimmed === '') throw invalidParameter(`${called} should not be empty`)
  const invalid = `Invalid ${called}: ${name}. `
  if (Buffer.byteLength(name) > nameBytesMax)
    throw invalidParameter(`${invalid}the length of a ${called} must be less than ${nameBytesMax} characters`)
  if (!first.test(name))
    throw invalidParameter(`${invalid}the first character of a ${called} must be an underscore or letter`)
  if (!rest.test(name))
    throw invalidParameter(`${invalid}${called} can only contain numbers, letters and underscores`)
}

/** Words of the filter language that no field may have for a name. */
const keywords: ReadonlySet<string> = new Set(
  [
    ...['json_contains', 'json_contains_all', 'json_contains_any', 'array_length', 'random_sample'],
    ...['array_contains', 'array_contains_all', 'array_contains_any', 'text_match', 'phrase_match', 'exists'],
  ]
    .flatMap((word) => [word, word.toUpperCase()])
    .concat(['like', 'and', 'or', 'not', 'in', 'true', 'True', 'TRUE', 'false', 'False', 'FALSE']),
)

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
  if (keywords.has(name)) throw fail(`${invalid}${name} is keyword in milvus.`)
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

/** @throws 802 */
export function checkDatabaseName(name: string): void {
  const fail = (text: string): MilvusError =>
    new MilvusError(codes.databaseInvalidName, `${text}: invalid database name[database=${name}]`)
  if (name === '') throw fail("database name couldn't be empty")
  if (Buffer.byteLength(name) > nameBytesMax)
    throw fail(`the length of a database name must be less than ${nameBytesMax} characters`)
  if (!first.test(name)) throw fail('the first character of a database name must be an underscore or letter')
  if (!rest.test(name)) throw fail('database name can only contain numbers, letters and underscores')
}
