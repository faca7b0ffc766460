import { dataTypes } from '../schema/data-types.ts'
import type { FieldDocument } from '../schema/document.ts'
import { codes, invalidParameter, MilvusError, missingParameter } from '../status.ts'
import type { IndexParams } from './index-params.ts'

// An index of JSON is of one path in it: it is kept and shown, and filters are answered without it.

const castTypes: ReadonlySet<string> = new Set([
  ...['BOOL', 'DOUBLE', 'VARCHAR', 'JSON'],
  ...['ARRAY_BOOL', 'ARRAY_DOUBLE', 'ARRAY_VARCHAR'],
])
const identifier = /^[A-Za-z_$][\w$]*/
const step = /\[(?:"([^"\\]*)"|'([^'\\]*)'|(\d+))\]/y

/** Of no field. */
const dynamicId = 0

/** A dynamic key, as a field. */
export const dynamicKeyField = (name: string): FieldDocument => ({
  id: dynamicId,
  name,
  type: dataTypes.JSON,
  params: {},
})

/** The path as it was given, or the whole field. @throws 1100, 1101, 65535 */
export function jsonIndexParams(field: FieldDocument, given: IndexParams): IndexParams {
  const cast = given['json_cast_type']
  if (cast === undefined) throw missingParameter('json index must specify cast type: missing parameter')
  const castType = cast.trim().toUpperCase()
  if (!castTypes.has(castType)) throw invalidParameter(`json_cast_type ${castType} is not supported`)
  const path = given['json_path'] ?? field.name
  stepsOf(path)
  return { ...given, json_cast_type: castType, json_path: path }
}

/** What an index is called that was given no name: `field/a/0`, of a dynamic key `$meta/key/a/0`. @throws 65535 */
export function jsonIndexName(field: FieldDocument, { json_path: path = field.name }: IndexParams): string {
  const [first, ...others] = stepsOf(path)
  const isDynamic = field.id === dynamicId
  return (isDynamic ? ['$meta', first, ...others] : [field.name, ...others]).join('/')
}

function stepsOf(path: string): readonly string[] {
  const first = identifier.exec(path)?.[0]
  const steps = [first ?? '']
  step.lastIndex = first?.length ?? 0
  while (first !== undefined && step.lastIndex < path.length) {
    const at = step.lastIndex
    const found = step.exec(path)
    if (found === null) throw unreadable(path, path.slice(at))
    steps.push(found[1] ?? found[2] ?? found[3]!)
  }
  if (first === undefined) throw unreadable(path, path)
  return steps
}

const unreadable = (path: string, at: string): MilvusError =>
  new MilvusError(codes.unexpected, `cannot parse identifier: ${path}, error: mismatched input '${at}'`)
