import type { Collection } from '../../../../index.ts'
import { createIndex } from '../../indexes/create-index.ts'
import { flatParams } from '../../indexes/index-params.ts'
import { vectorIndexParams } from '../../indexes/vector-index.ts'
import type { Call, MilvusDoor } from '../../door.ts'
import { checkSchema } from '../../schema/check-schema.ts'
import { withDocument, type FunctionDocument, type MilvusDocument } from '../../schema/document.ts'
import { fieldOf, functionOf, type FunctionMessage } from '../../schema/messages.ts'
import { exclusively, ownDocument } from '../../schema/own-document.ts'
import { invalidParameter } from '../../status.ts'
import { fillFunction } from '../../text/fill-function.ts'
import { checkedFields } from '../../text/functions.ts'
import { vectorParams } from '../create-collection.ts'
import { partitionsWritten } from '../partition-list.ts'
import { nextFieldId } from './add-field.ts'
import type { AlteredCollection, FieldInfo } from './alter-schema.ts'

/** Adds a function, the field that it makes and that field's index, and makes the field of the rows that are there. @throws 100, 800, 1100, 1701 */
export async function addFunctionField(
  door: MilvusDoor,
  { database, collection: name }: AlteredCollection,
  { field_schema: message, index_name: indexName, extra_params: extra }: FieldInfo,
  made: FunctionMessage,
  call: Call,
): Promise<void> {
  await exclusively(door, database, name, async (collection) => {
    const document = ownDocument(collection)
    const changed = withFunction(door, document, message, made)
    checkSchema(changed, 1)
    const field = changed.fields.at(-1)!
    if (extra.length === 0)
      throw invalidParameter(`the function output field ${field.name} has to be added with its index params`)
    vectorIndexParams(changed, field, flatParams(extra))
    const settings = withDocument(collection.config().settings, changed)
    await collection.addVector(field.name, vectorParams(field), { settings })
    await fill(collection, changed.functions.at(-1)!)
  })
  const index = { field_name: message.name, index_name: indexName, extra_params: extra }
  await createIndex(door, { db_name: database, collection_name: name, ...index }, call)
}

function withFunction(
  door: MilvusDoor,
  document: MilvusDocument,
  message: FieldInfo['field_schema'],
  made: FunctionMessage,
): MilvusDocument {
  if (document.functions.some((one) => one.name === made.name))
    throw invalidParameter(`duplicate function name: ${made.name}`)
  if (made.output_field_names.length !== 1 || made.output_field_names[0] !== message.name)
    throw invalidParameter(`function ${made.name} does not make the field ${message.name}`)
  const functionId = 1 + Math.max(99, ...document.functions.map(({ id }) => id))
  const added = {
    fields: [...document.fields, fieldOf(message, nextFieldId(document))],
    functions: [...document.functions, functionOf(made, functionId)],
  }
  const updatedAt = String(door.timestamps.next())
  return { ...document, functions: added.functions, fields: checkedFields(added), updatedAt }
}

async function fill(collection: Collection, made: FunctionDocument): Promise<void> {
  for (const partition of partitionsWritten(collection)) await fillFunction(collection, partition, made)
}
