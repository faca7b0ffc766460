import type { JsonValue } from '../../encoding/json.ts'
import { parseUuid } from '../../ids/point-id.ts'
import { parseDatetime } from '../datetime.ts'
import type { FieldCondition, MatchValue, Range } from '../filter.ts'
import { geoPointOf } from '../geo.ts'
import type { PayloadIndexParams } from '../payload-index.ts'
import { parsePath, valuesAt, type PathStep } from '../payload-path.ts'
import { tokenize } from '../tokens.ts'
import { numberOf, wholeOf } from '../values.ts'
import { Postings, SortedValues } from './postings.ts'

/** Rows that may pass a condition; `isExact` if no other row is among them. */
export interface Candidates {
  readonly rows: Iterable<number>
  readonly isExact: boolean
}

/**
 * The values of one declared field over the rows of one segment, by value. Rows are only ever added. What it gives is
 * always a superset of the rows that pass; where it cannot help it says so.
 */
export class FieldIndex {
  readonly #params: PayloadIndexParams
  readonly #steps: readonly PathStep[]
  readonly #postings = new Postings()
  readonly #sorted = new SortedValues()
  readonly #present: number[] = []

  constructor(field: string, params: PayloadIndexParams) {
    this.#params = params
    this.#steps = parsePath(field)
  }

  /** Rows that have at least one value of the index's type, ascending. */
  get present(): readonly number[] {
    return this.#present
  }

  add(row: number, payload: JsonValue): void {
    let isPresent = false
    for (const value of valuesAt(payload, this.#steps)) {
      for (const element of Array.isArray(value) ? (value as readonly JsonValue[]) : [value]) {
        if (this.#addValue(row, element)) isPresent = true
      }
    }
    if (isPresent) this.#present.push(row)
  }

  /** Undefined: the index cannot tell, every row must be tested. */
  candidates(condition: FieldCondition): Candidates | undefined {
    // Several tests of one condition are alternatives: an index that knows one of them knows nothing.
    if (testCount(condition) !== 1) return undefined
    if (condition.match !== undefined) return this.#matching(condition.match)
    if (condition.range !== undefined) return this.#inRange(condition.range)
    if (condition.datetimeRange !== undefined) return this.#inDatetimeRange(condition.datetimeRange)
    const isGeo = condition.geoBoundingBox ?? condition.geoRadius ?? condition.geoPolygon
    if (isGeo !== undefined && this.#params.type === 'geo') return { rows: this.#present, isExact: false }
    return undefined
  }

  #addValue(row: number, value: JsonValue): boolean {
    switch (this.#params.type) {
      case 'keyword':
        return typeof value === 'string' && this.#post(value, row)
      case 'uuid':
        return typeof value === 'string' && this.#post(uuidKey(value), row)
      case 'bool':
        return typeof value === 'boolean' && this.#post(String(value), row)
      case 'integer':
        return this.#addInteger(row, wholeOf(value))
      case 'float':
        return this.#addSorted(row, numberOf(value))
      case 'datetime':
        return this.#addSorted(row, typeof value === 'string' ? parseDatetime(value) : undefined)
      case 'geo':
        return geoPointOf(value) !== undefined
      case 'text':
        if (typeof value !== 'string') return false
        for (const token of tokenize(value, this.#params, 'document')) this.#postings.add(token, row)
        return true
    }
  }

  #post(key: string | undefined, row: number): boolean {
    if (key === undefined) return false
    this.#postings.add(key, row)
    return true
  }

  #addInteger(row: number, value: number | bigint | undefined): boolean {
    if (value === undefined) return false
    this.#postings.add(String(value), row)
    return this.#addSorted(row, Number(value))
  }

  #addSorted(row: number, value: number | undefined): boolean {
    if (value === undefined) return false
    this.#sorted.add(value, row)
    return true
  }

  #matching(match: NonNullable<FieldCondition['match']>): Candidates | undefined {
    if ('value' in match) return this.#anyOf([match.value])
    if ('any' in match) return this.#anyOf(match.any)
    if (this.#params.type !== 'text') return undefined
    if ('text' in match || 'phrase' in match) {
      const tokens = tokenize('text' in match ? match.text : match.phrase, this.#params, 'query')
      return { rows: this.#rarest(tokens), isExact: false }
    }
    return undefined
  }

  #anyOf(values: readonly MatchValue[]): Candidates | undefined {
    const keys = values.map((value) => this.#keyOf(value))
    // A value of another type is no matter for this index: the predicate knows what it means.
    if (keys.some((key) => key === undefined)) return undefined
    const rows = new Set<number>()
    for (const key of keys) for (const row of this.#postings.rows(key!)) rows.add(row)
    return { rows, isExact: true }
  }

  #keyOf(value: MatchValue): string | undefined {
    switch (this.#params.type) {
      case 'keyword':
        return typeof value === 'string' ? value : undefined
      case 'uuid':
        return typeof value === 'string' ? uuidKey(value) : undefined
      case 'bool':
        return typeof value === 'boolean' ? String(value) : undefined
      case 'integer':
        return typeof value === 'number' || typeof value === 'bigint' ? String(value) : undefined
      default:
        return undefined
    }
  }

  /** Rows of the rarest token: all that could hold all of them. */
  #rarest(tokens: readonly string[]): readonly number[] {
    let best: readonly number[] | undefined
    for (const token of tokens) {
      const rows = this.#postings.rows(token)
      if (best === undefined || rows.length < best.length) best = rows
    }
    return best ?? []
  }

  #inRange(range: Range<number>): Candidates | undefined {
    if (this.#params.type !== 'integer' && this.#params.type !== 'float') return undefined
    // Integers beyond 2^53 are compared as doubles here; the predicate decides.
    return { rows: this.#sorted.rowsBetween(range.gt ?? range.gte, range.lt ?? range.lte), isExact: false }
  }

  #inDatetimeRange(range: Range<string>): Candidates | undefined {
    if (this.#params.type !== 'datetime') return undefined
    const bound = (text: string | undefined): number | undefined =>
      text === undefined ? undefined : parseDatetime(text)
    return {
      rows: this.#sorted.rowsBetween(bound(range.gt ?? range.gte), bound(range.lt ?? range.lte)),
      isExact: false,
    }
  }
}

function testCount(condition: FieldCondition): number {
  const { kind: _kind, path: _path, ...tests } = condition
  return Object.values(tests).filter((test) => test !== undefined).length
}

function uuidKey(text: string): string | undefined {
  const words = parseUuid(text)
  return words === undefined ? undefined : `${words.w0}:${words.w1}:${words.w2}:${words.w3}`
}
