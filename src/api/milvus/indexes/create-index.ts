import type { Collection } from '../../../index.ts'
import { databaseOf, type Call, type MilvusDoor } from '../door.ts'
import { numericId } from '../numeric-id.ts'
import { findField, modelOf } from '../schema/collection-model.ts'
import { dataTypes, holdsVectors } from '../schema/data-types.ts'
import {
  withDocument,
  type FieldDocument,
  type IndexDocument,
  type MilvusDocument,
} from '../schema/document.ts'
import type { KeyValue } from '../schema/messages.ts'
import { checkIndexName } from '../schema/names.ts'
import { exclusively, ownDocument, saveDocument } from '../schema/own-document.ts'
import { codes, MilvusError } from '../status.ts'
import { flatParams, isSameParams, type IndexParams } from './index-params.ts'
import { dynamicKeyField, jsonIndexName } from './json-index.ts'
import { payloadIndexOf, scalarIndexParams } from './scalar-index.ts'
import { distanceOf, vectorIndexParams } from './vector-index.ts'

interface CreateIndexRequest {
  readonly db_name: string
  readonly collection_name: string
  readonly field_name: string
  readonly index_name: string
  readonly extra_params: readonly KeyValue[]
}

/** Making the same index again is a success. @throws 100, 800, 1100, 1101, 65535 */
export async function createIndex(
  door: MilvusDoor,
  request: CreateIndexRequest,
  call: Call,
): Promise<object> {
  const database = databaseOf(call, request.db_name)
  await exclusively(door, database, request.collection_name, async (collection) => {
    const model = modelOf(collection)
    const { document } = model
    const { field_name: fieldName, index_name: name } = request
    const field =
      findField(model, fieldName) ?? (document.hasDynamicField ? dynamicKeyField(fieldName) : undefined)
    if (field === undefined) throw refused(`cannot create index on non-exist field: ${fieldName}`)
    if (name !== '') checkIndexName(name)
    const given = flatParams(request.extra_params)
    const params = holdsVectors(field.type)
      ? vectorIndexParams(document, field, given)
      : scalarIndexParams(field, given)
    const ownName = name || (field.type === dataTypes.JSON ? jsonIndexName(field, params) : fieldName)
    if (isThere(document, field, name, ownName, params)) return
    ownDocument(collection)
    const index = { id: '', name: ownName, field: fieldName, params }
    const id = numericId('index', collection.id, index.name, String(door.timestamps.next()))
    await addIndex(collection, document, field, { ...index, id: String(id) })
  })
  return {}
}

/** True if the index is there already. @throws 65535 if another one is in its place */
function isThere(
  { indexes }: MilvusDocument,
  field: FieldDocument,
  given: string,
  name: string,
  params: IndexParams,
): boolean {
  const sameName = indexes.find((one) => one.name === name)
  const existing = indexes.find(
    (one) => one.field === field.name && one.params['json_path'] === params['json_path'],
  )
  if (existing !== undefined) {
    if (given !== '' && given !== existing.name)
      throw refused('CreateIndex failed: creating multiple indexes on same field is not supported')
    if (isSameParams(existing.params, params)) return true
  }
  if (existing !== undefined || sameName !== undefined)
    throw refused('CreateIndex failed: at most one distinct index is allowed per field')
  return false
}

async function addIndex(
  collection: Collection,
  document: MilvusDocument,
  field: FieldDocument,
  index: IndexDocument,
): Promise<void> {
  const changed = { ...document, indexes: [...document.indexes, index] }
  if (holdsVectors(field.type)) {
    const distance = distanceOf(index.params['metric_type']!)
    const settings = withDocument(collection.config().settings, changed)
    await collection.setDistance(field.name, distance, { settings })
    return
  }
  const params = payloadIndexOf(field)
  // An index that the document does not name yet makes filters faster and nothing else.
  if (params !== undefined) await collection.createPayloadIndex(field.name, params)
  await saveDocument(collection, changed)
}

const refused = (text: string): MilvusError => new MilvusError(codes.unexpected, text)
