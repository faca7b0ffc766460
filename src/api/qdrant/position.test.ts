import { describe, expect, test } from 'vitest'
import { DecodeError } from './decode.ts'
import { findDuplicateInRead, mayHaveDuplicate, positionOf } from './position.ts'

describe('a filter or a clause that stands twice', () => {
  test.each<[string, string | undefined]>([
    ['{"filter":{},"filter":{}}', 'duplicate field `filter` at line 1 column 25'],
    ['{"limit":1,\n "filter":{"must":[],"must":[]}}', 'duplicate field `must` at line 2 column 32'],
    ['{"filter":{"must":[{"must":[]}]}}', undefined],
    ['{"other":{"must":1,"must":2}}', undefined],
    ['{"note":"\\"must\\" \\"must\\"","filter":{"must":[]}}', undefined],
    ['[{"must":1,"must":2}]', undefined],
    ['{}', undefined],
  ])('%s', (text, message) => {
    const found = findDuplicateInRead(text)
    expect(found?.message).toBe(message)
    if (message !== undefined) expect(mayHaveDuplicate(text)).toBe(true)
  })

  test('is not looked for where no name comes twice', () => {
    expect(mayHaveDuplicate('{"filter":{"must":[{"key":"a","match":{"value":1}}]},"limit":3}')).toBe(false)
  })
})

test('a name that must not be there is named by its end', () => {
  const error = new DecodeError('unknown', 'name')
  error.path.push('filter', 'most')
  expect(positionOf('{"points":[1],"filter":{"must":[], "most":[]}}', error)).toBe(' at line 1 column 41')
})
