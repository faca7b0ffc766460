import type { Collection, JsonObject } from '../../../../index.ts'
import type { MilvusDoor } from '../../door.ts'
import { subFieldsOf } from '../../schema/collection-model.ts'
import { holdsVectors, isVectorType } from '../../schema/data-types.ts'
import { withDocument, type FieldDocument, type MilvusDocument } from '../../schema/document.ts'
import { exclusively, ownDocument } from '../../schema/own-document.ts'
import { invalidParameter } from '../../status.ts'
import type { AlteredCollection } from './alter-schema.ts'
import { nextFieldId } from './add-field.ts'

type FieldName = { readonly name: string } | { readonly id: number }

/** What the rows have of it is gone, and its indexes are. @throws 100, 800, 1100 */
export async function dropField(
  door: MilvusDoor,
  { database, collection: name }: AlteredCollection,
  which: FieldName,
): Promise<void> {
  await exclusively(door, database, name, async (collection) => {
    const document = ownDocument(collection)
    const field = findDropped(document, which)
    checkDropped(document, field)
    await removeField(door, collection, document, field)
  })
}

/** A function goes with the field that it makes. @throws 100, 800, 1100 */
export async function dropFunction(
  door: MilvusDoor,
  { database, collection: name }: AlteredCollection,
  functionName: string,
  isWithOutput: boolean,
): Promise<void> {
  await exclusively(door, database, name, async (collection) => {
    const document = ownDocument(collection)
    const made = document.functions.find((one) => one.name === functionName)
    if (made === undefined) throw invalidParameter(`function not found: ${functionName}`)
    if (!isWithOutput)
      throw invalidParameter(
        `BM25 function must be dropped with its output field in drop_function_field interface: ${functionName}`,
      )
    const field = document.fields.find((one) => one.name === made.outputs[0])!
    if (vectorCount(document) < 2)
      throw invalidParameter(
        `cannot drop function ${functionName}: it would leave no vector field in the collection`,
      )
    const functions = document.functions.filter((one) => one !== made)
    await removeField(door, collection, { ...document, functions }, field)
  })
}

function findDropped({ fields, structs = [] }: MilvusDocument, which: FieldName): FieldDocument {
  const isMeant = (one: { readonly id: number; readonly name: string }): boolean =>
    'name' in which ? one.name === which.name : one.id === which.id
  const field = fields.find(isMeant)
  if (field !== undefined) return field
  for (const struct of structs) {
    if (isMeant(struct))
      throw invalidParameter(`dropping an array of structs is not supported: ${struct.name}`)
    const inner = struct.fields.find(isMeant)
    if (inner !== undefined)
      throw invalidParameter(`cannot drop sub-field of struct array field: ${struct.name}.${inner.name}`)
  }
  throw invalidParameter(
    'name' in which ? `field not found: ${which.name}` : `field not found with id: ${which.id}`,
  )
}

function checkDropped(document: MilvusDocument, field: FieldDocument): void {
  const { name } = field
  const refused = (what: string): Error => invalidParameter(`cannot drop ${what}: ${name}`)
  if (document.properties['ttl_field'] === name)
    throw invalidParameter(
      `cannot drop field ${name} because it is referenced by collection property ttl_field, drop the property first`,
    )
  if (field.isPrimaryKey === true) throw refused('primary key field')
  if (field.isPartitionKey === true) throw refused('partition key field')
  if (field.isClusteringKey === true) throw refused('clustering key field')
  if (isVectorType(field.type) && vectorCount(document) < 2) throw refused('the last vector field')
  for (const { name: made, inputs, outputs } of document.functions) {
    const part = inputs.includes(name) ? 'input' : outputs.includes(name) ? 'output' : undefined
    if (part !== undefined)
      throw invalidParameter(`field is referenced by function ${made} as ${part}, drop function first`)
  }
}

const vectorCount = (document: MilvusDocument): number =>
  [...document.fields, ...subFieldsOf(document)].filter(({ type }) => holdsVectors(type)).length

async function removeField(
  door: MilvusDoor,
  collection: Collection,
  document: MilvusDocument,
  field: FieldDocument,
): Promise<void> {
  const changed: MilvusDocument = {
    ...document,
    fields: document.fields.filter((one) => one.name !== field.name),
    indexes: document.indexes.filter((one) => one.field !== field.name),
    updatedAt: String(door.timestamps.next()),
    lastFieldId: nextFieldId(document) - 1,
  }
  const settings = withDocument(collection.config().settings, changed)
  if (isVectorType(field.type)) {
    await collection.dropVector(field.name, { settings })
    return
  }
  // In one record: a crash leaves both or neither. Once more for what is written meanwhile and still has the field: it would
  // be a dynamic key.
  await clearValues(collection, field.name, settings)
  await clearValues(collection, field.name)
  await collection.dropPayloadIndex(field.name)
}

async function clearValues(collection: Collection, name: string, settings?: JsonObject): Promise<void> {
  await collection.deletePayload({ filter: {} }, [JSON.stringify(name)], {
    partition: null,
    ...(settings === undefined ? {} : { settings }),
  })
}
