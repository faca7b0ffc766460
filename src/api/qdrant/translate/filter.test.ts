import { describe, expect, test } from 'vitest'
import { parseJson, type Filter, type JsonObject } from '../../../index.ts'
import { WireError } from '../wire-error.ts'
import { translateFilter, type FilterPlace } from './filter.ts'

const translate = (text: string, place?: FilterPlace): Filter => translateFilter(parseJson(text), place)

function refusal(text: string, place?: FilterPlace): string {
  try {
    translate(text, place)
  } catch (error) {
    if (error instanceof WireError) return `${error.status} ${error.text}`
    throw error
  }
  return 'accepted'
}

/** The one condition of a filter. */
const condition = (text: string): unknown => translate(`{"must":[${text}]}`).must?.[0]

describe('filters', () => {
  test('without content', () => {
    expect(translate('null')).toEqual({})
    expect(translate('{}')).toEqual({})
    expect(translate('{"must":null,"min_should":null}')).toEqual({})
    expect(translate('{"should":[]}')).toEqual({ should: [] })
  })

  test('clauses take a list or one condition', () => {
    const named = { kind: 'has-vector', name: 'a' }
    expect(translate('{"must":[{"has_vector":"a"}]}')).toEqual({ must: [named] })
    expect(translate('{"must_not":{"has_vector":"a"}}')).toEqual({ mustNot: [named] })
    expect(translate('{"min_should":{"conditions":[{"has_vector":"a"}],"min_count":1}}')).toEqual({
      minShould: { conditions: [named], minCount: 1 },
    })
    expect(translate('[{"has_vector":"a"},null]')).toEqual({ should: [named] })
  })

  test('a condition without a key is one of the named ones, or a filter', () => {
    expect(condition('{"is_empty":{"key":"a.b"}}')).toEqual({ kind: 'is-empty', path: 'a.b' })
    expect(condition('{"is_null":{"key":"a[]"}}')).toEqual({ kind: 'is-null', path: 'a[]' })
    expect(condition('{"has_id":[1,18446744073709551615,"0000000A-AAAA-4BBB-8CCC-00000000000B"]}')).toEqual({
      kind: 'has-id',
      ids: [1, 18_446_744_073_709_551_615n, '0000000A-AAAA-4BBB-8CCC-00000000000B'],
    })
    expect(condition('{"slice":{"total":4294967295,"index":3}}')).toEqual({
      kind: 'slice',
      total: 4_294_967_295,
      index: 3,
    })
    expect(condition('{"slice":[2,0]}')).toEqual({ kind: 'slice', total: 2, index: 0 })
    expect(condition('{"nested":{"key":"pets","filter":{"must":[]}}}')).toEqual({
      kind: 'nested',
      path: 'pets',
      filter: { must: [] },
    })
    expect(condition('{"should":[{"must":[]}]}')).toEqual({
      kind: 'filter',
      filter: { should: [{ kind: 'filter', filter: { must: [] } }] },
    })
    expect(condition('{}')).toEqual({ kind: 'filter', filter: {} })
  })
})

