import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseJson, type JsonValue } from '../../encoding/json.ts'
import { wordsOfId } from '../../ids/point-id.ts'
import { compileFilter } from '../compile-filter.ts'
import type { Condition, FieldCondition, Filter } from '../filter.ts'
import type { PayloadIndexParams } from '../payload-index.ts'
import { FieldIndexes } from './field-indexes.ts'

const seed = 71_106

const uuid = '0000000a-aaaa-4bbb-8ccc-00000000000b'
const texts = ['red', 'Red', 'red fox', 'the quick fox', 'quick', '', uuid, uuid.toUpperCase(), 'é'] as const
const times = [
  '2024-03-01T12:00:00Z',
  '2024-03-01T14:00:00+02:00',
  '2023-01-01',
  '2024-03-01T12:00:60Z',
] as const
const integers = [
  -2,
  0,
  1,
  2,
  3,
  9_007_199_254_740_991,
  9_007_199_254_740_993n,
  -(2n ** 63n),
  2n ** 63n,
] as const

/** JSON texts, so that 1.0 and 1e3 are among the values. */
const scalarText = fc.oneof(
  fc.constantFrom(...texts, ...times).map((text) => JSON.stringify(text)),
  fc.constantFrom(...integers).map(String),
  fc.constantFrom('1.0', '2.5', '-0.0', '1e0', '1e20', 'true', 'false', 'null', '[]', '{}'),
  fc
    .tuple(fc.integer({ min: -91, max: 91 }), fc.integer({ min: -181, max: 181 }))
    .map(([lat, lon]) => `{"lat":${lat},"lon":${lon}}`),
)
const valueText = fc.oneof(
  { weight: 3, arbitrary: scalarText },
  { weight: 2, arbitrary: fc.array(scalarText, { maxLength: 3 }).map((items) => `[${items.join(',')}]`) },
)
const payloadText = fc
  .record(
    {
      a: valueText,
      b: valueText,
      pets: fc
        .array(fc.tuple(valueText, valueText), { maxLength: 3 })
        .map((pets) => `[${pets.map(([kind, age]) => `{"kind":${kind},"age":${age}}`).join(',')}]`),
    },
    { requiredKeys: [] },
  )
  .map(
    (members) =>
      `{${Object.entries(members)
        .map(([key, text]) => `"${key}":${text}`)
        .join(',')}}`,
  )

const matchValues = fc.constantFrom(...texts, ...integers)
const oneOf = fc.oneof(
  fc.array(fc.constantFrom(...texts), { maxLength: 3 }),
  fc.array(fc.constantFrom(...integers), { maxLength: 3 }),
)
const bound = fc.constantFrom(-2.5, -2, 0, 1, 1.5, 2, 3, 1e19, 9_007_199_254_740_992, 1.7e15)
const range = fc.record({ gt: bound, gte: bound, lt: bound, lte: bound }, { requiredKeys: [] })
const time = fc.constantFrom(...times)
const point = fc.record({ lat: fc.integer({ min: -90, max: 90 }), lon: fc.integer({ min: -180, max: 180 }) })
const phrases = fc.constantFrom('red', 'fox quick', 'quick fox', '', 'RED', 'e')

type Asked = Omit<FieldCondition, 'kind' | 'path'>
const ranges: fc.Arbitrary<Asked> = range.map((given) => ({ range: given }))
const datetimeRanges: fc.Arbitrary<Asked> = fc
  .record({ gt: time, gte: time, lt: time, lte: time }, { requiredKeys: [] })
  .map((datetimeRange) => ({ datetimeRange }))
const geoTests: fc.Arbitrary<Asked> = fc.oneof(
  fc.tuple(point, point).map(([topLeft, bottomRight]) => ({ geoBoundingBox: { topLeft, bottomRight } })),
  fc.constant({
    geoBoundingBox: { topLeft: { lat: 90, lon: -180 }, bottomRight: { lat: -90, lon: 180 } },
  }),
  fc.tuple(point, fc.integer({ min: -1, max: 20_100_000 })).map(([center, radius]) => ({
    geoRadius: { center, radius },
  })),
  fc.tuple(point, point, point).map(([a, b, c]) => ({ geoPolygon: { exterior: [a, b, c, a] } })),
)

