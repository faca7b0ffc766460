import type { JsonValue } from '../../../../index.ts'
import { mapOf, type KeyValue } from '../../schema/messages.ts'
import { codes, MilvusError } from '../../status.ts'
import { enumName } from '../../wire/messages.ts'
import type { Body } from '../body.ts'
import { missing } from '../rest-error.ts'
import { doing, done, named, type RestCall, type RestRoutes } from '../route.ts'

interface IndexDescription {
  readonly index_name: string
  readonly field_name: string
  readonly params: readonly KeyValue[]
  readonly state: number
  readonly total_rows: number | bigint
  readonly indexed_rows: number | bigint
  readonly pending_index_rows: number | bigint
  readonly index_state_fail_reason?: string
}

export const indexRoutes: RestRoutes = {
  '/indexes/list': async (request) => ({ data: (await describe(request, '')).map((one) => one.index_name) }),
  '/indexes/describe': async (request) => ({
    data: (await describe(request, request.body.neededText('indexName'))).map(indexOf),
  }),
  '/indexes/create': async (request) => {
    const indexes = request.body.bodies('indexParams').map(indexMembers)
    if (indexes.length === 0) throw missing('indexParams')
    for (const index of indexes) await request.rpc('CreateIndex', { ...named(request), ...index })
    return done
  },
  '/indexes/drop': doing('DropIndex', ofIndex),
  '/indexes/alter_properties': doing('AlterIndex', (request) => ({
    ...ofIndex(request),
    extra_params: request.body.body('properties').pairs(),
  })),
  '/indexes/drop_properties': doing('AlterIndex', (request) => ({
    ...ofIndex(request),
    delete_keys: request.body.texts('propertyKeys'),
  })),
}

function ofIndex(request: RestCall): object {
  return { ...named(request), index_name: request.body.neededText('indexName') }
}

/** A collection without any index has an empty list of them. */
async function describe(request: RestCall, name: string): Promise<readonly IndexDescription[]> {
  try {
    const answer = (await request.rpc('DescribeIndex', { ...named(request), index_name: name })) as {
      index_descriptions: readonly IndexDescription[]
    }
    return answer.index_descriptions
  } catch (error) {
    if (name === '' && error instanceof MilvusError && error.code === codes.indexNotFound) return []
    throw error
  }
}

function indexOf(one: IndexDescription): JsonValue {
  const params = mapOf(one.params)
  return {
    indexName: one.index_name,
    fieldName: one.field_name,
    indexType: params['index_type'] ?? '',
    metricType: params['metric_type'] ?? '',
    totalRows: Number(one.total_rows),
    indexedRows: Number(one.indexed_rows),
    pendingRows: Number(one.pending_index_rows),
    indexState: enumName('IndexState', one.state) ?? '',
    failReason: one.index_state_fail_reason ?? '',
  }
}

/** What a `CreateIndexRequest` says of one index. */
export function indexMembers(index: Body): {
  readonly field_name: string
  readonly index_name: string
  readonly extra_params: readonly KeyValue[]
} {
  const params = index.body('params')
  const type = index.text('indexType') || params.text('index_type')
  const metric = index.text('metricType')
  const others = params.pairs().filter(({ key }) => key !== 'index_type')
  return {
    field_name: index.neededText('fieldName'),
    index_name: index.text('indexName'),
    extra_params: [
      ...(type === '' ? [] : [{ key: 'index_type', value: type }]),
      ...(metric === '' ? [] : [{ key: 'metric_type', value: metric }]),
      ...others,
    ],
  }
}
