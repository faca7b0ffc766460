import type { JsonValue } from '../../encoding/json.ts'
import { parseDatetime } from '../datetime.ts'
import type { FieldCondition, Match, Range } from '../filter.ts'
import { earthPointOf, latitudeBounds, pointTests } from '../geo.ts'
import { uuidKey, uuidsOf } from '../match.ts'
import type { PayloadIndexParams } from '../payload-index.ts'
import { microsRange } from '../range.ts'
import { tokenize } from '../tokens.ts'
import { canonicalInteger, numberOf, wholeOf } from '../values.ts'
import { Postings, type PostingKey } from './postings.ts'
import { RowBits } from './row-bits.ts'
import { SortedValues } from './sorted-values.ts'

/** Rows that may pass a condition; if `isExact`, every one of them does. */
export interface Candidates {
  readonly rows: RowBits
  readonly isExact: boolean
}

/** The values of one type, by value. What it gives is never less than what passes. */
export interface ValueIndex {
  /** Takes in one value (of an array, one element); false if the index does not hold such values. */
  add(row: number, value: JsonValue): boolean
  /** For a condition of one test; undefined if the index cannot tell. */
  find(condition: FieldCondition, rowCount: number): Candidates | undefined
}

export function createValueIndex(params: PayloadIndexParams): ValueIndex {
  switch (params.type) {
    case 'keyword':
      return new KeyIndex((value) => (typeof value === 'string' ? value : undefined), keywordsOf)
    case 'uuid':
      return new KeyIndex((value) => (typeof value === 'string' ? uuidKey(value) : undefined), uuidKeysOf)
    case 'bool':
      return new KeyIndex((value) => (typeof value === 'boolean' ? value : undefined), booleansOf)
    case 'integer':
      return new IntegerIndex(params)
    case 'float':
      return new NumberIndex(numberOf, (condition) => condition.range)
    case 'datetime':
      return new NumberIndex(
        (value) => (typeof value === 'string' ? parseDatetime(value) : undefined),
        ({ range, datetimeRange }) => (datetimeRange === undefined ? range : microsRange(datetimeRange)),
      )
    case 'text':
      return new TextIndex(params)
    case 'geo':
      return new GeoIndex()
  }
}

type KeysOf = (match: Match) => Iterable<PostingKey> | undefined

/** Values that are asked for one by one. */
class KeyIndex implements ValueIndex {
  readonly #postings = new Postings()
  readonly #read: (value: JsonValue) => PostingKey | undefined
  readonly #keysOf: KeysOf

  /** `keysOf`: the keys that a match asks for; undefined if the index has no say in it. */
  constructor(read: (value: JsonValue) => PostingKey | undefined, keysOf: KeysOf) {
    this.#read = read
    this.#keysOf = keysOf
  }

  add(row: number, value: JsonValue): boolean {
    const key = this.#read(value)
    if (key === undefined) return false
    this.#postings.add(key, row)
    return true
  }

  find({ match }: FieldCondition, rowCount: number): Candidates | undefined {
    const keys = match === undefined ? undefined : this.#keysOf(match)
    if (keys === undefined) return undefined
    const rows = new RowBits(rowCount)
    for (const key of keys) this.#postings.addTo(rows, key)
    return { rows, isExact: true }
  }
}

type Listed = readonly (string | number | bigint | boolean)[]

function listedIn(match: Match): Listed | undefined {
  if ('value' in match) return [match.value]
  return 'any' in match ? match.any : undefined
}

function keywordsOf(match: Match): Iterable<PostingKey> | undefined {
  const listed = listedIn(match)
  return listed?.every((item) => typeof item === 'string') === true ? listed : undefined
}

function uuidKeysOf(match: Match): Iterable<PostingKey> | undefined {
  const listed = listedIn(match)
  return listed?.every((item) => typeof item === 'string') === true ? uuidsOf(listed) : undefined
}

function booleansOf(match: Match): Iterable<PostingKey> | undefined {
  const listed = listedIn(match)
  return listed?.every((item) => typeof item === 'boolean') === true ? listed : undefined
}

function integersOf(match: Match): Iterable<PostingKey> | undefined {
  const listed = listedIn(match)
  const keys: PostingKey[] = []
  for (const item of listed ?? []) {
    if (typeof item !== 'number' && typeof item !== 'bigint') return undefined
    const key = canonicalInteger(item)
    if (key !== undefined) keys.push(key)
  }
  return listed === undefined ? undefined : keys
}

/** Values that are asked for by range. */
class NumberIndex implements ValueIndex {
  readonly #sorted = new SortedValues()
  readonly #read: (value: JsonValue) => number | undefined
  readonly #rangeOf: (condition: FieldCondition) => Range<number> | undefined

  constructor(
    read: (value: JsonValue) => number | undefined,
    rangeOf: (condition: FieldCondition) => Range<number> | undefined,
  ) {
    this.#read = read
    this.#rangeOf = rangeOf
  }

