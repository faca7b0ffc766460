import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseJson, RawJson, stringifyJson, type JsonObject } from '../../../index.ts'
import { DecodeError } from '../decode.ts'
import { WireError } from '../wire-error.ts'
import { checkedUpsert, decodeUpsert, type GivenPoint, type GivenUpsert } from './points.ts'
import { readPoints } from './upsert-bytes.ts'
import { oneVector, VectorRows, type GivenVectors } from './vectors.ts'

/** Both ways to read a request, in a form that can be compared; errors by their text. */
function outcome(read: () => GivenUpsert): unknown {
  try {
    const { points, options } = read()
    const shown = points.map(({ id, vector, payload }) => ({
      id,
      vector: floatsOf(vector),
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

/** Of a text that is short enough to be read at once. */
function decodeText(text: string): GivenUpsert {
  return decodeUpsert(Buffer.from(text)) as GivenUpsert
}

function pointsOf(text: string): readonly GivenPoint[] | undefined {
  return readPoints(Buffer.from(text)) as readonly GivenPoint[] | undefined
}

/** Vectors as they are stored, however they were read. */
function floatsOf(vectors: GivenVectors): unknown {
  return Object.entries(vectors).map(([name, vector]) => {
    if (vector.kind === 'dense') return [name, Array.from(vector.values, Math.fround)]
    return vector.kind === 'multi'
      ? [name, vector.rows.map((row) => Array.from(row, Math.fround))]
      : [name, vector]
  })
}

describe('reading in one pass', () => {
  test('gives each payload as it was sent', () => {
    const text =
      '{"points":[ {"id":1,"payload":{"a":1.0,"b":"}]\\"{","c":[{"d":1e3}]},"vector":[1,2]} ,{"id":2,"vector":{"x":[1]}}]} '
    const payloads = pointsOf(text)!.map(({ payload }) => (payload as RawJson | undefined)?.text)
    expect(payloads).toEqual(['{"a":1.0,"b":"}]\\"{","c":[{"d":1e3}]}', undefined])
  })

  test('takes ids of 64 bits', () => {
    const ids = [0, 7, 9_007_199_254_740_991, 9_007_199_254_740_993n, 18_446_744_073_709_551_615n]
    const text = `{"points":[${ids.map((id) => `{"id":${id},"vector":[1]}`).join(',')}]}`
    expect(pointsOf(text)!.map(({ id }) => id)).toEqual(ids)
  })

  test('leaves anything unusual to the careful parser', () => {
    for (const text of [
      '',
      '{"points":[',
      '{"batch":{"ids":[1]}}',
      '{"points":[{"id":1,"vector":[1]}],"update_mode":"upsert"}',
      '{"points":[{"id":18446744073709551616,"vector":[1]}]}',
      '{"points":[{"id":1.0,"vector":[1]}]}',
      '{"points":[{"id":1e3,"vector":[1]}]}',
      '{"points":[{"id":01,"vector":[1]}]}',
      '{"points":[{"\\u0069d":1,"vector":[1]}]}',
      '{"points":[{"id":1,"vector":[1],}]}',
      '{"points":[{"id":1,"vector":[1]},]}',
      '{"points":[{"id":1,"vector":[1]} {"id":2,"vector":[1]}]}',
      '{"points":[{"id":1,"vector":[1]}]]',
      '{"points":[{"id":1,"vector":[1]}]} x',
      '{"points":[{"id":1,"vector":[1],"vector":[2]}]}',
      '{"points":[{"id":1,"vector":{"a":[1],"a":[2]}}]}',
      '{"points":[{"id":1,"vector":{"a":[[1],[2]]}}]}',
      '{"points":[{"id":1,"vector":[[1],[2,3]]}]}',
      '{"points":[{"id":1,"vector":[1e999]}]}',
      '{"points":[{"id":1,"vector":[1],"payload":{"a":1e999}}]}',
      '{"points":[{"id":1,"vector":[1],"payload":{"a":"\\ud800"}}]}',
      '{"points":[{"id":1,"vector":[1],"payload":{"a":"\n"}}]}',
      `{"points":[{"id":1,"vector":[1],"payload":${'{"a":'.repeat(120)}1${'}'.repeat(120)}}]}`,
    ]) {
      expect(pointsOf(text), text.slice(0, 60)).toBeUndefined()
    }
  })

  test('goes in slices through a long text, and gives the same', async () => {
    const point = (id: number) => `{"id":${id},"vector":[${id},0.25],"payload":{"text":"${'x'.repeat(999)}"}}`
    const texts = Array.from({ length: 3_000 }, (_, id) => point(id))
    const bytes = Buffer.from(`{"points":[${texts.join(',')}]}`)
    const reading = readPoints(bytes)
    expect(reading).toBeInstanceOf(Promise)
    const points = (await reading)!
    expect(points.map(({ id, vector }) => [id, floatsOf(vector)])).toEqual(
      texts.map((_, id) => [id, [['', [id, 0.25]]]]),
    )
    const broken = readPoints(Buffer.from(`{"points":[${texts.join(',')},{"id":"x","vector":[1]}]}`))
    expect(await broken).toBeUndefined()
  })
})

test('numbers of a payload are kept as they were written', () => {
  const text = '{"points":[{"id":1,"vector":[1],"payload":{"a":1.0,"b":1e3,"c":9007199254740993}}]}'
  const [point] = decodeText(text).points
  expect(point?.payload).toBeInstanceOf(RawJson)
  expect((point?.payload as RawJson).text).toBe('{"a":1.0,"b":1e3,"c":9007199254740993}')
})

test('a vector named __proto__ is a vector like any other', () => {
  const text = '{"points":[{"id":1,"vector":{"__proto__":[1],"constructor":[2]}}]}'
  for (const upsert of [decodeText(text), checkedUpsert(parseJson(text))]) {
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
        outcome(() => decodeText(text)),
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
        vector: fc.oneof(numbers, fc.array(numbers, { minLength: 1 }), fc.dictionary(name, numbers)),
        payload: fc.oneof(fc.constant(null), fc.dictionary(fc.string(), fc.jsonValue())),
        unknown: fc.jsonValue(),
      },
      { requiredKeys: ['id', 'vector'] },
    )
    fc.assert(
      fc.property(fc.array(point), fc.constantFrom(undefined, 1), (points, indent) => {
        const text = JSON.stringify({ points }, undefined, indent)
        expect(outcome(() => decodeText(text))).toEqual(outcome(() => checkedUpsert(parseJson(text))))
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
