import { databaseOf, type Call, type MilvusDoor } from '../../door.ts'
import { checkSchema } from '../../schema/check-schema.ts'
import { holdsVectors } from '../../schema/data-types.ts'
import { withDocument, type MilvusDocument } from '../../schema/document.ts'
import type { StructMessage } from '../../schema/messages.ts'
import { exclusively, ownDocument, saveDocument } from '../../schema/own-document.ts'
import { checkStructs, structsOf } from '../../schema/structs.ts'
import { invalidParameter } from '../../status.ts'
import { vectorParams } from '../create-collection.ts'
import type { NamedCollection } from '../describe-collection.ts'
import { nextFieldId } from './add-field.ts'

interface AddStructRequest extends NamedCollection {
  readonly struct_array_field_schema?: StructMessage | null
}

const systemNames: ReadonlySet<string> = new Set(['RowID', 'Timestamp', '$meta', '__virtual_pk__'])

/** An array of structs that is null in the rows that are there. @throws 100, 800, 1100, 1701 */
export async function addCollectionStructField(
  door: MilvusDoor,
  request: AddStructRequest,
  call: Call,
): Promise<object> {
  const { struct_array_field_schema: message } = request
  if (message === undefined || message === null)
    throw invalidParameter('struct array field schema is missing')
  const database = databaseOf(call, request.db_name)
  await exclusively(door, database, request.collection_name, async (collection) => {
    const document = ownDocument(collection)
    for (const { name: given } of [message, ...message.fields])
      if (systemNames.has(given))
        throw invalidParameter(`not support to add system field, field name = ${given}`)
    const [struct] = structsOf([message], nextFieldId(document))
    const { name, nullable, fields } = struct!
    if (nullable !== true)
      throw invalidParameter(
        `added struct field must be nullable, please check it, struct field name = ${name}`,
      )
    const changed: MilvusDocument = {
      ...document,
      structs: [...(document.structs ?? []), struct!],
      updatedAt: String(door.timestamps.next()),
    }
    checkSchema(changed, 1)
    checkStructs(changed)
    const settings = withDocument(collection.config().settings, document)
    // Vectors that the document does not name do no harm: those of an attempt that was cut off are there already.
    for (const field of fields.filter(({ type }) => holdsVectors(type)))
      if (!Object.hasOwn(collection.config().vectors, field.name))
        await collection.addVector(field.name, vectorParams(field), { settings })
    await saveDocument(collection, changed)
  })
  return {}
}
