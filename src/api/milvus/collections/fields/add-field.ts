import type { Collection, JsonObject } from '../../../../index.ts'
import { databaseOf, type Call, type MilvusDoor } from '../../door.ts'
import { checkSchema } from '../../schema/check-schema.ts'
import { isVectorType } from '../../schema/data-types.ts'
import { withDocument, type FieldDocument, type MilvusDocument } from '../../schema/document.ts'
import { fieldOf, type FieldMessage } from '../../schema/messages.ts'
import { exclusively, ownDocument, saveDocument } from '../../schema/own-document.ts'
import { invalidParameter } from '../../status.ts'
import { withTimeDefault } from '../../time/time-default.ts'
import { zoneOf } from '../../time/zone.ts'
import { decodeMessage } from '../../wire/messages.ts'
import { vectorParams } from '../create-collection.ts'
import type { NamedCollection } from '../describe-collection.ts'

interface AddFieldRequest extends NamedCollection {
  readonly schema: Uint8Array
}

/** @throws 100, 800, 1100, 1701 */
export async function addCollectionField(
  door: MilvusDoor,
  request: AddFieldRequest,
  call: Call,
): Promise<object> {
  const message = decodeMessage('FieldSchema', request.schema) as unknown as FieldMessage
  await addField(door, databaseOf(call, request.db_name), request.collection_name, message)
  return {}
}

/** Rows that are there have the field's default value, or null. */
export async function addField(
  door: MilvusDoor,
  database: string,
  name: string,
  message: FieldMessage,
): Promise<void> {
  await exclusively(door, database, name, async (collection) => {
    const document = ownDocument(collection)
    const field = withTimeDefault(fieldOf(message, nextFieldId(document)), zoneOf(document))
    checkAdded(field)
    if (field.isClusteringKey === true && document.fields.some((one) => one.isClusteringKey === true))
      throw invalidParameter(`already has another clustering key field, field name: ${field.name}`)
    const fields = [...document.fields, field]
    const changed: MilvusDocument = { ...document, fields, updatedAt: String(door.timestamps.next()) }
    checkSchema(changed, 1)
    if (isVectorType(field.type)) {
      const settings = withDocument(collection.config().settings, changed)
      await collection.addVector(field.name, vectorParams(field), { settings })
      return
    }
    if (field.defaultValue === undefined) return saveDocument(collection, changed)
    // In one record: a crash leaves both or neither. Once more for what is written meanwhile and does not know of the field.
    await fillDefault(collection, field, withDocument(collection.config().settings, changed))
    await fillDefault(collection, field)
  })
}

/** Greater than every one before, also of fields that are gone. */
export const nextFieldId = ({ fields, structs = [], lastFieldId = 0 }: MilvusDocument): number => {
  const inStructs = structs.flatMap((one) => [one, ...one.fields])
  return 1 + Math.max(lastFieldId, ...[...fields, ...inStructs].map(({ id }) => id))
}

/** @throws 1100 */
function checkAdded({ name, nullable, autoId, isPrimaryKey, isPartitionKey }: FieldDocument): void {
  if (isPrimaryKey === true) throw invalidParameter(`not support to add pk field, field name = ${name}`)
  if (isPartitionKey === true)
    throw invalidParameter(`not support to add partition key field, field name  = ${name}`)
  if (autoId === true)
    throw invalidParameter(`only primary field can speficy AutoID with true, field name = ${name}`)
  if (nullable !== true)
    throw invalidParameter(`added field must be nullable, please check it, field name = ${name}`)
}

async function fillDefault(
  collection: Collection,
  { name, defaultValue }: FieldDocument,
  settings?: JsonObject,
): Promise<void> {
  if (defaultValue === undefined) return
  const filter = { must: [{ kind: 'is-empty', path: name } as const] }
  const payload: JsonObject = { [name]: defaultValue }
  await collection.setPayload({ filter }, payload, {
    partition: null,
    ...(settings === undefined ? {} : { settings }),
  })
}
