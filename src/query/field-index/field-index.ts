import type { JsonValue } from '../../encoding/json.ts'
import type { FieldCondition } from '../filter.ts'
import type { PayloadIndexParams, PayloadIndexType } from '../payload-index.ts'
import { isArray, parsePath, valuesAt, type PathStep } from '../payload-path.ts'
import { RowBits } from './row-bits.ts'
import { createValueIndex, type Candidates, type ValueIndex } from './value-index.ts'

/** One declared field over the rows of one row set. Rows are only ever added, in order. */
export class FieldIndex {
  readonly type: PayloadIndexType
  readonly #steps: readonly PathStep[]
  readonly #values: ValueIndex
  readonly #present: number[] = []

  constructor(field: string, params: PayloadIndexParams) {
    this.type = params.type
    this.#steps = parsePath(field)
    this.#values = createValueIndex(params)
  }

  /** Rows that have at least one value of the index's type, ascending. */
  get present(): readonly number[] {
    return this.#present
  }

  add(row: number, payload: JsonValue): void {
    let isPresent = false
    for (const value of valuesAt(payload, this.#steps)) {
      for (const element of isArray(value) ? value : [value]) {
        if (this.#values.add(row, element)) isPresent = true
      }
    }
    if (isPresent) this.#present.push(row)
  }

  /** Undefined: the index cannot tell, every row must be tested. */
  candidates(condition: FieldCondition, rowCount: number): Candidates | undefined {
    // Several tests of one condition are alternatives: an index that knows one of them knows nothing.
    if (testCount(condition) !== 1) return undefined
    return this.#values.find(condition, rowCount)
  }

  /** Rows that hold nothing here may still hold values of another type. */
  withoutValue(rowCount: number): Candidates {
    const rows = new RowBits(rowCount)
    rows.addAll(this.#present)
    rows.invert()
    return { rows, isExact: false }
  }
}

function testCount(condition: FieldCondition): number {
  const { kind: _kind, path: _path, ...tests } = condition
  return Object.values(tests).filter((test) => test !== undefined).length
}
