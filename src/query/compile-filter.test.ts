import { describe, expect, test } from 'vitest'
import { parseJson } from '../encoding/json.ts'
import { wordsOfId } from '../ids/point-id.ts'
import { compileFilter } from './compile-filter.ts'
import type { Condition, FieldCondition, Filter } from './filter.ts'
import type { PayloadIndexParams } from './payload-index.ts'

type Indexes = Readonly<Record<string, PayloadIndexParams>>
type Tests = Omit<FieldCondition, 'kind' | 'path'>

const at = (path: string, tests: Tests): Condition => ({ kind: 'field', path, ...tests })
const is = (path: string, value: string | number | bigint | boolean): Condition =>
  at(path, { match: { value } })

/** Which of the payloads (JSON texts) pass; ids count from 1. */
function passing(payloads: readonly string[], filter: Filter | Condition, indexes: Indexes = {}): number[] {
  const whole = 'kind' in filter ? { must: [filter] } : filter
  const predicate = compileFilter(whole, { payloadIndexes: indexes })
  return payloads.flatMap((text, i) => {
    const payload = parseJson(text)
    const row = {
      id: wordsOfId(i + 1),
      payload: () => payload,
      hasVector: (name: string) => name === `v${i + 1}`,
    }
    return predicate.test(row) ? [i + 1] : []
  })
}

describe('clauses', () => {
  const books = ['{"g":"crime","s":true}', '{"g":"crime","s":false}', '{"g":"poetry","s":true}', '{}']
  const crime = is('g', 'crime')
  const inStock = is('s', true)

  test.each<[string, Filter, number[]]>([
    ['nothing asked', {}, [1, 2, 3, 4]],
    ['an empty list of alternatives', { should: [] }, [1, 2, 3, 4]],
    ['all', { must: [crime, inStock] }, [1]],
    ['any', { should: [crime, inStock] }, [1, 2, 3]],
    ['none', { mustNot: [crime, inStock] }, [4]],
    ['together', { must: [inStock], should: [crime, is('g', 'travel')], mustNot: [is('s', false)] }, [1]],
    ['at least two', { minShould: { conditions: [crime, inStock, is('g', 'poetry')], minCount: 2 } }, [1, 3]],
    ['at least one of none', { minShould: { conditions: [], minCount: 1 } }, []],
    ['at least none', { minShould: { conditions: [], minCount: 0 } }, [1, 2, 3, 4]],
    ['filters in filters', { mustNot: [{ kind: 'filter', filter: { must: [crime, inStock] } }] }, [2, 3, 4]],
  ])('%s', (_, filter, expected) => {
    expect(passing(books, filter)).toEqual(expected)
  })

  test('tests of one condition are alternatives', () => {
    expect(
      passing(['{"n":120}', '{"n":300}', '{"n":5}'], at('n', { match: { value: 120 }, range: { gt: 200 } })),
    ).toEqual([1, 2])
  })

  test('a condition without a test is refused', () => {
    expect(() => compileFilter({ must: [at('n', {})] }, { payloadIndexes: {} })).toThrow(/has no test/)
  })
})

describe('ids, vectors, slices', () => {
  const three = ['{}', '{}', '{}']

  test('ids and vectors', () => {
    expect(passing(three, { kind: 'has-id', ids: [1, 3n, 99] })).toEqual([1, 3])
    expect(passing(three, { kind: 'has-id', ids: [] })).toEqual([])
    expect(passing(three, { kind: 'has-vector', name: 'v2' })).toEqual([2])
    expect(() => passing(three, { kind: 'has-id', ids: ['no uuid'] })).toThrow(/no point id/)
    expect(() => passing(three, { kind: 'slice', index: 2, total: 2 })).toThrow(/no slice/)
  })

  test('inside of a nested filter there are none of them', () => {
    const nested = (filter: Filter): Condition => ({ kind: 'nested', path: 'a', filter })
    const rows = ['{"a":[{"b":1}]}']
    expect(passing(rows, nested({ must: [{ kind: 'has-id', ids: [1] }] }))).toEqual([])
    expect(passing(rows, nested({ must: [{ kind: 'has-vector', name: 'v1' }] }))).toEqual([])
    expect(passing(rows, nested({ must: [{ kind: 'slice', index: 0, total: 1 }] }))).toEqual([])
    expect(passing(rows, nested({ mustNot: [{ kind: 'has-id', ids: [1] }] }))).toEqual([1])
  })
})

