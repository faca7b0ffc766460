import { describe, expect, test } from 'vitest'
import type { CollectionModel } from '../../schema/collection-model.ts'
import { dataTypes } from '../../schema/data-types.ts'
import { metricNamed } from '../finding/metrics.ts'
import { decayFactor } from './decay.ts'
import type { RankedList } from './ranker.ts'
import { rankerOfFunction, rankerOfStrategy } from './read-ranker.ts'

const list = (metric: string, ...hits: readonly (readonly [number, number])[]): RankedList => ({
  metric: metricNamed(metric),
  hits: hits.map(([id, score]) => ({ id, score })),
})

const pairs = (map: object): { key: string; value: string }[] =>
  Object.entries(map).map(([key, value]) => ({
    key,
    value: typeof value === 'string' ? value : JSON.stringify(value),
  }))

const near = list('L2', [3, 1], [4, 1], [2, 5])
const alike = list('IP', [4, 21], [6, 20], [3, 14])
const none = (): undefined => undefined

const model = {
  fields: new Map([
    ['age', { id: 1, name: 'age', type: dataTypes.Int32, params: {} }],
    ['name', { id: 2, name: 'name', type: dataTypes.VarChar, params: {} }],
  ]),
} as unknown as CollectionModel

const ofFunction = (params: object, lists = 2, inputs: readonly string[] = []) =>
  rankerOfFunction(
    {
      functions: [{ name: 'r', type: 3, params: pairs(params), input_field_names: inputs } as never],
      params: [],
    },
    model,
    lists,
  )!

describe('places', () => {
  test('count, nothing else', () => {
    const ranked = rankerOfStrategy(pairs({ strategy: 'rrf', params: { k: 1 } }), 2).rank([near, alike], none)
    const scores = ranked.map(({ id, score }) => [id, score])
    expect(scores).toEqual([
      [4, Math.fround(1 / 3 + 1 / 2)],
      [3, Math.fround(1 / 2 + 1 / 4)],
      [6, Math.fround(1 / 3)],
      [2, Math.fround(1 / 4)],
    ])
  })

  test('are the default, with k = 60; equal ones come by key', () => {
    const [first, second] = rankerOfStrategy([], 2).rank([list('L2', [9, 0]), list('L2', [8, 0])], none)
    expect(first).toEqual({ id: 8, score: Math.fround(1 / 61) })
    expect(second).toEqual({ id: 9, score: Math.fround(1 / 61) })
  })
})

describe('weights', () => {
  test('count scores between 0 and 1', () => {
    const ranked = rankerOfStrategy(pairs({ strategy: 'weighted', params: { weights: [0.5, 0.5] } }), 2).rank(
      [near, alike],
      none,
    )
    expect(ranked[0]!.id).toBe(4)
    expect(ranked[0]!.score).toBeCloseTo(0.5 * 0.5 + 0.5 * (0.5 + Math.atan(21) / Math.PI), 6)
  })

  test('count products as they are, and distances turned round, where they are not brought together', () => {
    const params = { strategy: 'weighted', params: { weights: [0.5, 0.5], norm_score: false } }
    const [first] = rankerOfStrategy(pairs(params), 2).rank([near, alike], none)
    expect(first).toEqual({ id: 4, score: 10.75 })
    expect(ofFunction({ reranker: 'weighted', weights: [0.5, 0.5] }).rank([near, alike], none)[0]).toEqual(
      first,
    )
  })
})

describe('decay', () => {
  const base = { origin: 10, scale: 5, offset: 1, decay: 0.5 }

  test('is 1 at the origin, and what it is said to be at the scale', () => {
    for (const shape of ['gauss', 'exp', 'linear'] as const) {
      expect(decayFactor({ ...base, shape }, 10.5)).toBe(1)
      expect(decayFactor({ ...base, shape }, 16)).toBeCloseTo(0.5, 12)
      expect(decayFactor({ ...base, shape }, 4)).toBeCloseTo(0.5, 12)
      expect(decayFactor({ ...base, shape }, 13.5)).toBeGreaterThan(0.5)
    }
    expect(decayFactor({ ...base, shape: 'linear' }, 1_000)).toBe(0)
  })

  test('counts with the best score of a hit, or their sum or mean', () => {
    const lists = [list('COSINE', [1, 0.8], [2, 0.6]), list('COSINE', [2, 0.2])]
    const rank = (mode: string) =>
      ofFunction({ reranker: 'decay', function: 'linear', origin: 0, scale: 10, score_mode: mode }, 2, [
        'age',
      ])
        .rank(lists, (id) => (id === 1 ? 10 : 0))
        .map(({ id, score }) => [id, Number(score.toFixed(6))])
    expect(rank('max')).toEqual([
      [2, 0.6],
      [1, 0.4],
    ])
    expect(rank('sum')[0]).toEqual([2, 0.8])
    expect(rank('avg')[0]).toEqual([1, 0.4])
  })
})

test.each([
  [{ strategy: 'odd' }, 'unsupported rank type odd'],
  [{ params: '[' }, 'no JSON object'],
  [{ params: { k: 0 } }, 'k should be in range (0, 16384)'],
  [{ params: { k: 'x' } }, 'The type of rank param k should be float'],
  [{ strategy: 'weighted' }, 'weights not found'],
  [{ strategy: 'weighted', params: { weights: [1] } }, '1 weights, 2 requests'],
  [{ strategy: 'weighted', params: { weights: [1, 1.5] } }, 'weight should be in range [0, 1]'],
  [{ strategy: 'weighted', params: { weights: 'x' } }, 'no list of numbers'],
])('the strategy %o is refused', (params, text) => {
  expect(() => rankerOfStrategy(pairs(params), 2)).toThrow(text)
})

test.each([
  [{ reranker: 'model' }, [], 'Unsupported rerank function: [model]'],
  [{ reranker: 'decay', function: 'gauss', origin: 0, scale: 1 }, [], 'only supports single input'],
  [{ reranker: 'decay', function: 'gauss', origin: 0, scale: 1 }, ['name'], 'must be of a numeric type'],
  [{ reranker: 'decay', function: 'gauss', origin: 0, scale: 1 }, ['none'], 'not found'],
  [{ reranker: 'decay', function: 'cubic', origin: 0, scale: 1 }, ['age'], 'only support [gauss,exp,linear]'],
  [{ reranker: 'decay', function: 'gauss', scale: 1 }, ['age'], 'lost param: origin'],
  [{ reranker: 'decay', function: 'gauss', origin: 0, scale: 0 }, ['age'], 'scale must > 0'],
  [{ reranker: 'decay', function: 'gauss', origin: 0, scale: 1, decay: 1 }, ['age'], '0 < decay < 1'],
])('the function %o is refused', (params, inputs, text) => {
  expect(() => ofFunction(params, 1, inputs)).toThrow(text)
})
