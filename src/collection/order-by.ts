import { DatabaseError } from '../errors/database-error.ts'
import { compareWords, type IdWords } from '../ids/point-id.ts'
import { orderKeyOf, orderValues, type OrderValue } from '../query/order-value.ts'
import type { Slices } from '../runtime/slices.ts'
import type { RowSet } from '../segment/row-set.ts'
import { rowsOf } from './matching.ts'
import { payloadValue } from './row-cursor.ts'
import type { OrderBy } from './types.ts'
import type { PayloadIndexParams } from '../query/payload-index.ts'

interface Item {
  readonly rows: RowSet
  readonly row: number
  readonly value: number | bigint | string
  readonly key: number | bigint
}

const heldMin = 1_024

/**
 * The first `limit` rows by a payload value; every value of an array is an item of its own.
 * @throws request-invalid if the field has no integer, float or datetime index
 */
export async function orderedPage(
  sources: readonly { readonly rows: RowSet; readonly bits: Uint32Array }[],
  orderBy: OrderBy,
  declared: Readonly<Record<string, PayloadIndexParams>>,
  limit: number,
  slices: Slices,
): Promise<Item[]> {
  const type = declared[orderBy.path]?.type
  if (type !== 'integer' && type !== 'float' && type !== 'datetime') {
    const text = `Cannot order by "${orderBy.path}": it needs an integer, float or datetime index`
    throw new DatabaseError('request-invalid', text, { path: orderBy.path, reason: 'no-range-index' })
  }
  const descending = orderBy.direction === 'desc'
  const start = orderBy.startFrom === undefined ? undefined : orderKeyOf(orderBy.startFrom, type)
  const items: Item[] = []
  const keepBest = (): void => {
    items.sort((a, b) => compare(a, b, descending)).splice(limit)
  }
  for (const { rows, bits } of sources) {
    for (const row of rowsOf(bits)) {
      if (slices.isDue()) await slices.pause()
      // Sorting them all in the end would take as long as reading them, in one go.
      if (items.length >= 2 * limit + heldMin) keepBest()
      for (const found of orderValues(payloadValue(rows, row), orderBy.path, type)) {
        if (isBefore(found, start, descending)) continue
        items.push({ rows, row, value: found.value, key: found.key })
      }
    }
  }
  keepBest()
  return items
}

function isBefore(found: OrderValue, start: number | bigint | undefined, descending: boolean): boolean {
  return start !== undefined && (descending ? found.key > start : found.key < start)
}

const left: IdWords = { kind: 0, w0: 0, w1: 0, w2: 0, w3: 0 }
const right: IdWords = { kind: 0, w0: 0, w1: 0, w2: 0, w3: 0 }

function compare(a: Item, b: Item, descending: boolean): number {
  if (a.key !== b.key) return a.key < b.key === descending ? 1 : -1
  a.rows.idAt(a.row, left)
  b.rows.idAt(b.row, right)
  return compareWords(left, right)
}