const tests: fc.Arbitrary<Asked> = fc.oneof(
  matchValues.map((value) => ({ match: { value } })),
  fc.boolean().map((value) => ({ match: { value } })),
  oneOf.map((any) => ({ match: { any } })),
  oneOf.map((except) => ({ match: { except } })),
  phrases.map((text) => ({ match: { text } })),
  phrases.map((textAny) => ({ match: { textAny } })),
  phrases.map((phrase) => ({ match: { phrase } })),
  phrases.map((prefix) => ({ match: { prefix } })),
  ranges,
  datetimeRanges,
  geoTests,
  fc.record({ gte: fc.nat(3), lt: fc.nat(3) }, { requiredKeys: [] }).map((valuesCount) => ({ valuesCount })),
  fc.tuple(matchValues, range).map(([value, given]) => ({ match: { value }, range: given })),
  fc.boolean().map((isEmpty) => ({ isEmpty })),
  fc.boolean().map((isNull) => ({ isNull })),
)

const paths = ['a', 'b', 'a[]', 'pets[].kind', 'pets[].age', 'pets[0].kind'] as const
const innerPaths = ['kind', 'age'] as const

const { filter } = fc.letrec<{ filter: Filter; nested: Filter; condition: Condition; inner: Condition }>(
  (tie) => ({
    condition: fc.oneof(
      { maxDepth: 3, depthIdentifier: 'filters' },
      leaf(paths),
      tie('nested').map((inner): Condition => ({ kind: 'nested', path: 'pets', filter: inner })),
      fc.constant<Condition>({ kind: 'has-vector', name: 'v' }),
      fc.constant<Condition>({ kind: 'has-id', ids: [1, 4, 7] }),
      fc.constant<Condition>({ kind: 'slice', index: 1, total: 2 }),
      tie('filter').map((inner): Condition => ({ kind: 'filter', filter: inner })),
    ),
    inner: fc.oneof(
      { maxDepth: 3, depthIdentifier: 'filters' },
      leaf(innerPaths),
      fc.constant<Condition>({ kind: 'has-id', ids: [1] }),
      tie('nested').map((inner): Condition => ({ kind: 'filter', filter: inner })),
    ),
    filter: clauses(tie('condition')),
    nested: clauses(tie('inner')),
  }),
)

function leaf(of: readonly string[]): fc.Arbitrary<Condition> {
  const path = fc.constantFrom(...of)
  return fc.oneof(
    {
      weight: 6,
      arbitrary: fc.tuple(path, tests).map(([p, t]): Condition => ({ kind: 'field', path: p, ...t })),
    },
    { weight: 1, arbitrary: path.map((p): Condition => ({ kind: 'is-empty', path: p })) },
    { weight: 1, arbitrary: path.map((p): Condition => ({ kind: 'is-null', path: p })) },
  )
}

function clauses(condition: fc.Arbitrary<Condition>): fc.Arbitrary<Filter> {
  const list = fc.array(condition, { maxLength: 2 })
  return fc.record(
    {
      must: list,
      should: list,
      mustNot: list,
      minShould: fc.record({ conditions: fc.array(condition, { maxLength: 3 }), minCount: fc.nat(3) }),
    },
    { requiredKeys: [] },
  )
}

const textParams: fc.Arbitrary<PayloadIndexParams> = fc.record(
  {
    type: fc.constant('text' as const),
    tokenizer: fc.constantFrom('word', 'whitespace', 'prefix', 'multilingual'),
    lowercase: fc.boolean(),
    phraseMatching: fc.boolean(),
    asciiFolding: fc.boolean(),
    minTokenLength: fc.nat(4),
    stopwords: fc.constant(['RED']),
  },
  { requiredKeys: ['type'] },
)
const params: fc.Arbitrary<PayloadIndexParams> = fc.oneof(
  fc
    .constantFrom('keyword' as const, 'integer', 'float', 'bool', 'datetime', 'uuid', 'geo')
    .map((type): PayloadIndexParams => ({ type })),
  fc.record({ type: fc.constant('integer' as const), lookup: fc.boolean(), range: fc.boolean() }),
  textParams,
)
const declared = fc.dictionary(fc.constantFrom(...paths), params, { maxKeys: 4 })

function passing(
  given: Filter,
  indexes: Record<string, PayloadIndexParams>,
  payloads: JsonValue[],
): boolean[] {
  const predicate = compileFilter(given, { payloadIndexes: indexes })
  return payloads.map((payload, row) =>
    predicate.test({ id: wordsOfId(row), payload: () => payload, hasVector: () => row % 3 === 0 }),
  )
}

