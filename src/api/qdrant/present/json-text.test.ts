import fc from 'fast-check'
import { expect, test } from 'vitest'
import { floatText, idText, vectorText } from './json-text.ts'

test('a float32 has the shortest text that gives it back', () => {
  const cases: readonly (readonly [number, string])[] = [
    [0.1, '0.1'],
    [-0.6666667, '-0.6666667'],
    [0.3, '0.3'],
    [1, '1.0'],
    [-0, '-0.0'],
    [123456789, '123456790.0'],
    [16777216, '16777216.0'],
    [2 ** -149, '1e-45'],
    [1e-10, '1e-10'],
    [1e38, '1e+38'],
    [3.4028234663852886e38, '3.4028235e+38'],
    [0.00001001358, '0.00001001358'],
  ]
  for (const [value, text] of cases) expect(floatText(Math.fround(value))).toBe(text)
})

test('what no JSON number holds is null', () => {
  expect(vectorText(Float32Array.of(Number.POSITIVE_INFINITY, 0.5, Number.NaN))).toBe('[null,0.5,null]')
})

test('every float32 survives its text, which has nine digits at most', () => {
  fc.assert(
    fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (value) => {
      const text = floatText(value)
      expect(Object.is(Math.fround(Number(text)), value)).toBe(true)
      expect(JSON.parse(text)).toBe(Number(text))
      expect(text.replace(/[-.]|e.*$/g, '').replace(/^0+|0+$/g, '').length).toBeLessThanOrEqual(9)
    }),
    { numRuns: 2_000 },
  )
})

test('ids beyond doubles are digits', () => {
  expect(idText(18446744073709551615n)).toBe('18446744073709551615')
  expect(idText('00000000-0000-4000-8000-000000000001')).toBe('"00000000-0000-4000-8000-000000000001"')
})
