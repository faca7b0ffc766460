import { stemmerLanguages, stopwordLanguages, type TextParams } from '../../../index.ts'
import type { FieldDocument } from '../schema/document.ts'
import { invalidParameter } from '../status.ts'

/** Fewer than Qdrant's API and the engine have of English: `from`, `over` or `more` are words like others. */
const englishStopWords: readonly string[] = (
  'a an and are as at be but by for if in into is it no not of on or such that the their then there these they this to was ' +
  'will with'
).split(' ')
const english = '_english_'

const isTrue = (text: string | undefined): boolean => text?.toLowerCase() === 'true'

/** Whether the texts of a field are cut into tokens at all. */
export const isAnalyzed = ({ params }: FieldDocument): boolean => isTrue(params['enable_analyzer'])

/** How the texts of a field become tokens. @throws 1100 */
export function analyzerOf({ name, params }: Pick<FieldDocument, 'name' | 'params'>): TextParams {
  const text = params['analyzer_params']
  if (text === undefined || text === '') return {}
  try {
    return analyzerFrom(objectOf(text))
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw invalidParameter(`invalid analyzer_params of field ${name}: ${why}`)
  }
}

type Json = Readonly<Record<string, unknown>>
type Draft = { -readonly [K in keyof TextParams]: TextParams[K] }

const plain = (what: string): Error => new Error(what)

function objectOf(text: string): Json {
  const value = JSON.parse(text) as unknown
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Json
  throw plain(`${text} is no JSON object`)
}

function analyzerFrom(params: Json): TextParams {
  const { type } = params
  if (type === undefined) return ownAnalyzer(params)
  const more = stopWords(params['stop_words'])
  switch (type) {
    case 'standard':
      return { ...more }
    case 'english':
      return { ...more, stemmer: 'english', stopwords: [...englishStopWords, ...(more.stopwords ?? [])] }
    case 'chinese':
      return { tokenizer: 'multilingual' }
    default:
      throw plain(`unknown analyzer type ${JSON.stringify(type)}`)
  }
}

/** One that is put together: letters stay as they are unless a filter makes them small. */
function ownAnalyzer(params: Json): TextParams {
  const analyzer: Draft = { lowercase: false, ...tokenizerOf(params['tokenizer']) }
  const filters = params['filter'] ?? []
  if (!Array.isArray(filters)) throw plain('filter is no list')
  for (const filter of filters) Object.assign(analyzer, filterOf(filter, analyzer))
  return analyzer
}

function tokenizerOf(given: unknown): Draft {
  const name =
    given === undefined ? 'standard' : typeof given === 'object' ? (given as Json | null)?.['type'] : given
  switch (name) {
    case 'standard':
      return {}
    case 'whitespace':
      return { tokenizer: 'whitespace' }
    case 'jieba':
    case 'lindera':
    case 'icu':
    case 'language_identifier':
      return { tokenizer: 'multilingual' }
    default:
      throw plain(`unsupported tokenizer ${JSON.stringify(given)}`)
  }
}

function filterOf(given: unknown, before: TextParams): Draft {
  const params: Json = typeof given === 'object' && given !== null ? (given as Json) : { type: given }
  switch (params['type']) {
    case 'lowercase':
      return { lowercase: true }
    case 'asciifolding':
      return { asciiFolding: true }
    case 'alphanumonly':
    case 'cnalphanumonly':
    case 'cncharonly':
    case 'removepunct':
      return {}
    case 'length':
      return { maxTokenLength: numberOf('max', params['max']) }
    case 'stop':
      return joined(before, stopWords(params['stop_words'] ?? [english]))
    case 'stemmer':
      return { stemmer: languageOf(stemmerLanguages, params['language']) }
    default:
      throw plain(`unsupported filter ${JSON.stringify(given)}`)
  }
}

const joined = (a: TextParams, b: TextParams): Draft => ({
  stopwords: [...(a.stopwords ?? []), ...(b.stopwords ?? [])],
  stopwordLanguages: [...(a.stopwordLanguages ?? []), ...(b.stopwordLanguages ?? [])],
})

/** Words, and `_english_` for all of a language. */
function stopWords(given: unknown): TextParams {
  if (given === undefined) return {}
  const words: readonly unknown[] = Array.isArray(given) ? given : [given]
  if (!words.every((word) => typeof word === 'string')) throw plain('stop_words is no list of words')
  const named = words.filter((word) => /^_[a-z]+_$/.test(word))
  const own = words.filter((word) => !named.includes(word))
  const others = named.filter((word) => word !== english)
  return {
    stopwords: others.length < named.length ? [...englishStopWords, ...own] : own,
    stopwordLanguages: others.map((word) => languageOf(stopwordLanguages, word.slice(1, -1))),
  }
}

function languageOf<T extends string>(known: readonly T[], given: unknown): T {
  const found = known.find((one) => one === given)
  if (found === undefined) throw plain(`unsupported language ${JSON.stringify(given)}`)
  return found
}

function numberOf(name: string, given: unknown): number {
  if (typeof given === 'number' && given > 0) return given
  throw plain(`${name} is no number above 0`)
}
