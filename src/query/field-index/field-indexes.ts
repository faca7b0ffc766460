import type { JsonValue } from '../../encoding/json.ts'
import { nestedPath } from '../compile-filter.ts'
import type { RowExpression } from '../expression/expression.ts'
import type { Condition, Filter } from '../filter.ts'
import type { PayloadIndexParams } from '../payload-index.ts'
import { parsePath } from '../payload-path.ts'
import { conditionOf, pathOf } from './expression-condition.ts'
import { FieldIndex } from './field-index.ts'
import { RowBits } from './row-bits.ts'
import type { Candidates } from './value-index.ts'

/** Rows as a bitset: bit row & 31 of word row >>> 5. */
export interface RowCandidates {
  readonly bitset: Uint32Array
  /** True if every row of it passes; otherwise it is a superset of those that pass. */
  readonly exact: boolean
}

/** The indexes of all declared fields over one row set. Derived data: it decides how fast, never what, a filter finds. */
export class FieldIndexes {
  readonly #fields: ReadonlyMap<string, FieldIndex>
  // By their keys, which is how expressions name a field.
  readonly #byPath = new Map<string, FieldIndex>()
  #rowCount = 0

  constructor(declared: Readonly<Record<string, PayloadIndexParams>>) {
    this.#fields = new Map(
      Object.entries(declared).map(([field, params]) => [field, new FieldIndex(field, params)]),
    )
    for (const [field, index] of this.#fields) {
      const steps = parsePath(field)
      if (steps.every((step) => 'key' in step))
        this.#byPath.set(JSON.stringify(steps.map(({ key }) => key)), index)
    }
  }

  /** Rows that were taken in so far. */
  get rowCount(): number {
    return this.#rowCount
  }

  /** Takes in the rows that came since the last call. */
  extend(rowCount: number, payloadAt: (row: number) => JsonValue): void {
    for (let row = this.#rowCount; row < rowCount; row++) {
      const payload = payloadAt(row)
      for (const index of this.#fields.values()) index.add(row, payload)
      this.#rowCount = row + 1
    }
  }

  /** Of the first `rowCount` rows, those that may pass the filter; undefined if no index helps. */
  candidates(filter: Filter, rowCount: number): RowCandidates | undefined {
    const found = this.#filter(filter, '', rowCount)
    return found === undefined ? undefined : { bitset: found.rows.words, exact: found.isExact }
  }

  /** Of the rows in the bitset, how many have a value of the index's type. */
  pointsWithValue(field: string, rows: Uint32Array): number {
    let count = 0
    for (const row of this.#fields.get(field)?.present ?? []) {
      if (row >>> 5 < rows.length && ((rows[row >>> 5]! >>> (row & 31)) & 1) === 1) count += 1
    }
    return count
  }

  /** `prefix`: what the paths begin with inside of a nested filter. */
  #filter(filter: Filter, prefix: string, rowCount: number): Candidates | undefined {
    const parts: (Candidates | undefined)[] = []
    const find = (condition: Condition): Candidates | undefined => this.#one(condition, prefix, rowCount)
    for (const condition of filter.must ?? []) parts.push(find(condition))
    if (filter.should !== undefined && filter.should.length > 0) {
      parts.push(anyOf(filter.should.map(find), rowCount))
    }
    for (const condition of filter.mustNot ?? []) {
      // A row is out only if it is known to pass; in a nested filter another element of it may still do.
      parts.push(prefix === '' ? allBut(find(condition)) : undefined)
    }
    const { conditions, minCount } = filter.minShould ?? { conditions: [], minCount: 0 }
    if (minCount > 0) parts.push(enoughOf(conditions.map(find), minCount, rowCount))
    return allOf(parts)
  }

  #one(condition: Condition, prefix: string, rowCount: number): Candidates | undefined {
    switch (condition.kind) {
      case 'filter':
        return this.#filter(condition.filter, prefix, rowCount)
      case 'nested': {
        const found = this.#filter(condition.filter, `${prefix}${nestedPath(condition.path)}.`, rowCount)
        return found === undefined ? undefined : { rows: found.rows, isExact: false }
      }
      case 'field':
        return this.#fields.get(prefix + condition.path)?.candidates(condition, rowCount)
      case 'is-empty':
        return prefix === '' ? this.#fields.get(condition.path)?.withoutValue(rowCount) : undefined
      case 'expression':
        return prefix === '' ? this.#expression(condition.expression, rowCount) : undefined
      default:
        return undefined
    }
  }

  /** Never exact: an index also holds values that the expression does not take for the field's. */
  #expression(expression: RowExpression, rowCount: number): Candidates | undefined {
    switch (expression.kind) {
      case 'and':
        return inexact(allOf(expression.operands.map((one) => this.#expression(one, rowCount))))
      case 'or':
        return inexact(
          anyOf(
            expression.operands.map((one) => this.#expression(one, rowCount)),
            rowCount,
          ),
        )
      default: {
        const path = pathOf(expression)
        const index = path === undefined ? undefined : this.#byPath.get(JSON.stringify(path))
        const condition = index === undefined ? undefined : conditionOf(expression, index.type)
        return condition === undefined ? undefined : inexact(index!.candidates(condition, rowCount))
      }
    }
  }
}

function inexact(part: Candidates | undefined): Candidates | undefined {
  return part === undefined ? undefined : { rows: part.rows, isExact: false }
}

/** What is unknown is all rows: the rest still narrows, but is no longer exact. */
function allOf(parts: readonly (Candidates | undefined)[]): Candidates | undefined {
  let rows: RowBits | undefined
  let isExact = true
  for (const part of parts) {
    if (part === undefined) isExact = false
    else {
      isExact &&= part.isExact
      if (rows === undefined) rows = part.rows
      else rows.and(part.rows)
    }
  }
  return rows === undefined ? undefined : { rows, isExact }
}

function anyOf(parts: readonly (Candidates | undefined)[], rowCount: number): Candidates | undefined {
  const rows = new RowBits(rowCount)
  let isExact = true
  for (const part of parts) {
    if (part === undefined) return undefined
    rows.or(part.rows)
    isExact &&= part.isExact
  }
  return { rows, isExact }
}

function allBut(part: Candidates | undefined): Candidates | undefined {
  if (part?.isExact !== true) return undefined
  part.rows.invert()
  return part
}

function enoughOf(
  parts: readonly (Candidates | undefined)[],
  minCount: number,
  rowCount: number,
): Candidates | undefined {
  const known = parts.filter((part) => part !== undefined)
  const isExact = known.length === parts.length && known.every((part) => part.isExact)
  // Each unknown one may count for every row.
  const least = minCount - (parts.length - known.length)
  if (least <= 0) return undefined
  const rows = new RowBits(rowCount)
  for (let row = 0; row < rowCount; row++) {
    let count = 0
    for (const part of known) if (part.rows.has(row)) count += 1
    if (count >= least) rows.add(row)
  }
  return { rows, isExact }
}
