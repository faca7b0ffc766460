import { describe, expect, test } from 'vitest'
import { rankedWindowOf, searchParamsOf } from './search-params.ts'

const pairs = (map: Readonly<Record<string, string>>): { key: string; value: string }[] =>
  Object.entries(map).map(([key, value]) => ({ key, value }))
const read = (map: Readonly<Record<string, string>>): ReturnType<typeof searchParamsOf> =>
  searchParamsOf(pairs({ topk: '5', ...map }))

describe('the parameters of a search', () => {
  test('have defaults', () => {
    expect(read({})).toEqual({ limit: 5, offset: 0, field: '', metric: '', roundDecimal: -1, orderBy: [] })
  })

  test('stand beside `params` and within it', () => {
    const params = read({
      anns_field: 'v',
      metric_type: 'L2',
      offset: '3',
      round_decimal: '2',
      params: '{"radius": 4, "range_filter": 1.5, "ef": 64, "group_by_field": "kind"}',
    })
    expect(params).toMatchObject({ field: 'v', metric: 'L2', offset: 3, roundDecimal: 2 })
    expect(params).toMatchObject({ radius: 4, rangeFilter: 1.5, groupBy: { field: 'kind', size: 1 } })
  })

  test('an offset within `params` and a range filter without a radius are not looked at', () => {
    const params = read({ params: '{"offset": 3, "range_filter": 1}' })
    expect(params.offset).toBe(0)
    expect(params.rangeFilter).toBeUndefined()
  })

  test('an ef that is no number is not looked at', () => {
    expect(read({ params: '{"ef": "x"}' }).ef).toBeUndefined()
    expect(read({ params: '{"ef": "64"}' }).ef).toBe(64)
    expect(read({ ef: '12' }).ef).toBe(12)
  })

  test('truth values are those of Python as well', () => {
    const by = { group_by_field: 'kind', group_size: '2' }
    expect(read({ ...by, strict_group_size: 'True' }).groupBy?.isStrict).toBe(true)
    expect(read({ ...by, strict_group_size: 'false' }).groupBy?.isStrict).toBe(false)
    expect(read({ ...by, group_size: '0' }).groupBy?.size).toBe(1)
  })

  test('an iterator has a batch size, and later a token and a bound', () => {
    const first = { iterator: 'True', search_iter_v2: 'True', search_iter_batch_size: '7' }
    expect(read(first).iterator).toEqual({ batchSize: 7 })
    const later = { ...first, search_iter_id: 'a', search_iter_last_bound: '0.1' }
    expect(read(later).iterator).toEqual({ batchSize: 7, token: 'a', lastBound: Math.fround(0.1) })
    expect(read({ iterator: 'True' }).iterator).toBeUndefined()
  })

  test('fields to order by have a direction', () => {
    expect(read({ order_by_fields: 'a:desc, b' }).orderBy).toEqual([
      { field: 'a', isDescending: true },
      { field: 'b', isDescending: false },
    ])
  })

  test.each([
    [
      { topk: '16385' },
      'topk [16385] is invalid, top k should be in range [1, 16384], but got 16385',
      65_535,
    ],
    [{ topk: '0' }, 'topk [0] is invalid, top k should be in range [1, 16384], but got 0', 65_535],
    [{ offset: '-1' }, 'offset [-1] is invalid, top k should be in range [1, 16384], but got -1', 65_535],
    [{ topk: '16380', offset: '10' }, 'offset+topk [16390] is invalid', 65_535],
    [{ topk: '' }, 'topk not found in search_params', 1100],
    [{ topk: 'x' }, 'topk [x] is invalid', 1100],
    [{ ignore_growing: '1.2' }, 'parse ignore growing field failed', 1100],
    [{ round_decimal: '7' }, 'round_decimal [7] is invalid', 1100],
    [{ params: '{' }, 'is not JSON', 1100],
    [{ params: '[]' }, 'is no JSON object', 1100],
    [{ params: '{"radius": "x"}' }, 'radius is invalid: type must be number, but got "x"', 1100],
    [{ group_by_field: 'a', group_size: '-1' }, 'input group size:-1 is negative', 1100],
    [{ group_by_field: 'a', group_size: '11' }, 'exceeds configured max group size:10', 1100],
    [{ group_by_fields: 'a,b' }, 'several fields', 1100],
    [{ order_by_fields: 'a:up' }, 'order_by_fields [a:up] is invalid', 1100],
    [{ iterator: 'true', search_iter_v2: 'true', search_iter_batch_size: '0' }, 'batch size [0]', 1100],
  ])('%o is refused', (map, text, code) => {
    expect(() => read(map as Readonly<Record<string, string>>)).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(text) as string }) as Error,
    )
  })

  test('a hybrid search has a limit instead', () => {
    expect(rankedWindowOf(pairs({ limit: '3', offset: '1', round_decimal: '-1' }))).toEqual({
      limit: 3,
      offset: 1,
      roundDecimal: -1,
    })
    expect(() => rankedWindowOf(pairs({ topk: '3' }))).toThrow('limit not found in search_params')
  })
})
