import type { JsonValue } from '../../../../index.ts'
import { modelOf } from '../../schema/collection-model.ts'
import { dataTypes } from '../../schema/data-types.ts'
import type { FieldDocument } from '../../schema/document.ts'
import { integerOf } from '../body.ts'
import { missing, RestError, restCodes } from '../rest-error.ts'
import { collectionOf, named, rowInteger, type RestAnswer, type RestCall, type RestRoutes } from '../route.ts'
import { columnsOf } from '../rows/row-columns.ts'
import { countOf, rowsOf, type Column } from '../rows/result-rows.ts'
import { templatesOf } from '../rows/template-values.ts'
import { levelOf } from './create-collection.ts'

const queryLimit = 100n

export const entityRoutes: RestRoutes = {
  '/entities/insert': (request) => write(request, 'Insert', 'insert'),
  '/entities/upsert': (request) => write(request, 'Upsert', 'upsert'),
  '/entities/delete': deleteRows,
  '/entities/query': queryRows,
  '/entities/get': getRows,
}

interface MutationMessage {
  readonly IDs?: {
    readonly int_id?: { readonly data: readonly bigint[] }
    readonly str_id?: { readonly data: readonly string[] }
  }
  readonly insert_cnt?: number | bigint
  readonly upsert_cnt?: number | bigint
  readonly delete_cnt?: number | bigint
}

async function write(request: RestCall, rpc: 'Insert' | 'Upsert', word: string): Promise<RestAnswer> {
  const { body } = request
  const data = body.needed('data')
  const rows = Array.isArray(data) ? (data as readonly JsonValue[]) : [data]
  const isPartial = rpc === 'Upsert' && body.flag('partialUpdate')
  const answer = (await request.rpc(rpc, {
    ...named(request),
    partition_name: body.text('partitionName'),
    fields_data: columnsOf(modelOf(collectionOf(request)), rows, isPartial),
    num_rows: rows.length,
    ...(isPartial ? { partial_update: true } : {}),
  })) as MutationMessage
  const count = rpc === 'Insert' ? answer.insert_cnt : answer.upsert_cnt
  const ids = answer.IDs?.str_id?.data ?? answer.IDs?.int_id?.data.map((id) => rowInteger(request, id)) ?? []
  return { data: { [`${word}Count`]: Number(count ?? 0), [`${word}Ids`]: [...ids] }, cost: 0 }
}

async function deleteRows(request: RestCall): Promise<RestAnswer> {
  const { body } = request
  const answer = (await request.rpc('Delete', {
    ...named(request),
    partition_name: body.text('partitionName'),
    expr: body.text('filter') || keyFilter(request, 'filter'),
    expr_template_values: templatesOf(body.body('exprParams')),
    ...consistency(request),
  })) as MutationMessage
  return { data: { deleteCount: Number(answer.delete_cnt ?? 0) }, cost: 0 }
}

async function queryRows(request: RestCall): Promise<RestAnswer> {
  const { body } = request
  const fields = outputOf(request)
  const isCount = fields.length === 1 && fields[0]!.toLowerCase() === 'count(*)'
  const limit = body.integer('limit') ?? (isCount ? 0n : queryLimit)
  const offset = body.integer('offset') ?? 0n
  const window = [
    { key: 'offset', value: offset },
    { key: 'limit', value: limit },
  ].filter(({ value }) => value > 0n)
  return query(request, {
    expr: body.text('filter'),
    expr_template_values: templatesOf(body.body('exprParams')),
    output_fields: fields,
    partition_names: body.texts('partitionNames'),
    query_params: window.map(({ key, value }) => ({ key, value: String(value) })),
  })
}

async function getRows(request: RestCall): Promise<RestAnswer> {
  const { body } = request
  const partition = body.text('partitionName')
  return query(request, {
    expr: keyFilter(request, 'id'),
    output_fields: outputOf(request),
    partition_names: partition === '' ? body.texts('partitionNames') : [partition],
  })
}

const outputOf = ({ body }: RestCall): readonly string[] => {
  const fields = body.texts('outputFields')
  return fields.length === 0 ? ['*'] : fields
}

async function query(request: RestCall, members: object): Promise<RestAnswer> {
  const { fields_data: columns } = (await request.rpc('Query', {
    ...named(request),
    ...consistency(request),
    ...members,
  })) as { readonly fields_data: readonly Column[] }
  const count = Math.max(0, ...columns.map(countOf))
  return { data: rowsOf(columns, count, (value) => rowInteger(request, value)), cost: 0 }
}

/** What is not said is the collection's own level. */
export function consistency({ body }: RestCall): object {
  const name = body.text('consistencyLevel')
  return name === '' ? { use_default_consistency: true } : { consistency_level: levelOf(name) }
}

/** The filter for the rows whose keys stand under `id`. `member` is what is missing without it. @throws RestError */
function keyFilter(request: RestCall, member: string): string {
  const { body } = request
  named(request)
  const given = body.value('id')
  if (given === undefined) throw missing(member)
  const { primaryKey } = modelOf(collectionOf(request))
  const keys = Array.isArray(given) ? (given as readonly JsonValue[]) : [given]
  return `${primaryKey.name} in [${keys.map((key) => keyText(primaryKey, key)).join(',')}]`
}

function keyText({ type, name }: FieldDocument, key: JsonValue): string {
  if (type === dataTypes.VarChar && typeof key !== 'object') return JSON.stringify(String(key))
  if (type === dataTypes.Int64 && typeof key !== 'object' && typeof key !== 'boolean')
    return String(integerOf(key, name))
  throw new RestError(
    restCodes.wrongKey,
    `fail to check the primary key, error: ${name} has keys of another type`,
  )
}
