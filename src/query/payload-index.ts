import type { JsonObject } from '../encoding/json.ts'
import type { StemmerLanguage, StopwordLanguage } from './text/languages.ts'

export type PayloadIndexType = 'keyword' | 'integer' | 'float' | 'bool' | 'datetime' | 'uuid' | 'text' | 'geo'

export const payloadIndexTypes = [
  'keyword',
  'integer',
  'float',
  'bool',
  'datetime',
  'uuid',
  'text',
  'geo',
] as const satisfies readonly PayloadIndexType[]

export interface PayloadIndexParams {
  readonly type: PayloadIndexType
  /** Text only. Default 'word'. */
  readonly tokenizer?: 'word' | 'whitespace' | 'prefix' | 'multilingual'
  readonly lowercase?: boolean
  readonly minTokenLength?: number
  readonly maxTokenLength?: number
  readonly phraseMatching?: boolean
  /** Text only: letters with marks count as plain ones. */
  readonly asciiFolding?: boolean
  /** Text only: words that are left out. */
  readonly stopwords?: readonly string[]
  /** Text only: their stop words are left out, too. */
  readonly stopwordLanguages?: readonly StopwordLanguage[]
  /** Text only: words count by their stems. */
  readonly stemmer?: StemmerLanguage
  /** Integer only: which tests the index answers. Both default to true. */
  readonly lookup?: boolean
  readonly range?: boolean
  /** What the front door was given, to be echoed. */
  readonly settings?: JsonObject
}
