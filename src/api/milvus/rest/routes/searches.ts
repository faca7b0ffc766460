import type { JsonValue } from '../../../../index.ts'
import { modelOf, vectorFieldsOf, type CollectionModel } from '../../schema/collection-model.ts'
import type { FieldDocument } from '../../schema/document.ts'
import type { KeyValue } from '../../schema/messages.ts'
import { shortestFloat } from '../../rows/small-floats.ts'
import { invalidParameter } from '../../status.ts'
import { encodeMessage } from '../../wire/messages.ts'
import { textOf, type Body } from '../body.ts'
import { missing } from '../rest-error.ts'
import { collectionOf, named, rowInteger, type RestAnswer, type RestCall, type RestRoutes } from '../route.ts'
import { rowsOf, type Column } from '../rows/result-rows.ts'
import { templatesOf } from '../rows/template-values.ts'
import { placeholderOf } from '../rows/vectors.ts'
import { functionMessage } from './create-collection.ts'
import { consistency } from './entities.ts'

const limitDefault = 100n
const expressionType = 1

export const searchRoutes: RestRoutes = {
  '/entities/search': search,
  '/entities/advanced_search': hybridSearch,
  '/entities/hybrid_search': hybridSearch,
}

async function search(request: RestCall): Promise<RestAnswer> {
  const { body } = request
  const model = modelOf(collectionOf(request))
  const params = body.body('searchParams')
  return answer(request, model, 'Search', {
    ...named(request),
    ...sought(model, body),
    ...consistency(request),
    partition_names: body.texts('partitionNames'),
    output_fields: body.texts('outputFields'),
    search_params: [
      ...windowOf(body, 'topk'),
      ...groupOf(body),
      ...annsParams(body, params, body.text('metricType') || params.text('metricType')),
    ],
    ...functionScore(body),
  })
}

async function hybridSearch(request: RestCall): Promise<RestAnswer> {
  const { body } = request
  const model = modelOf(collectionOf(request))
  const searches = body.bodies('search')
  if (searches.length === 0) throw missing('search')
  const rerank = body.body('rerank')
  const ranking = body.has('rerank')
    ? [
        { key: 'strategy', value: rerank.text('strategy') },
        { key: 'params', value: textOf({ ...(rerank.body('params').members as Record<string, JsonValue>) }) },
      ]
    : []
  return answer(request, model, 'HybridSearch', {
    ...named(request),
    ...consistency(request),
    partition_names: body.texts('partitionNames'),
    output_fields: body.texts('outputFields'),
    requests: searches.map((one) => ({
      ...named(request),
      ...sought(model, one),
      search_params: [
        ...windowOf(one, 'topk'),
        ...annsParams(
          one,
          one.has('searchParams') ? one.body('searchParams') : one.body('params'),
          one.text('metricType'),
        ),
      ],
    })),
    rank_params: [...ranking, ...windowOf(body, 'limit'), ...groupOf(body)],
    ...functionScore(body),
  })
}

/** What is searched for, and among which rows. */
function sought(model: CollectionModel, body: Body): object {
  const data = body.needed('data')
  const list = Array.isArray(data) ? (data as readonly JsonValue[]) : [data]
  // One vector alone is one query.
  const isOne = list.length > 0 && list.every((one) => typeof one === 'number' || typeof one === 'bigint')
  const queries = isOne ? [data] : list
  const placeholder = placeholderOf(queries, searchedField(model, body.text('annsField')))
  return {
    dsl: body.text('filter'),
    dsl_type: expressionType,
    expr_template_values: templatesOf(body.body('exprParams')),
    placeholder_group: encodeMessage('PlaceholderGroup', { placeholders: [{ tag: '$0', ...placeholder }] }),
    nq: queries.length,
  }
}

function searchedField(model: CollectionModel, name: string): FieldDocument {
  const vectors = vectorFieldsOf(model)
  const field = name === '' ? vectors[0] : vectors.find((one) => one.name === name)
  if (field === undefined)
    throw invalidParameter(`failed to get field schema by name: fieldName(${name}) not found`)
  if (name === '' && vectors.length > 1)
    throw invalidParameter(
      `multiple anns_fields exist, please specify a anns_field in search_params: ${vectors.map((one) => one.name).join(', ')}`,
    )
  return field
}

function windowOf(body: Body, limit: 'topk' | 'limit'): readonly KeyValue[] {
  return [
    { key: limit, value: String(body.integer('limit') ?? limitDefault) },
    { key: 'offset', value: String(body.integer('offset') ?? 0n) },
    { key: 'round_decimal', value: '-1' },
  ]
}

function groupOf(body: Body): readonly KeyValue[] {
  const field = body.text('groupingField')
  if (field === '') return []
  return [
    { key: 'group_by_field', value: field },
    { key: 'group_size', value: String(body.integer('groupSize') ?? 1n) },
    { key: 'strict_group_size', value: String(body.flag('strictGroupSize')) },
  ]
}

/** The parameters of the index may stand under `params`, or beside it. */
function annsParams(body: Body, params: Body, metric: string): readonly KeyValue[] {
  const { params: inner, metricType: _metric, ...others } = params.members
  const extra = { ...others, ...((inner ?? {}) as Record<string, JsonValue>) } as Record<string, JsonValue>
  const field = body.text('annsField')
  return [
    ...(field === '' ? [] : [{ key: 'anns_field', value: field }]),
    ...(metric === '' ? [] : [{ key: 'metric_type', value: metric }]),
    { key: 'params', value: textOf(extra) },
  ]
}

function functionScore(body: Body): object {
  if (!body.has('functionScore')) return {}
  const score = body.body('functionScore')
  const functions = score.bodies('functions').map(functionMessage)
  return { function_score: { functions, params: score.body('params').pairs() } }
}

interface SearchMessage {
  readonly results: {
    readonly topks: readonly (number | bigint)[]
    readonly scores: ArrayLike<number>
    readonly ids?: {
      readonly int_id?: { readonly data: readonly bigint[] }
      readonly str_id?: { readonly data: readonly string[] }
    }
    readonly fields_data: readonly Column[]
  }
}

/** The hits of all queries one behind the other; `topks` says how many each has. */
async function answer(
  request: RestCall,
  model: CollectionModel,
  rpc: string,
  members: object,
): Promise<RestAnswer> {
  const { results } = (await request.rpc(rpc, members)) as SearchMessage
  const integer = (value: bigint | number): JsonValue => rowInteger(request, value)
  const scores = Array.from(results.scores)
  const keys = results.ids?.str_id?.data ?? results.ids?.int_id?.data.map(integer) ?? []
  const rows = rowsOf(results.fields_data, scores.length, integer)
  const hasOtherId = model.primaryKey.name !== 'id' && model.fields.has('id')
  const key = hasOtherId ? model.primaryKey.name : 'id'
  return {
    data: rows.map((row, at) => ({
      ...row,
      [key]: keys[at]!,
      distance: shortestFloat(Math.fround(scores[at]!)),
    })),
    topks: results.topks.map(Number),
    cost: 0,
  }
}
