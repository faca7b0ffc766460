import { describe, expect, test } from 'vitest'
import { stemmerLanguages, stopwordLanguages } from './text/languages.ts'
import { stem } from './text/stem.ts'
import { stopwordsOf } from './text/stop-words.ts'
import { tokenize, type TextParams } from './tokens.ts'

const document = (text: string, params: TextParams): string[] => tokenize(text, params, 'document')

describe('tokenize', () => {
  test.each<[TextParams, string, string[]]>([
    [{}, 'The brown-bread, well baked; CAFÉ 42', ['the', 'brown', 'bread', 'well', 'baked', 'café', '42']],
    [{ lowercase: false }, 'The FOX', ['The', 'FOX']],
    [{ tokenizer: 'whitespace' }, ' brown-bread,  Dogs! ', ['brown-bread,', 'dogs!']],
    [{ minTokenLength: 4, maxTokenLength: 5 }, 'fox lazy brown jumping', ['lazy', 'brown']],
    [{ maxTokenLength: 2 }, '😀😀 𝒜𝒷 abc', ['𝒜𝒷']],
    [{ asciiFolding: true }, 'Füchsin Straße CAFÉ Łódź', ['fuchsin', 'strasse', 'cafe', 'lodz']],
    [{ asciiFolding: true }, 'ガギグ', ['ガギグ']],
    [{ stopwords: ['The', 'of'] }, 'The end of THE day', ['end', 'day']],
    [{ lowercase: false, stopwords: ['FOX'] }, 'fox FOX', ['fox']],
    [{ tokenizer: 'multilingual', lowercase: false }, 'Über Cafés', ['uber', 'cafes']],
    [{ stopwordLanguages: ['english'] }, 'The fox and the dog', ['fox', 'dog']],
    [{ stopwordLanguages: ['german', 'english'], stopwords: ['Hund'] }, 'den Hund of Hundert', ['hundert']],
    [{ tokenizer: 'whitespace', stopwordLanguages: ['english'] }, "don't jump", ['jump']],
    [{ lowercase: false, stopwordLanguages: ['english'] }, 'The the end', ['The', 'end']],
    [{ asciiFolding: true, stopwordLanguages: ['german'] }, 'über die Brücke', ['uber', 'brucke']],
    [{ stemmer: 'english' }, 'Foxes jumping lazily, generously', ['fox', 'jump', 'lazili', 'generous']],
    [{ stemmer: 'english', minTokenLength: 4 }, 'foxes jumping', ['jump']],
    [{ stemmer: 'english', stopwordLanguages: ['english'] }, 'having been doing things', ['thing']],
    [{ stemmer: 'greek' }, 'πόλεις', ['πολ']],
    [{}, '  !! ', []],
  ])('%j of %j', (params, text, tokens) => {
    expect(document(text, params)).toEqual(tokens)
  })

  test('scripts without spaces are cut into words', () => {
    const tokens = document('東京都に行く', { tokenizer: 'multilingual' })
    expect(tokens.length).toBeGreaterThan(1)
    expect(tokens.join('')).toBe('東京都に行く')
  })

  test('a query by beginnings keeps what looks like a stop word', () => {
    const params: TextParams = { tokenizer: 'prefix', stopwords: ['the'] }
    expect(document('the theory', params)).toEqual(['t', 'th', 'the', 'theo', 'theor', 'theory'])
    expect(tokenize('the', params, 'query')).toEqual(['the'])
  })

  test('every language has its stemmer and its list', () => {
    for (const language of stemmerLanguages) expect(stem('xyz', language)).not.toBe('')
    const sizes = stopwordLanguages.map((language) => new Set(stopwordsOf(language)).size)
    expect(Math.min(...sizes)).toBeGreaterThan(50)
  })

  test('a document has all beginnings of its words, a query only the longest', () => {
    const params: TextParams = { tokenizer: 'prefix', minTokenLength: 2, maxTokenLength: 4 }
    expect(document('a fox jumps', params)).toEqual(['fo', 'fox', 'ju', 'jum', 'jump'])
    expect(tokenize('a fox jumps', params, 'query')).toEqual(['fox', 'jump'])
  })
})