describe('match', () => {
  const values = [
    '"red"',
    '["red","blue"]',
    '[["red"]]',
    '7',
    '7.0',
    '9007199254740993',
    '"7"',
    'true',
    'null',
    '7.5',
  ]
  const rows = values.map((value) => `{"v":${value}}`)
  const integer: Indexes = { v: { type: 'integer' } }
  const keyword: Indexes = { v: { type: 'keyword' } }

  test('a value, or an element of an array; arrays in arrays are not opened', () => {
    expect(passing(rows, is('v', 'red'))).toEqual([1, 2])
    expect(passing(rows, is('v', true))).toEqual([8])
    expect(passing(rows, is('v', '7'))).toEqual([7])
  })

  test('integers match as they are written; beyond 2^53 exactly', () => {
    expect(passing(rows, is('v', 7))).toEqual([4])
    expect(passing(rows, is('v', 9_007_199_254_740_993n))).toEqual([6])
    expect(passing(rows, is('v', 9_007_199_254_740_992n))).toEqual([])
    const edges = ['{"v":-9223372036854775808}', '{"v":9223372036854775807}', '{"v":9223372036854775808}']
    expect(passing(edges, is('v', -(2n ** 63n)))).toEqual([1])
    expect(passing(edges, at('v', { match: { any: [2n ** 63n - 1n] } }))).toEqual([2])
  })

  test('an integer index also holds 7.0, unless it is for ranges only', () => {
    expect(passing(rows, is('v', 7), integer)).toEqual([4, 5])
    expect(passing(rows, is('v', 7), { v: { type: 'integer', lookup: false } })).toEqual([4])
  })

  test('any of none is nothing; except leaves out null', () => {
    expect(passing(rows, at('v', { match: { any: [] } }))).toEqual([])
    expect(passing(rows, at('v', { match: { any: ['red', '7'] } }))).toEqual([1, 2, 7])
    expect(passing(rows, at('v', { match: { except: ['red'] } }))).toEqual([2, 3, 4, 5, 6, 7, 8, 10])
    expect(passing(rows, at('nowhere', { match: { except: ['red'] } }))).toEqual([])
  })

  test('except over an index sees what the index holds', () => {
    expect(passing(rows, at('v', { match: { except: ['red'] } }), keyword)).toEqual([2, 7])
    expect(passing(rows, at('v', { match: { except: [7] } }), integer)).toEqual([6])
    expect(passing(rows, at('v', { match: { except: [] } }), integer)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 10])
  })

  test('spellings of a UUID are one value to a uuid index only', () => {
    const uuid = '00000002-aaaa-4bbb-8ccc-000000000002'
    const spelled = [uuid, uuid.toUpperCase(), `urn:uuid:${uuid}`, 'no uuid'].map((text) => `{"u":"${text}"}`)
    const index: Indexes = { u: { type: 'uuid' } }
    expect(passing(spelled, is('u', uuid))).toEqual([1])
    expect(passing(spelled, is('u', uuid), index)).toEqual([1, 2, 3])
    expect(passing(spelled, is('u', 'no uuid'), index)).toEqual([4])
    expect(passing(spelled, at('u', { match: { any: [uuid, 'no uuid'] } }), index)).toEqual([1, 4])
    expect(passing(spelled, at('u', { match: { except: [uuid] } }), index)).toEqual([])
  })

  test('a prefix', () => {
    const texts = ['"apple"', '["x","apply"]', '"Apple"', '5'].map((text) => `{"s":${text}}`)
    expect(passing(texts, at('s', { match: { prefix: 'app' } }))).toEqual([1, 2])
    expect(passing(texts, at('s', { match: { prefix: '' } }))).toEqual([1, 2, 3])
  })
})