describe('tests of a key', () => {
  test.each<[string, object]>([
    ['"match":{"value":"red"}', { match: { value: 'red' } }],
    ['"match":{"value":9007199254740993}', { match: { value: 9_007_199_254_740_993n } }],
    ['"match":{"value":"red","any":["green"],"nonsense":1}', { match: { value: 'red' } }],
    ['"match":{"any":[]}', { match: { any: [] } }],
    ['"match":{"except":[7,-7]}', { match: { except: [7, -7] } }],
    ['"match":{"text_any":"a b"}', { match: { textAny: 'a b' } }],
    ['"match":{"prefix":""}', { match: { prefix: '' } }],
    ['"range":{"gt":1.0,"lte":null,"above":3}', { range: { gt: 1 } }],
    [
      '"range":{"gte":"2024-03-01","lt":"2024-03-02 12:00"}',
      { datetimeRange: { gte: '2024-03-01', lt: '2024-03-02 12:00' } },
    ],
    ['"range":{}', { range: {} }],
    ['"values_count":{"gt":1}', { valuesCount: { gt: 1 } }],
    ['"is_empty":false', { isEmpty: false }],
    ['"is_null":true,"match":null', { isNull: true }],
    [
      '"geo_radius":{"center":{"lat":1,"lon":2.0},"radius":-1}',
      { geoRadius: { center: { lat: 1, lon: 2 }, radius: -1 } },
    ],
    [
      '"geo_bounding_box":{"top_left":[1,2],"bottom_right":{"lat":0,"lon":3}}',
      { geoBoundingBox: { topLeft: { lon: 1, lat: 2 }, bottomRight: { lon: 3, lat: 0 } } },
    ],
  ])('%s', (text, tests) => {
    expect(condition(`{"key":"k",${text}}`)).toEqual({ kind: 'field', path: 'k', ...tests })
  })
})

