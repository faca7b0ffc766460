import { describe, expect, test } from 'vitest'
import { tokenize } from '../../../index.ts'
import { analyzerOf } from './analyzer.ts'

const field = (analyzer?: unknown) => ({
  name: 't',
  params:
    analyzer === undefined
      ? {}
      : { analyzer_params: typeof analyzer === 'string' ? analyzer : JSON.stringify(analyzer) },
})
const tokens = (text: string, analyzer?: unknown): string[] =>
  tokenize(text, analyzerOf(field(analyzer)), 'document')

describe('an analyzer', () => {
  const text = 'The quick Foxes, lazy dog'

  test('cuts at what is no letter or digit, and makes letters small, if nothing else is said', () => {
    const words = ['the', 'quick', 'foxes', 'lazy', 'dog']
    expect(tokens(text)).toEqual(words)
    expect(tokens(text, { type: 'standard' })).toEqual(words)
    expect(tokens(text, { type: 'standard', stop_words: ['lazy'] })).toEqual(['the', 'quick', 'foxes', 'dog'])
  })

  test('of English leaves stems, and no stop words', () => {
    expect(tokens(text, { type: 'english' })).toEqual(['quick', 'fox', 'lazi', 'dog'])
  })

  // Milvus leaves out 33 words of English, Qdrant many more. A word too many is one that nobody finds.
  test.each([
    [{ type: 'english' }, 'it was there over from these and more'],
    [{ type: 'english', stop_words: ['_english_', 'each'] }, 'each over a from in more'],
    [{ filter: [{ type: 'stop', stop_words: ['_english_'] }] }, 'over such from their more'],
    [{ filter: [{ type: 'stop' }] }, 'with over not from but more'],
  ])('of %o keeps what is no stop word of Milvus', (analyzer, words) => {
    expect(tokens(words, analyzer)).toEqual(['over', 'from', 'more'])
  })

  test('has the stop words of other languages', () => {
    const analyzer = { type: 'standard', stop_words: ['_german_', '_english_', 'doch'] }
    expect(tokens('Das Haus and doch nicht the house over', analyzer)).toEqual(['haus', 'house', 'over'])
  })

  test('is put together of a tokenizer and filters', () => {
    expect(tokens(text, { tokenizer: 'whitespace' })).toEqual(['The', 'quick', 'Foxes,', 'lazy', 'dog'])
    const filter = [
      'lowercase',
      { type: 'stop', stop_words: ['_english_', 'dog'] },
      { type: 'length', max: 4 },
    ]
    expect(tokens(text, { tokenizer: 'standard', filter })).toEqual(['lazy'])
    expect(tokens('Äpfel', { filter: ['asciifolding'] })).toEqual(['Apfel'])
    const stemmer = { type: 'stemmer', language: 'english' }
    expect(tokens('foxes', { filter: ['lowercase', stemmer] })).toEqual(['fox'])
  })

  test.each([
    ['{', 'JSON'],
    ['[]', 'no JSON object'],
    [{ type: 'latin' }, 'unknown analyzer type "latin"'],
    [{ tokenizer: 'nope' }, 'unsupported tokenizer "nope"'],
    [{ filter: 'lowercase' }, 'filter is no list'],
    [{ filter: ['odd'] }, 'unsupported filter "odd"'],
    [{ filter: [{ type: 'stemmer', language: 'klingon' }] }, 'unsupported language "klingon"'],
    [{ filter: [{ type: 'length', max: 'x' }] }, 'max is no number'],
    [{ filter: [{ type: 'stop', stop_words: [1] }] }, 'no list of words'],
  ])('%o is refused', (analyzer, text) => {
    expect(() => analyzerOf(field(analyzer))).toThrow(text)
    expect(() => analyzerOf(field(analyzer))).toThrow('invalid analyzer_params of field t')
  })
})
