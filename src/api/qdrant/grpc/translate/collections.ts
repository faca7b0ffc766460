import type { JsonObject, JsonValue } from '../../../../index.ts'
import { isArray } from '../../decode.ts'
import type { RestRequest } from '../rest-request.ts'
import { readSettings } from '../settings/read.ts'
import { malformed } from '../status.ts'
import { required, timeoutQuery, writeQuery } from './calls.ts'
import type { Fields } from './fields.ts'
import { shardKeyOf } from './values.ts'

// Requests of the service Collections, and those for payload indexes and names of vectors.

/** Where the REST API has another name. */
const bodyNames: Readonly<Record<string, string>> = {
  vectors_config: 'vectors',
  sparse_vectors_config: 'sparse_vectors',
}

function bodyOf(typeName: string, fields: Fields): JsonObject {
  const { collection_name: _name, timeout: _timeout, ...members } = readSettings(typeName, fields)
  return Object.fromEntries(Object.entries(members).map(([name, value]) => [bodyNames[name] ?? name, value]))
}

export function createCollection(fields: Fields): RestRequest {
  const body = bodyOf('CreateCollection', fields)
  return { query: timeoutQuery(fields), body }
}

export function updateCollection(fields: Fields): RestRequest {
  const body = bodyOf('UpdateCollection', fields)
  return { query: timeoutQuery(fields), body }
}

export function updateAliases(fields: Fields): RestRequest {
  const actions = fields.subs('actions').map((action): JsonValue => {
    const kind = required(
      action.which('create_alias', 'rename_alias', 'delete_alias'),
      'Malformed AliasOperation type',
    )
    const names = {
      create_alias: ['collection_name', 'alias_name'],
      rename_alias: ['old_alias_name', 'new_alias_name'],
      delete_alias: ['alias_name'],
    }[kind]
    const given = action.sub(kind)!
    return { [kind]: Object.fromEntries(names.map((name) => [name, given.words(name)])) }
  })
  return { query: timeoutQuery(fields), body: { actions } }
}

const fieldTypes = ['keyword', 'integer', 'float', 'geo', 'text', 'bool', 'datetime', 'uuid'] as const

export function createIndex(fields: Fields): RestRequest {
  const schema = fieldSchema(fields)
  return {
    query: writeQuery(fields),
    body: {
      field_name: fields.words('field_name'),
      ...(schema === undefined ? {} : { field_schema: schema }),
    },
  }
}

function fieldSchema(fields: Fields): JsonValue | undefined {
  const number = fields.variant('field_type')
  const type = number === undefined ? undefined : fieldTypes[number]
  const params = fields.sub('field_index_params')
  if (type === undefined) {
    // Qdrant takes it for a mistake that the type can not be told.
    if (number === undefined) throw malformed('cannot convert field_type')
    if (params !== undefined) throw malformed('field type is missing')
    return undefined
  }
  const kind = fieldTypes.find((one) => params?.has(`${one}_index_params`))
  if (params === undefined || kind === undefined) return type
  if (kind !== type) {
    const shown = `${type.slice(0, 1).toUpperCase()}${type.slice(1)}`
    throw malformed(`field_type (${shown}) and field_index_params do not match`)
  }
  const name = `${kind.slice(0, 1).toUpperCase()}${kind.slice(1)}IndexParams`
  return { type, ...readSettings(name, params.sub(`${kind}_index_params`)!) }
}

export function deleteIndex(fields: Fields): RestRequest {
  return { query: writeQuery(fields), params: { field: fields.words('field_name') } }
}

export function createVectorName(fields: Fields): RestRequest {
  const dense = fields.sub('dense_config')
  const sparse = fields.sub('sparse_config')
  if (dense === undefined && sparse === undefined) {
    throw malformed('vector_config is required (dense_config or sparse_config)')
  }
  const body =
    dense === undefined
      ? { sparse: readSettings('SparseVectorCreationConfig', sparse!) }
      : { dense: readSettings('DenseVectorCreationConfig', dense) }
  return { ...deleteVectorName(fields), body }
}

export function deleteVectorName(fields: Fields): RestRequest {
  return { query: writeQuery(fields), params: { vector: fields.words('vector_name') } }
}

/** Shard keys are made and dropped by operations on the cluster. */
export function changeShardKey(kind: 'create' | 'delete'): (fields: Fields) => RestRequest {
  return (fields) => {
    const request = required(fields.sub('request'), 'empty request')
    const key = request.sub('shard_key')
    const value = required(key && shardKeyOf(key), 'Shard key is not specified')
    const { placement, ...rest }: JsonObject =
      kind === 'create' ? readSettings('CreateShardKey', request) : {}
    // A list is never absent in a message: an empty one is none.
    const placed = isArray(placement) && placement.length > 0 ? { placement } : {}
    return { query: timeoutQuery(fields), body: { ...rest, ...placed, shard_key: value } }
  }
}