describe('text', () => {
  const rows = [
    '"The quick brown fox"',
    '["a lazy day","quick lunch"]',
    '"foxglove"',
    '"lazy quick"',
    '""',
    '42',
  ].map((text) => `{"t":${text}}`)
  const index: Indexes = { t: { type: 'text', tokenizer: 'word', phraseMatching: true } }
  const text = (wanted: string): Condition => at('t', { match: { text: wanted } })
  const textAny = (wanted: string): Condition => at('t', { match: { textAny: wanted } })
  const phrase = (wanted: string): Condition => at('t', { match: { phrase: wanted } })

  test('without an index: a part of the text, letter by letter', () => {
    expect(passing(rows, text('fox'))).toEqual([1, 3])
    expect(passing(rows, text('Fox'))).toEqual([])
    expect(passing(rows, phrase('brown fox'))).toEqual([1])
    expect(passing(rows, textAny('glove lunch'))).toEqual([2, 3])
    expect(passing(rows, textAny(''))).toEqual([])
  })

  test('with an index: all words, in any order, from any of the values', () => {
    expect(passing(rows, text('FOX quick'), index)).toEqual([1])
    expect(passing(rows, text('lazy quick'), index)).toEqual([2, 4])
    expect(passing(rows, textAny('foxglove lunch'), index)).toEqual([2, 3])
    expect(passing(rows, text(' !'), index)).toEqual([])
  })

  test('a phrase stands in one of the values, and needs an index that was made for phrases', () => {
    expect(passing(rows, phrase('QUICK brown'), index)).toEqual([1])
    expect(passing(rows, phrase('day quick'), index)).toEqual([])
    expect(passing(rows, phrase('brown quick'), index)).toEqual([])
    expect(passing(rows, phrase('quick brown'), { t: { type: 'text' } })).toEqual([])
  })
})

describe('range', () => {
  const rows = ['1', '2.5', '"2"', '[1,10]', '[[2]]', 'null', '1e20', '3.0', '-0.0'].map((n) => `{"n":${n}}`)

  test('numbers and elements of arrays', () => {
    expect(passing(rows, at('n', { range: { gt: 1 } }))).toEqual([2, 4, 7, 8])
    expect(passing(rows, at('n', { range: { gte: 0, lte: 0 } }))).toEqual([9])
    expect(passing(rows, at('n', { range: {} }))).toEqual([1, 2, 4, 7, 8, 9])
  })

  test('an integer index holds whole numbers of 64 bits', () => {
    expect(passing(rows, at('n', { range: {} }), { n: { type: 'integer' } })).toEqual([1, 4, 8, 9])
    expect(passing(rows, at('n', { range: {} }), { n: { type: 'integer', range: false } })).toEqual([
      1, 2, 4, 7, 8, 9,
    ])
  })

  const days = [
    '"2024-03-01T12:00:00Z"',
    '"2024-03-01T13:30:00+02:00"',
    '"2024-03-02"',
    '"x"',
    '1709294400',
  ].map((d) => `{"d":${d}}`)

  test('times of any zone, and what a number means to a field of times', () => {
    expect(passing(days, at('d', { datetimeRange: { gte: '2024-03-01T12:00:00Z' } }))).toEqual([1, 3])
    expect(passing(days, at('d', { datetimeRange: { lt: '2024-03-01 12:00' } }))).toEqual([2])
    expect(passing(days, at('d', { range: { gte: 1_709_294_400 } }))).toEqual([5])
    expect(passing(days, at('d', { range: { gte: 1_709_294_400 } }), { d: { type: 'datetime' } })).toEqual([
      1, 2, 3,
    ])
    expect(() => passing(days, at('d', { datetimeRange: { lt: 'x' } }))).toThrow(/no RFC 3339 time/)
  })
})