  add(row: number, value: JsonValue): boolean {
    const number = this.#read(value)
    if (number === undefined) return false
    this.#sorted.add(number, row)
    return true
  }

  find(condition: FieldCondition, rowCount: number): Candidates | undefined {
    const range = this.#rangeOf(condition)
    if (range === undefined) return undefined
    return { rows: this.#sorted.rowsIn(range, rowCount), isExact: true }
  }
}

class IntegerIndex implements ValueIndex {
  readonly #keys: KeyIndex | undefined
  readonly #numbers: NumberIndex | undefined
  #areAllSafe = true

  constructor(params: PayloadIndexParams) {
    // Where one of the two is switched off, the tests read the payload as if there were no index.
    this.#keys = params.lookup === false ? undefined : new KeyIndex(wholeOf, integersOf)
    this.#numbers = params.range === false ? undefined : new NumberIndex(wholeNumberOf, (c) => c.range)
  }

  add(row: number, value: JsonValue): boolean {
    const integer = wholeOf(value)
    if (integer === undefined) return false
    if (typeof integer === 'bigint') this.#areAllSafe = false
    this.#keys?.add(row, value)
    this.#numbers?.add(row, value)
    return true
  }

  find(condition: FieldCondition, rowCount: number): Candidates | undefined {
    const keys = this.#keys?.find(condition, rowCount)
    if (keys !== undefined) return keys
    const range = condition.range
    if (range === undefined || this.#areAllSafe) return this.#numbers?.find(condition, rowCount)
    // Beyond 2^53 integers lie here as doubles: a bound may fall on one that is not it.
    const rows = this.#numbers?.find({ ...condition, range: withEdges(range) }, rowCount)?.rows
    return rows === undefined ? undefined : { rows, isExact: false }
  }
}

function wholeNumberOf(value: JsonValue): number | undefined {
  const integer = wholeOf(value)
  return integer === undefined ? undefined : Number(integer)
}

function withEdges({ gt, gte, lt, lte }: Range<number>): Range<number> {
  const low = gt === undefined || gte === undefined ? (gt ?? gte) : Math.max(gt, gte)
  const high = lt === undefined || lte === undefined ? (lt ?? lte) : Math.min(lt, lte)
  return { ...(low === undefined ? {} : { gte: low }), ...(high === undefined ? {} : { lte: high }) }
}

class TextIndex implements ValueIndex {
  readonly #params: PayloadIndexParams
  readonly #postings = new Postings()

  constructor(params: PayloadIndexParams) {
    this.#params = params
  }

  add(row: number, value: JsonValue): boolean {
    if (typeof value !== 'string') return false
    for (const token of tokenize(value, this.#params, 'document')) this.#postings.add(token, row)
    return true
  }

  find({ match }: FieldCondition, rowCount: number): Candidates | undefined {
    if (match === undefined) return undefined
    if ('text' in match)
      return { rows: this.#all(this.#tokens(match.text, 'query'), rowCount), isExact: true }
    if ('phrase' in match) {
      return { rows: this.#all(this.#tokens(match.phrase, 'document'), rowCount), isExact: false }
    }
    if (!('textAny' in match)) return undefined
    const rows = new RowBits(rowCount)
    for (const token of this.#tokens(match.textAny, 'query')) this.#postings.addTo(rows, token)
    return { rows, isExact: true }
  }

  #tokens(text: string, purpose: 'query' | 'document'): string[] {
    return [...new Set(tokenize(text, this.#params, purpose))]
  }

  /** Rows with all of the tokens; without tokens none, as in the test. */
  #all(tokens: string[], rowCount: number): RowBits {
    tokens.sort((a, b) => this.#postings.count(a) - this.#postings.count(b))
    const found = new RowBits(rowCount)
    tokens.forEach((token, index) => {
      const rows = index === 0 ? found : new RowBits(rowCount)
      this.#postings.addTo(rows, token)
      if (index > 0) found.and(rows)
    })
    return found
  }
}

/** Points by latitude; the few between two latitudes are tested one by one. */
class GeoIndex implements ValueIndex {
  readonly #byLatitude = new SortedValues()
  readonly #rows: number[] = []
  readonly #lons: number[] = []
  readonly #lats: number[] = []

  add(row: number, value: JsonValue): boolean {
    const point = earthPointOf(value)
    if (point === undefined) return false
    this.#byLatitude.add(point.lat, this.#rows.length)
    this.#rows.push(row)
    this.#lons.push(point.lon)
    this.#lats.push(point.lat)
    return true
  }

  find(condition: FieldCondition, rowCount: number): Candidates | undefined {
    const [test] = pointTests(condition, true)
    if (test === undefined) return undefined
    const { south, north } = latitudeBounds(condition)
    const rows = new RowBits(rowCount)
    this.#byLatitude.forEachIn({ gte: south, lte: north }, (at) => {
      if (test({ lon: this.#lons[at]!, lat: this.#lats[at]! })) rows.add(this.#rows[at]!)
    })
    return { rows, isExact: true }
  }
}
