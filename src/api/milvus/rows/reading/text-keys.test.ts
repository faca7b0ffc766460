import { expect, test } from 'vitest'
import { RawJson } from '../../../../index.ts'
import { textReader } from './text-keys.ts'

test('a text is found wherever it stands in a payload', () => {
  const read = textReader('k')
  const payloads: [string, string | undefined][] = [
    ['{"k":"a"}', 'a'],
    ['{"k":""}', ''],
    ['{"k":"日本\u{1f600}","n":1}', '日本\u{1f600}'],
    ['{"k":"q\\"q\\u0041\\\\","n":1}', 'q"qA\\'],
    ['{"n":{"k":"inner"},"k":"outer"}', 'outer'],
    ['{ "k" : "spaced" }', 'spaced'],
    ['{"k":7}', undefined],
    ['{"kk":"a"}', undefined],
    ['{}', undefined],
  ]
  for (const [text, key] of payloads) {
    expect([text, read(new RawJson(text))]).toEqual([text, key])
    expect([text, read(new RawJson(Buffer.from(text)))]).toEqual([text, key])
  }
})
