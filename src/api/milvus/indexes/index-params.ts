import type { KeyValue } from '../schema/messages.ts'
import { invalidParameter } from '../status.ts'

/** Names as Milvus' users write them. */
export type IndexParams = Readonly<Record<string, string>>

/** Those of the JSON text `params` stand beside the others, as texts. @throws 1100 */
export function flatParams(pairs: readonly KeyValue[]): IndexParams {
  const flat: Record<string, string> = {}
  for (const { key, value } of pairs) {
    if (key === 'params') Object.assign(flat, innerParams(value))
    else flat[key] = value
  }
  return flat
}

function innerParams(text: string): IndexParams {
  if (text === '') return {}
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw Object.assign(invalidParameter(`failed to parse JSON: ${text}`), { cause })
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw invalidParameter(`params is no JSON object: ${text}`)
  const entries = Object.entries(value).map(([key, one]): [string, string] => [
    key,
    typeof one === 'string' ? one : JSON.stringify(one),
  ])
  return Object.fromEntries(entries)
}

/** The same whatever the order. */
export function isSameParams(a: IndexParams, b: IndexParams): boolean {
  const keys = Object.keys(a)
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key])
}