describe('geo', () => {
  const rows = [
    '{"lat":52.5,"lon":13.4}',
    '[{"lat":0,"lon":0},{"lat":-17,"lon":-179.5}]',
    '{"lat":91,"lon":0}',
    '"x"',
  ].map((p) => `{"p":${p}}`)
  const index: Indexes = { p: { type: 'geo' } }
  const box = (top: number, left: number, bottom: number, right: number): Condition =>
    at('p', {
      geoBoundingBox: { topLeft: { lat: top, lon: left }, bottomRight: { lat: bottom, lon: right } },
    })

  test('boxes without their edges, across the antimeridian too', () => {
    expect(passing(rows, box(53, 13, 52, 14))).toEqual([1])
    expect(passing(rows, box(52.5, 13, 52, 14))).toEqual([])
    expect(passing(rows, box(0, 170, -20, -170))).toEqual([2])
    expect(passing(rows, box(90, -180, -90, 180))).toEqual([1, 2])
    expect(passing(rows, box(90, -180, -90, 180), index)).toEqual([])
  })

  test('circles; a point off the earth counts without an index only', () => {
    const near = (lat: number, radius: number): Condition =>
      at('p', { geoRadius: { center: { lat, lon: 0 }, radius } })
    expect(passing(rows, near(90, 200_000))).toEqual([3])
    expect(passing(rows, near(90, 200_000), index)).toEqual([])
    expect(passing(rows, near(0, 0))).toEqual([])
    expect(passing(rows, near(0, 30_000_000))).toEqual([1, 2, 3])
  })

  test('polygons with holes', () => {
    const ring = (north: number, west: number, south: number, east: number) => [
      { lat: north, lon: west },
      { lat: north, lon: east },
      { lat: south, lon: east },
      { lat: south, lon: west },
      { lat: north, lon: west },
    ]
    const exterior = ring(55, 0, 45, 15)
    expect(passing(rows, at('p', { geoPolygon: { exterior } }))).toEqual([1])
    expect(passing(rows, at('p', { geoPolygon: { exterior, interiors: [ring(53, 13, 52, 14)] } }))).toEqual(
      [],
    )
  })
})

describe('empty, null, and how many', () => {
  const rows = ['"x"', 'null', '[]', '[null]', '{}', '[null,"x"]', '[1,[2,3]]']
    .map((f) => `{"f":${f}}`)
    .concat('{}')
  const index: Indexes = { f: { type: 'keyword' } }

  test('is empty', () => {
    expect(passing(rows, { kind: 'is-empty', path: 'f' })).toEqual([2, 3, 8])
    expect(passing(rows, at('f', { isEmpty: true }))).toEqual([2, 3, 8])
    expect(passing(rows, at('f', { isEmpty: false }))).toEqual([1, 4, 5, 6, 7])
  })

  test('is null: the short form needs an index to see a null in an array', () => {
    expect(passing(rows, { kind: 'is-null', path: 'f' })).toEqual([2])
    expect(passing(rows, { kind: 'is-null', path: 'f' }, index)).toEqual([2, 4, 6])
    expect(passing(rows, at('f', { isNull: true }))).toEqual([2, 4, 6])
    expect(passing(rows, at('f', { isNull: false }))).toEqual([1, 3, 5, 7, 8])
  })

  test('values count', () => {
    expect(passing(rows, at('f', { valuesCount: { lt: 1 } }))).toEqual([2, 3, 8])
    expect(passing(rows, at('f', { valuesCount: { gte: 2 } }))).toEqual([6, 7])
  })
})

describe('nested', () => {
  const rows = [
    '{"pets":[{"kind":"dog","age":3},{"kind":"cat","age":9}]}',
    '{"pets":[{"kind":"dog","age":9,"toys":[]}]}',
    '{"pets":{"kind":"dog","age":9}}',
    '{"pets":[]}',
    '{"pets":[{"list":[{"x":1}]}]}',
  ]
  const nested = (path: string, filter: Filter): Condition => ({ kind: 'nested', path, filter })
  const oldDog: Filter = { must: [is('kind', 'dog'), at('age', { range: { gte: 9 } })] }

  test('one element passes the whole filter', () => {
    expect(passing(rows, nested('pets', oldDog))).toEqual([2])
    expect(passing(rows, nested('pets[]', oldDog))).toEqual([2])
    expect(
      passing(rows, { must: [is('pets[].kind', 'dog'), at('pets[].age', { range: { gte: 9 } })] }),
    ).toEqual([1, 2])
  })

  test('every element may be the one that is not', () => {
    expect(passing(rows, nested('pets', { mustNot: [is('kind', 'dog')] }))).toEqual([1, 5])
    expect(passing(rows, nested('pets', {}))).toEqual([1, 2, 5])
  })

  test('below each other', () => {
    expect(passing(rows, nested('pets', { must: [nested('list', { must: [is('x', 1)] })] }))).toEqual([5])
  })

  test('an index of the inner field finds no empty ones', () => {
    const empty = nested('pets', { must: [{ kind: 'is-empty', path: 'toys' }] })
    expect(passing(rows, empty)).toEqual([1, 2, 5])
    expect(passing(rows, empty, { 'pets[].toys': { type: 'keyword' } })).toEqual([])
  })
})
