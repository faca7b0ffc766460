import { databaseOf, type Call, type MilvusDoor } from '../door.ts'
import { isLoaded } from '../collections/load-state.ts'
import { findField, modelOf } from '../schema/collection-model.ts'
import { holdsVectors } from '../schema/data-types.ts'
import { mapOf, type KeyValue } from '../schema/messages.ts'
import { exclusively, ownDocument, saveDocument } from '../schema/own-document.ts'
import { codes, invalidParameter, MilvusError } from '../status.ts'
import { indexMissing, type NamedIndex } from './describe-index.ts'
import { payloadIndexOf } from './scalar-index.ts'

/** By the name of the index or, without one, of the field. One that is not there is dropped already. @throws 100, 65535, 800 */
export async function dropIndex(door: MilvusDoor, request: NamedIndex, call: Call): Promise<object> {
  const database = databaseOf(call, request.db_name)
  await exclusively(door, database, request.collection_name, async (collection) => {
    if (isLoaded(door, collection))
      throw new MilvusError(
        codes.unexpected,
        'index cannot be dropped, collection is loaded, please release it first',
      )
    const document = ownDocument(collection)
    const { field_name: field = '', index_name: name } = request
    const dropped = document.indexes.filter((one) =>
      name === '' ? one.field === field || field === '' : one.name === name,
    )
    if (dropped.length === 0) return
    const indexes = document.indexes.filter((one) => !dropped.includes(one))
    await saveDocument(collection, { ...document, indexes })
    const model = modelOf(collection)
    for (const one of dropped) {
      // A path of JSON has no index in the engine, and may be one of a dynamic key, which is no field.
      if (one.params['json_path'] !== undefined) continue
      const its = findField(model, one.field)!
      if (holdsVectors(its.type) || payloadIndexOf(its) === undefined) continue
      await collection.dropPayloadIndex(one.field)
    }
  })
  return {}
}

interface AlterIndexRequest {
  readonly db_name: string
  readonly collection_name: string
  readonly index_name: string
  readonly extra_params: readonly KeyValue[]
  readonly delete_keys: readonly string[]
}

const alterable: ReadonlySet<string> = new Set([
  'mmap.enabled',
  'indexoffsetcache.enabled',
  'warmup',
  'load_priority',
])

function checkMapped(given: string | undefined): void {
  if (given === undefined || /^(true|false)$/i.test(given)) return
  throw invalidParameter(`invalid mmap.enabled value: ${given}, expected: true, false`)
}

/** Only what does not change the index itself. @throws 100, 700, 800, 1100 */
export async function alterIndex(door: MilvusDoor, request: AlterIndexRequest, call: Call): Promise<object> {
  const { index_name: name, extra_params: extra, delete_keys: deleted } = request
  const keys = [...extra.map(({ key }) => key), ...deleted]
  if (extra.length > 0 && deleted.length > 0)
    throw invalidParameter('cannot provide both DeleteKeys and ExtraParams')
  await exclusively(door, databaseOf(call, request.db_name), request.collection_name, async (collection) => {
    const unknown = keys.find((key) => !alterable.has(key))
    if (unknown !== undefined) throw invalidParameter(`${unknown} is not a configable index property`)
    checkMapped(mapOf(extra)['mmap.enabled'])
    const document = ownDocument(collection)
    if (!document.indexes.some((one) => one.name === name)) throw indexMissing(`index=${name}`)
    const indexes = document.indexes.map((one) => {
      if (one.name !== name) return one
      const params = Object.entries({ ...one.params, ...mapOf(extra) }).filter(
        ([key]) => !deleted.includes(key),
      )
      return { ...one, params: Object.fromEntries(params) }
    })
    await saveDocument(collection, { ...document, indexes })
  })
  return {}
}