/** Compares candidates with the predicate on random payloads; counts how often there was something to compare. */
function check(
  questions: fc.Arbitrary<[Filter, Record<string, PayloadIndexParams>]>,
  numRuns: number,
): { helped: number; exact: number } {
  const seen = { helped: 0, exact: 0 }
  fc.assert(
    fc.property(
      fc.array(payloadText, { minLength: 1, maxLength: 40 }),
      questions,
      fc.nat(40),
      (payloadTexts, [given, indexes], firstCount) => {
        const payloads = payloadTexts.map((text) => parseJson(text))
        const expected = passing(given, indexes, payloads)
        const built = new FieldIndexes(indexes)
        // In two steps, with a question between: an index grows with its rows.
        built.extend(Math.min(firstCount, payloads.length), (row) => payloads[row]!)
        built.candidates(given, Math.min(firstCount, payloads.length))
        built.extend(payloads.length, (row) => payloads[row]!)
        for (const rowCount of [payloads.length, payloads.length >>> 1]) {
          const found = built.candidates(given, rowCount)
          if (found === undefined) continue
          seen.helped += 1
          if (found.exact) seen.exact += 1
          expect(found.bitset.length).toBe((rowCount + 31) >>> 5)
          const wrong = Array.from({ length: found.bitset.length * 32 }, (_, row) => row).filter((row) => {
            if (row >= rowCount) return has(found.bitset, row)
            return found.exact
              ? has(found.bitset, row) !== expected[row]
              : expected[row]! && !has(found.bitset, row)
          })
          expect(wrong).toEqual([])
        }
      },
    ),
    { seed, numRuns },
  )
  return seen
}

const has = (bitset: Uint32Array, row: number): boolean => ((bitset[row >>> 5]! >>> (row & 31)) & 1) === 1

