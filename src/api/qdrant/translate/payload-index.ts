import {
  stemmerLanguages,
  stopwordLanguages,
  stringifyJson,
  type JsonObject,
  type JsonValue,
  type PayloadIndexParams,
  type PayloadIndexType,
} from '../../../index.ts'
import {
  boolean,
  defaulted,
  list,
  isArray,
  isObject,
  oneOf,
  optional,
  required,
  struct,
  text,
  untagged,
  usize,
  DecodeError,
  type Decoder,
  type Fields,
} from '../decode.ts'
import { invalid, unsupported } from '../failures.ts'
import { given } from './checks.ts'
import { memory } from './config-diffs.ts'
import { payloadPath } from './payload-path.ts'

const types = ['keyword', 'integer', 'float', 'geo', 'text', 'bool', 'datetime', 'uuid'] as const
const languages = [
  ...[
    'arabic',
    'azerbaijani',
    'basque',
    'bengali',
    'catalan',
    'chinese',
    'danish',
    'dutch',
    'english',
    'finnish',
  ],
  ...[
    'french',
    'german',
    'greek',
    'hebrew',
    'hinglish',
    'hungarian',
    'indonesian',
    'italian',
    'japanese',
    'kazakh',
  ],
  ...[
    'nepali',
    'norwegian',
    'portuguese',
    'romanian',
    'russian',
    'slovene',
    'spanish',
    'swedish',
    'tajik',
    'turkish',
  ],
]
const stopwords = untagged<JsonValue>('StopwordsInterface', oneOf(...languages), (value) => {
  const set = struct('StopwordsSet', {
    languages: optional(list(oneOf(...languages))),
    custom: optional(list(text)),
  })(isObject(value) ? value : null)
  // Qdrant keeps them as sets.
  return given({ languages: set.languages?.sort(), custom: set.custom?.sort() })
})

const stemmer = untagged<JsonValue>(
  'StemmingAlgorithm',
  (value) =>
    given(
      struct('Snowball', {
        type: required(oneOf('snowball')),
        language: required(oneOf(...stemmerLanguages)),
      })(value),
    ),
  (value) => given(struct('NoStemmer', { type: required(oneOf('none')) })(value)),
)

const onDisk = { on_disk: defaulted(boolean), enable_hnsw: defaulted(boolean), memory: defaulted(memory) }

type Params = Readonly<Record<string, JsonValue | undefined>>
/** Parameters by type. Those that Qdrant shows as null where they are not given stand in `shownAsNull`. */
const paramsByType: Readonly<
  Record<
    (typeof types)[number],
    { readonly fields: Fields<Params>; readonly shownAsNull?: readonly string[] }
  >
> = {
  keyword: { fields: { is_tenant: defaulted(boolean), prefix: defaulted(boolean), ...onDisk } },
  integer: {
    fields: {
      lookup: defaulted(boolean),
      range: defaulted(boolean),
      is_principal: defaulted(boolean),
      ...onDisk,
    },
    shownAsNull: ['lookup', 'range', 'is_principal'],
  },
  float: { fields: { is_principal: defaulted(boolean), ...onDisk }, shownAsNull: ['is_principal'] },
  geo: { fields: onDisk },
  text: {
    fields: {
      tokenizer: defaulted(oneOf('prefix', 'whitespace', 'word', 'multilingual')),
      min_token_len: defaulted(usize),
      max_token_len: defaulted(usize),
      lowercase: defaulted(boolean),
      ascii_folding: defaulted(boolean),
      phrase_matching: defaulted(boolean),
      stopwords: defaulted(stopwords),
      stemmer: defaulted(stemmer),
      ...onDisk,
    },
  },
  bool: { fields: onDisk },
  datetime: { fields: { is_principal: defaulted(boolean), ...onDisk }, shownAsNull: ['is_principal'] },
  uuid: { fields: { is_tenant: defaulted(boolean), ...onDisk } },
}

