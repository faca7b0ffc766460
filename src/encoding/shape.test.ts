import { describe, expect, test } from 'vitest'
import {
  anything,
  count,
  flag,
  list,
  nullable,
  number,
  object,
  oneOf,
  optional,
  ordinal,
  record,
  ShapeError,
  text,
  textLike,
  uuid,
} from './shape.ts'

const shape = object({
  id: uuid,
  generation: ordinal,
  rows: list(object({ count, isLast: flag }), 1),
  at: nullable(number),
  scope: oneOf('store', 'collection'),
  shard: optional(count),
  labels: record(text),
  sha256: textLike(/^[0-9a-f]{4}$/, 'SHA-256'),
  config: anything,
})

const good = {
  id: '0f573c1f-7926-4423-8cd0-b241e3490d43',
  generation: 1,
  rows: [{ count: 0, isLast: true }],
  at: 1.5,
  scope: 'store',
  labels: { a: 'b' },
  sha256: '00ff',
  config: { anything: [1] },
}

describe('a document of a shape', () => {
  test('is given as it is, without members that nobody knows', () => {
    expect(shape(good, '')).toEqual(good)
    expect(Object.keys(shape({ ...good, later: 1 }, '') as object)).not.toContain('later')
    expect(shape({ ...good, at: null, shard: 2 }, '')).toEqual({ ...good, at: null, shard: 2 })
  })

  test.each([
    [{ id: 'x' }, 'id is no UUID'],
    [{ generation: 0 }, 'generation is no whole number from 1 on'],
    [{ generation: 1.5 }, 'generation is no whole number from 1 on'],
    [{ generation: 2 ** 53 }, 'generation is no whole number from 1 on'],

    [{ rows: [] }, 'rows is a list of less than 1'],
    [{ rows: {} }, 'rows is no list'],
    [{ rows: [{ count: -1, isLast: true }] }, 'rows[0].count is no whole number from 0 on'],
    [{ rows: [{ count: 0 }] }, 'rows[0].isLast is neither true nor false'],
    [{ at: 'now' }, 'at is no number'],
    [{ at: NaN }, 'at is no number'],
    [{ at: undefined }, 'at is no number'],
    [{ scope: 'all' }, 'scope is none of store, collection'],
    [{ shard: null }, 'shard is no whole number from 0 on'],
    [{ labels: ['a'] }, 'labels is no object'],
    [{ labels: { a: 1 } }, 'labels.a is no text'],
    [{ sha256: '00FF' }, 'sha256 is no SHA-256'],
  ])('with %o is refused, and the member is named', (change, message) => {
    expect(() => shape({ ...good, ...change }, '')).toThrow(new ShapeError(message))
  })

  test.each([null, [], 'text', undefined])('is no %j', (value) => {
    expect(() => shape(value, '')).toThrow('it is no object')
  })

  test('has its own members only', () => {
    expect(() => object({ toString: text })({}, '')).toThrow('toString is no text')
  })
})
