import type { JsonObject, JsonValue, PayloadIndexParams, PayloadIndexType } from '../../../index.ts'
import { isObject } from '../decode.ts'
import { formatError } from '../failures.ts'

const types: readonly string[] = ['keyword', 'integer', 'float', 'geo', 'text', 'bool', 'datetime', 'uuid']
const tokenizers: readonly string[] = ['prefix', 'whitespace', 'word', 'multilingual']
const unknown = 'data did not match any variant of untagged enum PayloadFieldSchema'

/** `field_schema` of PUT /collections/{name}/index: a type's name, or an object with parameters. */
export function translateFieldSchema(value: JsonValue | undefined): PayloadIndexParams {
  if (typeof value === 'string') {
    if (!types.includes(value)) throw formatError(unknown)
    return { type: value as PayloadIndexType }
  }
  if (!isObject(value) || typeof value['type'] !== 'string' || !types.includes(value['type']))
    throw formatError(unknown)
  return { type: value['type'] as PayloadIndexType, ...parameters(value), settings: echo(value) }
}

function parameters(value: JsonObject): Partial<PayloadIndexParams> {
  const { tokenizer, lowercase, min_token_len, max_token_len, phrase_matching, lookup, range } = value
  if (typeof tokenizer === 'string' && !tokenizers.includes(tokenizer)) throw formatError(unknown)
  return {
    ...(typeof tokenizer === 'string'
      ? { tokenizer: tokenizer as NonNullable<PayloadIndexParams['tokenizer']> }
      : {}),
    ...(typeof lowercase === 'boolean' ? { lowercase } : {}),
    ...(typeof min_token_len === 'number' ? { minTokenLength: min_token_len } : {}),
    ...(typeof max_token_len === 'number' ? { maxTokenLength: max_token_len } : {}),
    ...(typeof phrase_matching === 'boolean' ? { phraseMatching: phrase_matching } : {}),
    ...(typeof lookup === 'boolean' ? { lookup } : {}),
    ...(typeof range === 'boolean' ? { range } : {}),
  }
}

/** The parameters as Qdrant shows them: those that an integer index has stand there as null where they were not given. */
function echo(value: JsonObject): JsonObject {
  const shown: Record<string, JsonValue> = {}
  for (const [key, given] of Object.entries(value)) if (given !== null) shown[key] = given
  return shown
}