const withParams: Decoder<PayloadIndexParams> = (value) => {
  if (Array.isArray(value))
    return { type: oneOf(...types)((value as readonly JsonValue[])[0] ?? null), settings: bare(value) }
  const { type } = struct('PayloadSchemaParams', { type: required(oneOf(...types)) })(value)
  const { fields, shownAsNull = [] } = paramsByType[type]
  const params = struct<Params>(type, fields)(value)
  const nulls = Object.fromEntries(shownAsNull.map((name) => [name, null]))
  const tokenizer = type === 'text' ? { tokenizer: 'word' } : {}
  return { type, ...engineParams(params), settings: { type, ...nulls, ...tokenizer, ...given(params) } }
}

/** A struct as the sequence of its fields: only its type can be told. */
function bare(value: JsonValue): JsonObject {
  return { type: (value as readonly JsonValue[])[0]! }
}

function engineParams(params: Params): Partial<PayloadIndexParams> {
  return given({
    tokenizer: params['tokenizer'],
    lowercase: params['lowercase'],
    minTokenLength: params['min_token_len'],
    maxTokenLength: params['max_token_len'],
    asciiFolding: params['ascii_folding'],
    stopwords: customStopwords(params['stopwords']),
    stopwordLanguages: givenLanguages(params['stopwords'])?.filter((language) => isListed(language)),
    stemmer: stemmerLanguage(params['stemmer']),
    phraseMatching: params['phrase_matching'],
    lookup: params['lookup'],
    range: params['range'],
  })
}

function customStopwords(stopwords: JsonValue | undefined): JsonValue | undefined {
  return isObject(stopwords) ? stopwords['custom'] : undefined
}

function givenLanguages(stopwords: JsonValue | undefined): readonly string[] | undefined {
  if (typeof stopwords === 'string') return [stopwords]
  const languages = isObject(stopwords) ? stopwords['languages'] : undefined
  return isArray(languages) ? languages.filter((language) => typeof language === 'string') : undefined
}

const isListed = (language: string): boolean => (stopwordLanguages as readonly string[]).includes(language)

function stemmerLanguage(stemmer: JsonValue | undefined): JsonValue | undefined {
  return isObject(stemmer) ? stemmer['language'] : undefined
}

const fieldSchema = untagged<PayloadIndexParams>(
  'PayloadFieldSchema',
  (value) => {
    if (typeof value !== 'string') throw new DecodeError('no type', 'after')
    return { type: oneOf<PayloadIndexType>(...types)(value) }
  },
  withParams,
)

export interface GivenIndex {
  readonly field_name: string
  readonly field_schema: PayloadIndexParams | undefined
}

const createIndex = struct<GivenIndex>('CreateFieldIndex', {
  field_name: required(payloadPath),
  field_schema: optional(fieldSchema, 'field_type'),
})

/** The body of PUT /collections/{name}/index. */
export const indexRequest: Decoder<GivenIndex> = (value) => {
  const request = createIndex(value)
  const params = request.field_schema
  if (params?.lookup === false && params.range === false) {
    const why = "Validation error: the 'lookup' and 'range' capabilities can't be both disabled [{}]"
    throw invalid(`field_schema.lookup: ${why}`)
  }
  return request
}

/** A language whose stop words nobody has for us. @throws WireError 501 */
export function refuseUnsupportedIndex({ settings = {} }: PayloadIndexParams): void {
  const unknown = givenLanguages(settings['stopwords'])?.find((language) => !isListed(language))
  if (unknown !== undefined) throw unsupported(`the stop words of ${unknown} are`)
}

/** Whether two declarations mean the same: a bare type is one whose parameters all have their defaults. */
export function isSameIndex(a: PayloadIndexParams, b: PayloadIndexParams): boolean {
  return a.type === b.type && meaningOf(a) === meaningOf(b)
}

function meaningOf({ type, settings }: PayloadIndexParams): string {
  const defaults = type === 'text' ? { tokenizer: 'word' } : {}
  const params = given({ ...defaults, ...settings, type })
  return stringifyJson(Object.fromEntries(Object.entries(params).sort(([a], [b]) => (a < b ? -1 : 1))))
}