describe('FieldIndexes', () => {
  test('candidates and predicate together find what the predicate alone finds', () => {
    const seen = check(fc.tuple(filter, declared), 2_000)
    // The property would hold for an index that never helps.
    expect(seen.helped).toBeGreaterThan(500)
  })

  test('where candidates are said to be exact, they are', () => {
    const fitting = (indexes: fc.Arbitrary<PayloadIndexParams>, ...asked: fc.Arbitrary<Asked>[]) =>
      fc.tuple(
        clauses(fc.oneof(...asked).map((test): Condition => ({ kind: 'field', path: 'a', ...test }))),
        indexes.map((one) => ({ a: one })),
      )
    const typed = (type: PayloadIndexParams['type']): fc.Arbitrary<PayloadIndexParams> =>
      fc.constant({ type })
    const someTexts = fc.array(fc.constantFrom(...texts), { maxLength: 3 }).map((any) => ({ match: { any } }))
    const someIntegers = fc.array(fc.constantFrom(...integers), { maxLength: 3 })
    const onA = fc.oneof(
      fitting(typed('keyword'), someTexts),
      // With tests beside them that the index does not know.
      fitting(
        typed('keyword'),
        someTexts,
        phrases.map((prefix) => ({ match: { prefix } })),
        fc.tuple(someTexts, ranges).map(([match, given]) => ({ ...match, ...given })),
      ),
      fitting(typed('uuid'), fc.constantFrom<Asked>({ match: { value: uuid } }, { match: { any: [] } })),
      fitting(
        typed('bool'),
        fc.boolean().map((value) => ({ match: { value } })),
      ),
      fitting(
        typed('integer'),
        someIntegers.map((any) => ({ match: { any } })),
        ranges,
      ),
      fitting(typed('float'), ranges),
      fitting(typed('datetime'), ranges, datetimeRanges),
      fitting(typed('geo'), geoTests),
      fitting(
        textParams.map((one) => ({ ...one, phraseMatching: true })),
        phrases.map((text) => ({ match: { text } })),
        phrases.map((textAny) => ({ match: { textAny } })),
        phrases.map((phrase) => ({ match: { phrase } })),
      ),
      fc.tuple(
        clauses(someTexts.map((test): Condition => ({ kind: 'field', path: 'kind', ...test }))).map(
          (inner): Filter => ({ must: [{ kind: 'nested', path: 'pets', filter: inner }] }),
        ),
        typed('keyword').map((one) => ({ 'pets[].kind': one })),
      ),
    )
    const seen = check(onA, 2_000)
    expect(seen.exact).toBeGreaterThan(500)
  })

  const payloads = Array.from({ length: 3_000 }, (_, i): JsonValue => ({
    n: (i * 7) % 1_000,
    k: `k${i % 10}`,
  }))
  const build = (upTo: number): FieldIndexes => {
    const indexes = new FieldIndexes({ n: { type: 'integer' }, k: { type: 'keyword' } })
    // Grows in uneven steps, asked in between, so that sorted and unsorted parts both answer.
    for (let count = 0; count <= upTo; count += 137) {
      indexes.extend(count, (row) => payloads[row]!)
      indexes.candidates({ must: [{ kind: 'field', path: 'n', range: { gte: 3 } }] }, count)
    }
    indexes.extend(upTo, (row) => payloads[row]!)
    return indexes
  }
  const count = (bitset: Uint32Array): number =>
    Array.from({ length: payloads.length }, (_, row) => has(bitset, row)).filter(Boolean).length

  test('a range over thousands of rows is exact, whatever was asked while it grew', () => {
    const found = build(3_000).candidates(
      { must: [{ kind: 'field', path: 'n', range: { gt: 99, lte: 200 } }] },
      3_000,
    )
    expect(found?.exact).toBe(true)
    expect(count(found!.bitset)).toBe(303)
  })

  test('what must not be is taken away where it is known exactly', () => {
    const isK1: Condition = { kind: 'field', path: 'k', match: { value: 'k1' } }
    const found = build(3_000).candidates({ mustNot: [isK1] }, 3_000)
    expect(found?.exact).toBe(true)
    expect(count(found!.bitset)).toBe(2_700)
    const unknown: Condition = { kind: 'field', path: 'k', match: { prefix: 'k' } }
    expect(build(3_000).candidates({ mustNot: [unknown] }, 3_000)).toBeUndefined()
  })

  test('an alternative that no index knows makes all rows candidates', () => {
    const known: Condition = { kind: 'field', path: 'k', match: { value: 'k1' } }
    const unknown: Condition = { kind: 'has-vector', name: 'v' }
    expect(build(100).candidates({ should: [known, unknown] }, 100)).toBeUndefined()
    expect(build(100).candidates({ must: [known, unknown] }, 100)?.exact).toBe(false)
  })

  test('bounds beside integers beyond 2^53 lose none of them', () => {
    const rows: JsonValue[] = [9_007_199_254_740_991, 9_007_199_254_740_992n, 9_007_199_254_740_993n].map(
      (a) => ({ a }),
    )
    const indexes = new FieldIndexes({ a: { type: 'integer' } })
    indexes.extend(rows.length, (row) => rows[row]!)
    const above: Filter = { must: [{ kind: 'field', path: 'a', range: { gt: 9_007_199_254_740_992 } }] }
    expect(passing(above, { a: { type: 'integer' } }, rows)).toEqual([false, false, true])
    const found = indexes.candidates(above, rows.length)!
    expect(has(found.bitset, 2)).toBe(true)
    expect(found.exact).toBe(false)
  })

  test('words of a phrase that stand apart make a candidate, no more', () => {
    const indexes = new FieldIndexes({ a: { type: 'text', phraseMatching: true } })
    indexes.extend(2, (row) => ({ a: row === 0 ? 'the quick fox' : 'fox quick' }))
    const found = indexes.candidates(
      { must: [{ kind: 'field', path: 'a', match: { phrase: 'fox quick' } }] },
      2,
    )
    expect(found).toEqual({ bitset: Uint32Array.of(0b11), exact: false })
  })

  test('of several conditions those that no index knows may hold everywhere', () => {
    const is = (value: string): Condition => ({ kind: 'field', path: 'k', match: { value } })
    const unknown: Condition = { kind: 'has-vector', name: 'v' }
    const of = (conditions: Condition[], minCount: number) =>
      build(100).candidates({ minShould: { conditions, minCount } }, 100)
    expect(of([is('k1'), is('k2'), unknown], 1)).toBeUndefined()
    const two = of([is('k1'), is('k2'), unknown], 2)!
    expect(two.exact).toBe(false)
    expect(count(two.bitset)).toBe(20)
    const known = of([is('k1'), is('k1')], 2)!
    expect(known.exact).toBe(true)
    expect(count(known.bitset)).toBe(10)
  })

  test('counts the points that have a value of the type', () => {
    const indexes = new FieldIndexes({ a: { type: 'integer' } })
    const rows: JsonValue[] = [{ a: 1 }, { a: 'x' }, { a: [2, 3] }, {}, { a: null }]
    indexes.extend(rows.length, (row) => rows[row]!)
    expect(indexes.pointsWithValue('a', Uint32Array.of(0b11111))).toBe(2)
    expect(indexes.pointsWithValue('a', Uint32Array.of(0b00011))).toBe(1)
    expect(indexes.pointsWithValue('b', Uint32Array.of(0b11111))).toBe(0)
  })
})
