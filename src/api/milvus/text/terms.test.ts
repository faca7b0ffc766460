import { expect, test } from 'vitest'
import { damped, lengthIndex, queryVector, termIndex, textVector, undamped } from './terms.ts'

test('counts can be read back from what is kept of them, in single precision', () => {
  for (const count of [1, 2, 3, 10, 100, 1_000]) expect(undamped(Math.fround(damped(count)))).toBe(count)
})

test('a term more counts ever less', () => {
  expect(damped(1)).toBe(1)
  expect(damped(2) - damped(1)).toBeGreaterThan(damped(3) - damped(2))
  expect(damped(1e9)).toBeLessThan(2.2)
})

test('a text is its terms and its length', () => {
  const { indices, values } = textVector(['to', 'be', 'or', 'not', 'to', 'be'])
  expect(indices.at(-1)).toBe(lengthIndex)
  expect(values.at(-1)).toBe(7)
  const terms = new Map(Array.from(indices, (index, at) => [index, values[at]]))
  expect(terms.get(termIndex('to'))).toBe(damped(2))
  expect(terms.get(termIndex('or'))).toBe(1)
  expect([...indices]).toEqual([...indices].sort((a, b) => a - b))
  expect(textVector([])).toEqual({ indices: [lengthIndex], values: [1] })
})

test('a query is its terms alone', () => {
  expect(queryVector(['a', 'b', 'a'])).toEqual({
    indices: [termIndex('a'), termIndex('b')].sort((a, b) => a - b),
    values: termIndex('a') < termIndex('b') ? [2, 1] : [1, 2],
  })
})

test('indices of terms are spread, and part of what is stored', () => {
  const words = Array.from({ length: 20_000 }, (_, i) => `word${i}`)
  const indexes = new Set(words.map(termIndex))
  expect(indexes.size).toBe(words.length)
  expect(Math.max(...indexes)).toBeLessThan(lengthIndex)
  expect([termIndex('quick'), termIndex('straße'), termIndex('')]).toMatchInlineSnapshot(`
    [
      97553438,
      1333941543,
      2872998923,
    ]
  `)
})
