import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseJson, RawJson, stringifyJson, type JsonObject } from '../../../index.ts'
import { DecodeError } from '../decode.ts'
import { WireError } from '../wire-error.ts'
import { findPayloads } from './payload-spans.ts'
import { checkedUpsert, decodeUpsertText, type GivenUpsert } from './points.ts'
import { oneVector, VectorRows } from './vectors.ts'

/** Both ways to read a request, in a form that can be compared; errors by their text. */
function outcome(read: () => GivenUpsert): unknown {
  try {
    const { points, options } = read()
    const shown = points.map(({ id, vector, payload }) => ({
      id,
      vector,
      payload: payload === undefined ? '{}' : parsed(payload),
    }))
    return { points: shown, options }
  } catch (error) {
    if (error instanceof DecodeError || error instanceof WireError) return error.message
    throw error
  }
}

function parsed(payload: JsonObject | RawJson): unknown {
  return stringifyJson(payload instanceof RawJson ? payload.value() : payload)
}

function payloadsOf(text: string): (string | undefined)[] | undefined {
  return findPayloads(text)?.payloads.map(({ start, end }) => text.slice(start, end))
}

describe('payload spans', () => {
  test('each payload is the text that was sent', () => {
    const text =
      '{"points":[ {"id":1,"payload":{"a":1.0,"b":"}]\\"{","c":[{"d":1e3}]},"vector":[1,2]} ,{"id":2,"vector":{"x":[1]}}]}'
    expect(payloadsOf(text)).toEqual(['{"a":1.0,"b":"}]\\"{","c":[{"d":1e3}]}', ''])
  })

  test('of two payloads of a point the last one counts, also if it is null', () => {
    expect(payloadsOf('{"points":[{"payload":{"a":1},"id":1,"vector":[1],"payload":{"b":2}}]}')).toEqual([
      '{"b":2}',
    ])
    expect(payloadsOf('{"points":[{"payload":{"a":1},"id":1,"vector":[1],"payload":null}]}')).toEqual([''])
  })

  test('anything unusual is left to the careful parser', () => {
    for (const text of [
      '{"batch":{"ids":[1]}}',
      '{"points":[{"id":1,"vector":[1]}],"update_mode":"upsert"}',
      '{"points":[{"id":9007199254740993,"vector":[1]}]}',
      '{"points":[{"id":1.0,"vector":[1]}]}',
      '{"points":[{"id":1e3,"vector":[1]}]}',
      '{"points":[{"\\u0069d":1,"vector":[1]}]}',
      `{"points":[{"id":1,"vector":[1],"payload":${'{"a":'.repeat(120)}1${'}'.repeat(120)}}]}`,
    ]) {
      expect(findPayloads(text), text.slice(0, 60)).toBeUndefined()
    }
  })
})

test('numbers of a payload are kept as they were written', () => {
  const text = '{"points":[{"id":1,"vector":[1],"payload":{"a":1.0,"b":1e3,"c":9007199254740993}}]}'
  const [point] = decodeUpsertText(text).points
  expect(point?.payload).toBeInstanceOf(RawJson)
  expect((point?.payload as RawJson).text).toBe('{"a":1.0,"b":1e3,"c":9007199254740993}')
})

test('a vector named __proto__ is a vector like any other', () => {
  const text = '{"points":[{"id":1,"vector":{"__proto__":[1],"constructor":[2]}}]}'
  for (const upsert of [decodeUpsertText(text), checkedUpsert(parseJson(text))]) {
    expect(Object.keys(upsert.points[0]!.vector)).toEqual(['__proto__', 'constructor'])
  }
})

describe('both ways to read a request agree', () => {
  test('on requests with a fault', () => {
    for (const point of [
      '{"id":1}',
      '{"vector":[1]}',
      '{"id":-1,"vector":[1]}',
      '{"id":1.0,"vector":[1]}',
      '{"id":-0,"vector":[1]}',
      '{"id":"x","vector":[1]}',
      '{"id":1,"vector":[]}',
      '{"id":1,"vector":["1"]}',
      '{"id":1,"vector":[1,[2]]}',
      '{"id":1,"vector":{"a":[]}}',
      '{"id":1,"vector":{"a":5}}',
      '{"id":1,"vector":null}',
      '{"id":1,"vector":[1],"payload":5}',
      '{"id":1,"vector":[1],"payload":[]}',
      '[1,[1],null]',
      'null',
    ]) {
      const text = `{"points":[${point}]}`
      expect(
        outcome(() => decodeUpsertText(text)),
        point,
      ).toEqual(outcome(() => checkedUpsert(parseJson(text))))
    }
  })

  test('on all others', () => {
    const name = fc.constantFrom('', 'image', 'text', '__proto__', 'a b')
    const numbers = fc.array(
      fc.oneof(fc.integer({ min: -5, max: 5 }), fc.double({ noNaN: true, noDefaultInfinity: true })),
      {
        minLength: 1,
        maxLength: 4,
      },
    )
    const point = fc.record(
      {
        id: fc.oneof(fc.nat(), fc.uuid()),
        vector: fc.oneof(numbers, fc.dictionary(name, numbers)),
        payload: fc.oneof(fc.constant(null), fc.dictionary(fc.string(), fc.jsonValue())),
        unknown: fc.jsonValue(),
      },
      { requiredKeys: ['id', 'vector'] },
    )
    fc.assert(
      fc.property(fc.array(point), fc.constantFrom(undefined, 1), (points, indent) => {
        const text = JSON.stringify({ points }, undefined, indent)
        expect(outcome(() => decodeUpsertText(text))).toEqual(outcome(() => checkedUpsert(parseJson(text))))
      }),
    )
  })
})

test('rows that a message tells to be vectors are never taken for a sparse one', () => {
  const rows = VectorRows.from([
    [1, 2],
    [3, 4],
  ])
  expect(oneVector(rows)).toEqual({
    kind: 'multi',
    rows: [
      [1, 2],
      [3, 4],
    ],
  })
  expect(oneVector([...rows])).toEqual({ kind: 'sparse', indices: [1, 2], values: [3, 4] })
})
