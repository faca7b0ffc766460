import type {
  CollectionConfig,
  JsonObject,
  PayloadIndexParams,
  QdrantConfig,
  QdrantFilter,
} from '../../index.ts'
import { isObject } from './decode.ts'
import { translateCreate } from './translate/collection.ts'
import { translateFilter } from './translate/filter.ts'
import { indexRequest } from './translate/payload-index.ts'

/** The configuration in an archive of Qdrant as if a client had asked for such a collection and its indexes. @throws Error saying why not */
export const configOfArchive: QdrantConfig = ({ config, payloadIndexes }): CollectionConfig => {
  const { params, optimizer_config, uuid: _, ...rest } = config
  const body = withoutNulls({
    ...(isObject(params) ? params : {}),
    ...rest,
    optimizers_config: optimizer_config,
  })
  // What the server's configuration says is for collections that are made here.
  return { ...translateCreate(body, {}), payloadIndexes: indexesOf(payloadIndexes) }
}

/** A filter in the log of an archive, which a server has let pass when it was asked. @throws WireError */
export const filterOfArchive: QdrantFilter = (filter) => translateFilter(filter, { unvalidated: true })

function indexesOf(schemas: JsonObject): Record<string, PayloadIndexParams> {
  const indexes: Record<string, PayloadIndexParams> = {}
  for (const [field, schema] of Object.entries(schemas)) {
    const { field_schema: params } = indexRequest({ field_name: field, field_schema: schema })
    if (params === undefined) throw new Error(`the index of field ${JSON.stringify(field)} has no type`)
    indexes[field] = params
  }
  return indexes
}

function withoutNulls(members: Readonly<Record<string, JsonObject[string] | undefined>>): JsonObject {
  return Object.fromEntries(
    Object.entries(members).filter(
      (member): member is [string, JsonObject[string]] => member[1] !== undefined && member[1] !== null,
    ),
  )
}
