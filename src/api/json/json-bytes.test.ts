import fc from 'fast-check'
import { expect, test } from 'vitest'
import { skipObject } from './json-bytes.ts'

const seed = 20_481

test('an object ends where it ends', () => {
  const object = fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue())
  fc.assert(
    fc.property(object, fc.constantFrom(undefined, 1), (value, indent) => {
      const text = JSON.stringify(value, undefined, indent)
      // Lone surrogates and -0 aside, what JSON.stringify writes is read; those are left to another parser.
      const bytes = Buffer.from(`${text},{"next":1}`)
      const end = skipObject(bytes, 0)
      if (end !== -1) expect(end).toBe(Buffer.byteLength(text))
      else expect(text).toMatch(/\\u[dD]|\d[eE][+-]?\d{3}/)
    }),
    { seed, numRuns: 1_000 },
  )
})

test('what it takes for an object JSON.parse takes, too', () => {
  const pieces = [
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"a"',
    '"\\n"',
    '"\\x"',
    '"\\u00e9"',
    '1',
    '-',
    '.5',
    'e3',
    ' ',
    'true',
    'nul',
  ]
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 12 }), (parts) => {
      const text = `{"k":${parts.join('')}}`
      const end = skipObject(Buffer.from(text), 0)
      if (end >= 0) expect(() => JSON.parse(text.slice(0, end)) as unknown).not.toThrow()
      if (end !== text.length) expect(isAccepted(text)).toBe(false)
    }),
    { seed, numRuns: 5_000 },
  )
})

function isAccepted(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
