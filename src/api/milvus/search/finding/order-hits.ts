import type { JsonValue } from '../../../../index.ts'
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
export function orderedHits(hits: readonly FoundHit[], order: readonly OrderField[]): readonly FoundHit[] {
  if (order.length === 0) return hits
  const rows = hits.map((hit) => {
    const payload = payloadOf(hit.point)
    return { hit, values: order.map(({ field }) => payload[field]) }
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

function compareValues(a: JsonValue | undefined, b: JsonValue | undefined, isDescending: boolean): number {
  const [left, right] = [comparable(a), comparable(b)]
  if (left === undefined || right === undefined)
    return Number(left === undefined) - Number(right === undefined)
  if (typeof left !== typeof right && (typeof left === 'string' || typeof right === 'string'))
    return typeof left === 'string' ? 1 : -1
  const difference = left < right ? -1 : Number(left > right)
  return isDescending ? -difference : difference
}

/** Numbers, texts, and whether something is true; nothing else has an order. */
function comparable(value: JsonValue | undefined): number | bigint | string | undefined {
  if (typeof value === 'boolean') return Number(value)
  return typeof value === 'number' || typeof value === 'bigint' || typeof value === 'string'
    ? value
    : undefined
}