describe('refusals', () => {
  const noCondition =
    'Expected some form of condition, which can be a field condition (like {"key": ..., "match": ... }), or some other mentioned in the documentation: https://qdrant.tech/documentation/concepts/filtering/#filtering-conditions'
  const noMatch = 'data did not match any variant of untagged enum MatchInterface'
  const noRange = 'data did not match any variant of untagged enum RangeInterfaceUntagged'
  const noTime = 'does not match accepted datetime format (RFC3339). Example: 2014-01-01T00:00:00Z'

  test.each([
    ['"x"', 'invalid type: string "x", expected struct Filter'],
    ['true', 'invalid type: boolean `true`, expected struct Filter'],
    ['[]', 'invalid length 1, expected struct Filter with 4 elements'],
    ['{"all":[]}', 'unknown field `all`, expected one of `should`, `min_should`, `must`, `must_not`'],
    ['{"must":5}', 'invalid type: integer `5`, expected null, array or map'],
    ['{"min_should":{"conditions":{},"min_count":1}}', 'invalid type: map, expected a sequence'],
    ['{"min_should":{"conditions":[]}}', 'missing field `min_count`'],
    ['{"min_should":{"min_count":1}}', 'missing field `conditions`'],
    ['{"min_should":{"conditions":[],"min_count":-1}}', 'invalid value: integer `-1`, expected usize'],
    [
      '{"min_should":{"conditions":[],"min_count":1.0}}',
      'invalid type: floating point `1.0`, expected usize',
    ],
  ])('the filter %s: %s', (text, message) => {
    expect(refusal(text)).toBe(`400 Format error in JSON body: ${message}`)
  })

  test.each([
    ['null', noCondition],
    ['[]', noCondition],
    ['{"genre":"crime"}', noCondition],
    ['{"match":{"value":1}}', noCondition],
    ['{"is_empty":{"key":""}}', noCondition],
    ['{"has_id":[18446744073709551616]}', noCondition],
    ['{"has_id":["1"]}', noCondition],
    ['{"has_vector":5}', noCondition],
    ['{"slice":{"total":0,"index":0}}', noCondition],
    ['{"nested":{"key":"a","filter":{"sometimes":[]}}}', noCondition],
    ['{"key":5}', "Filter condition 'key' must be a string"],
    ['{"key":"a..b","match":{"value":1}}', "Invalid json path: 'a..b'"],
    ['{"key":"k","match":{}}', noMatch],
    ['{"key":"k","match":{"value":1.5}}', noMatch],
    ['{"key":"k","match":{"value":9223372036854775808}}', noMatch],
    ['{"key":"k","match":{"any":["red",7]}}', noMatch],
    ['{"key":"k","range":5}', noRange],
    ['{"key":"k","range":{"gt":true}}', noRange],
    ['{"key":"k","range":{"gt":"x"}}', `'x' ${noTime}`],
    ['{"key":"k","range":{"gt":1,"lt":"x"}}', 'invalid type: integer `1`, expected a string'],
    ['{"key":"k","is_empty":"yes"}', 'Invalid type string "yes". Expected a boolean'],
    ['{"key":"k","values_count":{"gt":-1}}', 'Invalid value integer `-1`. Expected usize'],
    ['{"key":"k","values_count":[1,2]}', 'Invalid length 2. Expected struct ValuesCount with 4 elements'],
    ['{"key":"k","geo_radius":{"center":{"lat":0,"lon":0}}}', 'Missing field radius'],
    ['{"key":"k","geo_radius":{"center":{"lat":0},"radius":1}}', 'Missing field lon'],
    [
      '{"key":"k","geo_radius":{"center":{"lat":91,"lon":0},"radius":1}}',
      'Wrong format of GeoPoint payload: expected `lat` = 91 within [-90;90] and `lon` = 0 within [-180;180]',
    ],
    [
      '{"key":"k","geo_polygon":{"exterior":{"points":[]}}}',
      'Validation failed: polygon invalid, the size must be at least 4, got 0',
    ],
    [
      '{"key":"k","geo_polygon":{"exterior":{"points":[[0,0],[0,1],[1,1],[1,0]]}}}',
      'Validation failed: polygon invalid, the first and the last points should be the same to form a closed line',
    ],
    [
      '{"key":"k","geo_polygon":{"exterior":[[0,0]]}}',
      'Invalid type integer `0`. Expected struct GeoPointShadow',
    ],
  ])('the condition %s: %s', (text, message) => {
    expect(refusal(`{"must":[${text}]}`)).toBe(`400 Format error in JSON body: ${message}`)
  })

  const nothingAsked = 'Validation error: At least one field condition must be specified [{}]'

  test.each([
    ['{"must":[{"has_vector":""},{"key":"k"}]}', `c.filter.must[1].__all__: ${nothingAsked}`],
    ['{"must":{"key":"k","match":null}}', `c.filter.must[0].__all__: ${nothingAsked}`],
    ['{"must":[{"should":[{"key":"k"}]}]}', `c.filter.must[0].should[0].__all__: ${nothingAsked}`],
    [
      '{"must_not":[{"nested":{"key":"a","filter":{"must":[{"key":"k"}]}}}]}',
      `c.filter.must_not[0].nested.filter.must[0].__all__: ${nothingAsked}`,
    ],
    [
      '{"min_should":{"conditions":[{"key":"k"}],"min_count":1}}',
      `c.filter.min_should.conditions[0].__all__: ${nothingAsked}`,
    ],
    [
      '{"min_should":{"conditions":[],"min_count":0}}',
      'c.filter.min_should.min_count: min_count must be greater than 0',
    ],
    [
      '{"must":[{"slice":{"total":2,"index":2}}]}',
      'c.filter.must[0].__all__: Validation error: Slice index must be less than the total number of slices [{}]',
    ],
  ])('the validator refuses %s', (text, violation) => {
    expect(refusal(text, { field: 'c.filter' })).toBe(`422 Validation error in JSON body: [${violation}]`)
  })

  test('a wrong form comes before what the validator says, and ends with its place', () => {
    const both = '{"must":[{"key":"k"},{"key":""}]}'
    expect(refusal(both, { at: ' at line 1 column 33' })).toBe(
      "400 Format error in JSON body: Invalid json path: '' at line 1 column 33",
    )
  })

  test('without the validator a condition that asks nothing passes nothing', () => {
    const filter = translate('{"must":[{"key":"k"}]}', { unvalidated: true })
    const never: Filter = { minShould: { conditions: [], minCount: 1 } }
    expect(filter).toEqual({ must: [{ kind: 'filter', filter: never }] })
  })

  test('keys that every object has are no fields', () => {
    expect(refusal('{"must":[{"toString":1}]}')).toContain(noCondition)
    const text = '{"__proto__":{"must":[]}}'
    expect(Object.keys(parseJson(text) as JsonObject)).toEqual(['__proto__'])
    expect(refusal(text)).toContain('unknown field `__proto__`')
  })
})
