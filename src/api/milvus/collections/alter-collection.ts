import { databaseOf, type Call, type MilvusDoor } from '../door.ts'
import { checkChanges, checkField } from '../schema/check-schema.ts'
import { isTextType } from '../schema/data-types.ts'
import { subFieldsOf } from '../schema/collection-model.ts'
import {
  consistencyLevels,
  type FieldDocument,
  type MilvusDocument,
  type StructDocument,
} from '../schema/document.ts'
import { mapOf, type KeyValue } from '../schema/messages.ts'
import { isInStruct } from '../schema/struct-names.ts'
import { exclusively, ownDocument, saveDocument } from '../schema/own-document.ts'
import { invalidParameter, type MilvusError } from '../status.ts'
import type { NamedCollection } from './describe-collection.ts'

interface AlterCollectionRequest extends NamedCollection {
  readonly properties: readonly KeyValue[]
  readonly delete_keys: readonly string[]
}

/** Properties that are something else of the collection. */
const special = {
  description: 'collection.description',
  consistency: 'consistency_level',
  dynamic: 'dynamicfield.enabled',
} as const

/** Properties are kept and shown; a time to live removes nothing by itself. @throws 100, 800, 1100 */
export async function alterCollection(
  door: MilvusDoor,
  request: AlterCollectionRequest,
  call: Call,
): Promise<object> {
  const set = mapOf(request.properties)
  const removed = request.delete_keys
  if (request.properties.length === 0 && removed.length === 0)
    throw invalidParameter(
      'The collection properties to alter and keys to delete must not be empty at the same time',
    )
  if (request.properties.length > 0 && removed.length > 0)
    throw invalidParameter('can not provide properties and deletekeys at the same time')
  await exclusively(door, databaseOf(call, request.db_name), request.collection_name, async (collection) => {
    checkChanges(set)
    const document = withProperties(ownDocument(collection), set, removed)
    await saveDocument(collection, { ...document, updatedAt: String(door.timestamps.next()) })
  })
  return {}
}

function withProperties(
  document: MilvusDocument,
  set: Readonly<Record<string, string>>,
  removed: readonly string[],
): MilvusDocument {
  const names: readonly string[] = Object.values(special)
  const properties = Object.entries({ ...document.properties, ...set }).filter(
    ([key]) => !removed.includes(key) && !names.includes(key),
  )
  const description = set[special.description] ?? document.description
  return {
    ...document,
    description,
    consistency: consistencyOf(set[special.consistency]) ?? document.consistency,
    hasDynamicField: dynamicOf(document, set[special.dynamic]),
    properties: Object.fromEntries(properties),
  }
}

function consistencyOf(given: string | undefined): MilvusDocument['consistency'] | undefined {
  if (given === undefined) return undefined
  const level = consistencyLevels.find((name, number) => name === given || String(number) === given)
  if (level === undefined) throw invalidParameter(`invalid consistency level: ${given}`)
  return level
}

/** Rows may have keys of their own by then: there is no way back. */
function dynamicOf({ hasDynamicField }: MilvusDocument, given: string | undefined): boolean {
  const isAsked = given === undefined ? hasDynamicField : given.toLowerCase() === 'true'
  if (hasDynamicField && !isAsked) throw invalidParameter('dynamic schema cannot supported to be disabled')
  return isAsked
}

interface AlterFieldRequest extends NamedCollection {
  readonly field_name: string
  readonly properties: readonly KeyValue[]
  readonly delete_keys: readonly string[]
}

const changeable: ReadonlySet<string> = new Set([
  'max_length',
  'max_capacity',
  'mmap.enabled',
  'warmup',
  'field.description',
])

/** What is there stays as it is: a shorter length counts for what is written from then on. @throws 100, 800, 1100 */
export async function alterCollectionField(
  door: MilvusDoor,
  request: AlterFieldRequest,
  call: Call,
): Promise<object> {
  const { field_name: name } = request
  await exclusively(door, databaseOf(call, request.db_name), request.collection_name, async (collection) => {
    const document = ownDocument(collection)
    const change = withChangedField(document, name, mapOf(request.properties), request.delete_keys)
    await saveDocument(collection, { ...document, ...change, updatedAt: String(door.timestamps.next()) })
  })
  return {}
}

/** A field, one of a struct by its full name, or an array of structs as such. @throws 1100 */
function withChangedField(
  document: MilvusDocument,
  name: string,
  set: Readonly<Record<string, string>>,
  removed: readonly string[],
): Pick<MilvusDocument, 'fields' | 'structs'> {
  const { fields, structs = [] } = document
  const isThere = [...fields, ...structs, ...subFieldsOf(document)].some((one) => one.name === name)
  if (!isThere) throw invalidParameter(`field ${name} does not exist in collection`)
  const changed = (field: FieldDocument): FieldDocument =>
    field.name === name ? changedField(field, set, removed) : field
  if (structs.length === 0) return { fields: fields.map(changed) }
  return {
    fields: fields.map(changed),
    structs: structs.map((struct) => ({
      ...struct,
      ...(struct.name === name && { params: changedStruct(struct, set, removed) }),
      fields: struct.fields.map(changed),
    })),
  }
}

const notAlterable = (key: string, name: string): MilvusError =>
  invalidParameter(`${key} does not allow update in collection field param: field ${name}`)

function changedStruct(
  { name, params }: StructDocument,
  set: Readonly<Record<string, string>>,
  removed: readonly string[],
): Record<string, string> {
  for (const key of [...Object.keys(set), ...removed])
    if (key !== 'mmap.enabled' && key !== 'warmup') throw notAlterable(key, name)
  return Object.fromEntries(Object.entries({ ...params, ...set }).filter(([key]) => !removed.includes(key)))
}

function changedField(
  field: FieldDocument,
  set: Readonly<Record<string, string>>,
  removed: readonly string[],
): FieldDocument {
  for (const key of [...Object.keys(set), ...removed])
    if (!changeable.has(key)) throw notAlterable(key, field.name)
  const holdsText = isTextType(field.type) || isTextType(field.elementType ?? 0)
  if (set['max_length'] !== undefined && !holdsText)
    throw invalidParameter(`${field.name} can not modify the maxlength for non-string types`)
  if (set['max_capacity'] !== undefined && field.elementType === undefined)
    throw invalidParameter(`${field.name} can not modify the maxcapacity for non-array types`)
  const { 'field.description': description = field.description, ...params } = set
  const all = Object.entries({ ...field.params, ...params }).filter(([key]) => !removed.includes(key))
  const changed = {
    ...field,
    ...(description === undefined ? {} : { description }),
    params: Object.fromEntries(all),
  }
  // What a struct's field is was looked at when it was made.
  if (!isInStruct(field)) checkField(changed)
  return changed
}
