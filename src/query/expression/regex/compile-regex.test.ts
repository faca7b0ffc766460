import { describe, expect, test } from 'vitest'
import { compileRegex } from './compile-regex.ts'

describe('regex', () => {
  test.each([
    ['abc', 'xabcx', true],
    ['^abc$', 'abc', true],
    ['^abc$', 'abcd', false],
    ['a.c', 'a\nc', false],
    ['(?s)a.c', 'a\nc', true],
    ['(?i)ABC', 'xaBc', true],
    ['(?i:a)B', 'AB', true],
    ['(?i:a)B', 'Ab', false],
    ['^(ab|cd)+$', 'abcdab', true],
    ['^(ab|cd)+$', 'abcda', false],
    ['^a{2,3}$', 'aaaa', false],
    ['^a{2,}$', 'aaaa', true],
    ['^a{,2}$', 'a{,2}', true],
    ['\\d{3}-\\d{4}', 'call 555-1234', true],
    ['[[:alpha:]]+[^[:space:]]', 'ab1', true],
    ['^[^a-c]+$', 'xyz', true],
    ['^[]a]+$', ']a', true],
    ['^[a-]+$', 'a-', true],
    ['\\bfox\\b', 'a fox.', true],
    ['\\bfox\\b', 'foxes', false],
    ['(?m)^b$', 'a\nb\nc', true],
    ['^b$', 'a\nb\nc', false],
    ['^\\p{L}+$', 'straße', true],
    ['^\\p{Greek}+$', 'αβγ', true],
    ['^\\PL+$', '123', true],
    ['^.$', '\u{1f600}', true],
    ['^\\x{1f600}\\x41$', '\u{1f600}A', true],
    ['\\Qa.b\\E', 'a.b', true],
    ['\\Qa.b\\E', 'axb', false],
    ['', 'anything', true],
    ['a||b', '', true],
    ['(?P<name>x)y', 'xy', true],
    ['x*', '', true],
    ['(|a)+$', 'b', true],
  ])('%s in %j: %j', (pattern, text, expected) => {
    expect(compileRegex(pattern)(text)).toBe(expected)
  })

  test.each([
    '(',
    ')',
    '[a',
    '*a',
    'a**',
    '\\1',
    '(?=a)',
    '(?<=a)b',
    '(?!a)',
    'a{3,2}',
    'a{1001}',
    '[z-a]',
    '\\',
    '\\y',
    '\\p{Nope}',
  ])('%s is refused', (pattern) => {
    expect(() => compileRegex(pattern)).toThrow(/Cannot use an invalid regex pattern/)
  })

  test('agrees with the regular expressions of the language', () => {
    const atoms = ['a', 'b', '.', '[ab]', '(a|b)', '(ab)', '(?:a|)', '^', '$', '\\b']
    const texts = ['', 'a', 'b', 'ab', 'ba', 'aab', 'abba', 'c', 'a b']
    for (const first of atoms) {
      for (const repeat of ['', '*', '+', '?', '{2}']) {
        for (const second of atoms) {
          const pattern = `${first}${/[$^b]$/.test(first) && first !== 'b' ? '' : repeat}${second}`
          const own = compileRegex(pattern)
          const other = new RegExp(pattern, 'u')
          for (const text of texts) if (own(text) !== other.test(text)) expect.fail(`${pattern} in "${text}"`)
        }
      }
    }
  })

  test('patterns that take others exponential time take none here', () => {
    const text = 'a'.repeat(2000)
    expect(compileRegex('^(a+)+$')(`${text}b`)).toBe(false)
    expect(compileRegex('(a|aa)*c')(text)).toBe(false)
    expect(compileRegex('^(a?){30}a{30}$')('a'.repeat(30))).toBe(true)
  })

  test('what would be too large is refused before it is built', () => {
    expect(() => compileRegex('((a{100}){100}){100}')).toThrow(/more than 600 steps/)
    expect(() => compileRegex('('.repeat(500) + ')'.repeat(500))).toThrow(/too deep/)
    expect(compileRegex('((((){1000}){1000}){1000}){1000}x')('x')).toBe(true)
  })
})
