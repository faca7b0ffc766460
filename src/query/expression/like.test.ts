import { describe, expect, test } from 'vitest'
import { compileLike } from './like.ts'

/** The pattern by its definition: every way of reading it is tried. */
function matches(pattern: readonly string[], text: readonly string[]): boolean {
  const [head, ...rest] = pattern
  if (head === undefined) return text.length === 0
  if (head === '%') return matches(rest, text) || (text.length > 0 && matches(pattern, text.slice(1)))
  return text.length > 0 && (head === '_' || head === text[0]) && matches(rest, text.slice(1))
}

describe('like', () => {
  test.each([
    ['alpha%', 'alphabet', true],
    ['alpha', 'alphabet', false],
    ['', '', true],
    ['', 'a', false],
    ['%', '', true],
    ['_', '\u{1f600}', true],
    ['%_', '\u{1f600}', true],
    ['__', '\u{1f600}', false],
    ['_%\u{1f600}', 'x\u{1f600}', true],
    ['100\\%%', '100% sure', true],
    ['100\\%%', '1000', false],
    ['snake\\_case', 'snakeXcase', false],
    ['%\\\\%', 'back\\slash', true],
    ['a\\', 'a\\', true],
    ['a%a', 'a', false],
    ['(alpha)', 'alpha', false],
    ['a.*', 'a.*', true],
    ['%\nb', 'a\nb', true],
  ])('%j of %j: %j', (pattern, text, expected) => {
    expect(compileLike(pattern)(text)).toBe(expected)
  })

  test('agrees with the definition on every short pattern and text', () => {
    const words = (letters: string[], length: number): string[][] =>
      length === 0
        ? [[]]
        : words(letters, length - 1).flatMap((word) => [word, ...letters.map((l) => [...word, l])])
    for (const pattern of words(['a', 'b', '%', '_'], 4)) {
      const like = compileLike(pattern.join(''))
      for (const text of words(['a', 'b'], 4)) {
        if (like(text.join('')) !== matches(pattern, text))
          expect.fail(`${pattern.join('')} of ${text.join('')}`)
      }
    }
  })
})
