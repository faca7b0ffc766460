import type { Collection } from '../../../../index.ts'
import { numericId } from '../../numeric-id.ts'
import { mapOf, type KeyValue } from '../../schema/messages.ts'
import { codes, invalidParameter, MilvusError } from '../../status.ts'

/** Rows that one answer may reach to. */
const windowMax = 16_384
const integer = /^[+-]?\d+$/

export interface QueryParameters {
  readonly limit: number | undefined
  /** Means nothing without a limit. */
  readonly offset: number
  readonly isIterator: boolean
}

/** What would change which rows are answered, or their order. */
const notThere = ['order_by_fields', 'group_by_fields']

/** @throws 10, 65535, 1100 */
export function queryParameters(pairs: readonly KeyValue[], collection: Collection): QueryParameters {
  const map = mapOf(pairs)
  checkCollection(map['collection_id'], collection)
  const refused = notThere.find((key) => (map[key] ?? '') !== '')
  if (refused !== undefined)
    throw new MilvusError(
      codes.unimplemented,
      `${refused} of a query is not supported by this server: service unimplemented`,
    )
  const isIterator = map['iterator']?.toLowerCase() === 'true'
  const { limit: given } = map
  if (given === undefined) return { limit: undefined, offset: 0, isIterator }
  const limit = integerOf('limit', given)
  if (limit <= 0) throw window(`limit [${limit}] is invalid, should be greater than 0`)
  const offset = map['offset'] === undefined ? 0 : integerOf('offset', map['offset'])
  if (offset < 0) throw window(`offset [${offset}] is invalid, should be gte than 0`)
  if (limit + offset > windowMax)
    throw window(`(offset+limit) should be in range [1, ${windowMax}], but got ${limit + offset}`)
  return { limit, offset, isIterator }
}

/** An iterator says which collection it began with: its name may be another's by now. */
function checkCollection(given: string | undefined, collection: Collection): void {
  if (given === undefined || given === '0' || given === String(numericId(collection.id))) return
  throw invalidParameter(`the collection ${collection.name} is another one than the iterator began with`)
}

const window = (what: string): MilvusError =>
  new MilvusError(codes.unexpected, `invalid max query result window, ${what}`)

function integerOf(name: string, text: string): number {
  if (integer.test(text) && Number.isSafeInteger(Number(text))) return Number(text)
  throw new MilvusError(codes.unexpected, `${name} [${text}] is invalid`)
}
