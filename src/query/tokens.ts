import type { StemmerLanguage, StopwordLanguage } from './text/languages.ts'
import { stem } from './text/stem.ts'
import { stopwordsOf as stopwordsOfLanguage } from './text/stop-words.ts'

export interface TextParams {
  /** Default 'word'. */
  readonly tokenizer?: 'word' | 'whitespace' | 'prefix' | 'multilingual'
  /** Default true. */
  readonly lowercase?: boolean
  /** In characters. Default 0. */
  readonly minTokenLength?: number
  /** In characters. Default unlimited. */
  readonly maxTokenLength?: number
  /** Letters with marks become plain ones. Default false. */
  readonly asciiFolding?: boolean
  /** Tokens that are left out. */
  readonly stopwords?: readonly string[]
  /** Their stop words are left out, too. */
  readonly stopwordLanguages?: readonly StopwordLanguage[]
  /** What stays of a token is its stem. */
  readonly stemmer?: StemmerLanguage
}

/**
 * A query's word is looked up whole by the prefix tokenizer, a document's by each of its beginnings; there a query has no
 * stop words, since what looks like one may be the beginning of another word.
 */
export type TokenPurpose = 'document' | 'query'

/** Tokens of a text in order, as a text index with these parameters sees them. */
export function tokenize(text: string, params: TextParams, purpose: TokenPurpose): string[] {
  const words = splitWords(normalize(text, params), params.tokenizer ?? 'word')
  const isPrefix = params.tokenizer === 'prefix'
  const stopwords = isPrefix && purpose === 'query' ? undefined : stopwordsOf(params)
  const { stemmer } = params
  const tokens: string[] = []
  for (const word of words) {
    if (word === '' || stopwords?.has(word) === true) continue
    const token = stemmer === undefined ? word : stem(word, stemmer)
    if (isPrefix) pushBeginnings(token, params, purpose, tokens)
    else if (fits(token, params)) tokens.push(token)
  }
  return tokens
}

function normalize(text: string, params: TextParams): string {
  // The multilingual tokenizer folds by itself, whatever the parameters say.
  const isMultilingual = params.tokenizer === 'multilingual'
  const lowered = params.lowercase !== false || isMultilingual ? text.toLowerCase() : text
  return params.asciiFolding === true || isMultilingual ? foldMarks(lowered) : lowered
}

const letters: Readonly<Record<string, string>> = {
  ß: 'ss',
  ẞ: 'SS',
  æ: 'ae',
  Æ: 'AE',
  œ: 'oe',
  Œ: 'OE',
  ø: 'o',
  Ø: 'O',
  đ: 'd',
  Đ: 'D',
  ð: 'd',
  Ð: 'D',
  þ: 'th',
  Þ: 'TH',
  ł: 'l',
  Ł: 'L',
  ħ: 'h',
  Ħ: 'H',
  ı: 'i',
}
const asciiOnly = /^[\u0000-\u007f]*$/
const special = new RegExp(`[${Object.keys(letters).join('')}]`, 'g')

function foldMarks(text: string): string {
  if (asciiOnly.test(text)) return text
  // Marks of Latin letters only: elsewhere they make another letter.
  const plain = text
    .normalize('NFD')
    .replace(/(\p{Script=Latin})\p{M}+/gu, '$1')
    .normalize('NFC')
  return plain.replace(special, (letter) => letters[letter]!)
}

const betweenWords = /[^\p{Alphabetic}\p{N}]+/u
const withoutSpaces =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u
let segmenter: Intl.Segmenter | undefined

function splitWords(text: string, tokenizer: NonNullable<TextParams['tokenizer']>): Iterable<string> {
  if (tokenizer === 'whitespace') return text.split(/\s+/u)
  if (tokenizer === 'multilingual' && withoutSpaces.test(text)) return segments(text)
  return text.split(betweenWords)
}

/** Words of scripts that put no spaces between them. */
function* segments(text: string): Iterable<string> {
  segmenter ??= new Intl.Segmenter('und', { granularity: 'word' })
  for (const { segment, isWordLike } of segmenter.segment(text)) {
    if (isWordLike === true) yield* segment.split(betweenWords)
  }
}

function fits(word: string, params: TextParams): boolean {
  const { minTokenLength: min = 0, maxTokenLength: max } = params
  if (min <= 1 && max === undefined) return true
  const length = word.length < min ? word.length : [...word].length
  return length >= min && (max === undefined || length <= max)
}

function pushBeginnings(word: string, params: TextParams, purpose: TokenPurpose, into: string[]): void {
  const characters = [...word]
  const min = Math.max(1, params.minTokenLength ?? 1)
  const longest = Math.min(characters.length, params.maxTokenLength ?? Number.POSITIVE_INFINITY)
  if (longest < min) return
  const first = purpose === 'query' ? longest : min
  for (let n = first; n <= longest; n++) into.push(characters.slice(0, n).join(''))
}

const stopwordSets = new WeakMap<TextParams, ReadonlySet<string>>()

/** Marks stay in them: where letters are folded, a stop word with a mark is found no more. As in Qdrant. */
function stopwordsOf(params: TextParams): ReadonlySet<string> | undefined {
  const { stopwords = [], stopwordLanguages = [] } = params
  if (stopwords.length === 0 && stopwordLanguages.length === 0) return undefined
  let set = stopwordSets.get(params)
  if (set === undefined) {
    const words = [...stopwords, ...stopwordLanguages.flatMap((language) => stopwordsOfLanguage(language))]
    set = new Set(params.lowercase === false ? words : words.map((word) => word.toLowerCase()))
    stopwordSets.set(params, set)
  }
  return set
}
