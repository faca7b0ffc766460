import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseJson } from '../../../../encoding/json.ts'
import { scanPayload } from './scan-payload.ts'

const seed = 20_261

/** What the parser says: the same, or that it is no object. */
function parsed(bytes: Uint8Array): 'object' | 'empty' | 'refused' {
  try {
    const value = parseJson(bytes)
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'refused'
    return Object.keys(value).length === 0 ? 'empty' : 'object'
  } catch {
    return 'refused'
  }
}

test('objects are known without parsing, whatever is in them', () => {
  expect(scanPayload(Buffer.from('{}'))).toBe('empty')
  expect(scanPayload(Buffer.from('{ \n}\t'))).toBe('empty')
  expect(
    scanPayload(Buffer.from('{"a":[],"b":{},"":[1,-0.5,18446744073709551615,true,null,"\\n\\"ö"]}')),
  ).toBe('object')
  const depth = (levels: number): Buffer => Buffer.from(`{"a":${'['.repeat(levels)}${']'.repeat(levels)}}`)
  expect(scanPayload(depth(126))).toBe('object')
  expect(scanPayload(depth(127))).toBe('unsure')
  expect(parsed(depth(127))).toBe('refused')
})

test('what is sure is what the parser says, whatever stands there', () => {
  let sure = 0
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.nat(), fc.nat(255), (value, place, byte) => {
      const bytes = Buffer.from(JSON.stringify(value))
      const found = scanPayload(bytes)
      if (found !== 'unsure') {
        sure += 1
        expect(found).toBe(parsed(bytes))
      }
      bytes[place % bytes.length] = byte
      const changed = scanPayload(bytes)
      if (changed !== 'unsure') expect(changed).toBe(parsed(bytes))
    }),
    { seed, numRuns: 2_000 },
  )
  // The others have exponents and escapes.
  expect(sure).toBeGreaterThan(200)
})

test.each([
  '{',
  '{"a"}',
  '{"a":}',
  '{"a":1,}',
  '{,}',
  '[1]',
  '{"a":01}',
  '{"a":1.}',
  '{"a":-}',
  '{"a":tru}',
  '{"a":[1,]}',
  '{"a":[}]',
  '{"a":1}}',
  '{"a":1e5}',
  '{"a":"\\u0041"}',
  '{"a":"\n"}',
  '{"a":"\\x"}',
  '{"a":"',
  '{"a" 1}',
  ' {}',
  '',
])('not sure: %j', (text) => {
  expect(scanPayload(Buffer.from(text))).toBe('unsure')
})

test('text that is not UTF-8 is not sure', () => {
  expect(scanPayload(Buffer.from([123, 34, 0xff, 34, 58, 49, 125]))).toBe('unsure')
})
