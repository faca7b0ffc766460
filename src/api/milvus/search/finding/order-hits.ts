import { parseMicroseconds, type JsonValue } from '../../../../index.ts'
import { payloadOf } from '../../rows/outgoing/result-columns.ts'
import type { CollectionModel } from '../../schema/collection-model.ts'
import { dataTypes, isVectorType } from '../../schema/data-types.ts'
import { invalidParameter } from '../../status.ts'
import type { FoundHit } from './find-hits.ts'
import type { OrderField } from '../request/search-params.ts'

/** @throws 1100 */
export function checkOrderFields(model: CollectionModel, order: readonly OrderField[]): void {
  for (const { field: name } of order) {
    const field = model.fields.get(name)
    if (field === undefined && !model.document.hasDynamicField)
      throw invalidParameter(`order_by field ${name} not found in schema`)
    const type = field?.type ?? dataTypes.JSON
    if (isVectorType(type) || type === dataTypes.Array)
      throw invalidParameter(`order_by field ${name} has a type that cannot be ordered by`)
  }
}

/** By values instead of scores; what has no value comes last. Their payloads must have been read. */
export function orderedHits(
  hits: readonly FoundHit[],
  order: readonly OrderField[],
  { fields }: CollectionModel,
): readonly FoundHit[] {
  if (order.length === 0) return hits
  const isTime = order.map(({ field }) => fields.get(field)?.type === dataTypes.Timestamptz)
  const rows = hits.map((hit) => {
    const payload = payloadOf(hit.point)
    return { hit, values: order.map(({ field }, at) => comparable(payload[field], isTime[at]!)) }
  })
  rows.sort((a, b) => {
    for (const [at, { isDescending }] of order.entries()) {
      const difference = compareValues(a.values[at], b.values[at], isDescending)
      if (difference !== 0) return difference
    }
    return 0
  })
  return rows.map(({ hit }) => hit)
}

function compareValues(left: Comparable, right: Comparable, isDescending: boolean): number {
  if (left === undefined || right === undefined)
    return Number(left === undefined) - Number(right === undefined)
  if (typeof left !== typeof right && (typeof left === 'string' || typeof right === 'string'))
    return typeof left === 'string' ? 1 : -1
  const difference = left < right ? -1 : Number(left > right)
  return isDescending ? -difference : difference
}

type Comparable = number | bigint | string | undefined

/** Numbers, texts, and whether something is true; nothing else has an order. */
function comparable(value: JsonValue | undefined, isTime: boolean): Comparable {
  if (isTime) return typeof value === 'string' ? parseMicroseconds(value) : undefined
  if (typeof value === 'boolean') return Number(value)
  return typeof value === 'number' || typeof value === 'bigint' || typeof value === 'string'
    ? value
    : undefined
}
