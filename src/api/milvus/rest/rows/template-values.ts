import type { JsonValue } from '../../../../index.ts'
import type { Body } from '../body.ts'
import { isObject } from '../body.ts'
import { notJson } from '../rest-error.ts'

/** The `TemplateValue`s that `exprParams` gives to the names in a filter. @throws RestError 1801 */
export const templatesOf = (params: Body): Readonly<Record<string, object>> =>
  Object.fromEntries(
    Object.entries(params.members).map(([name, value]) => [name, templateOf(name, value ?? null)]),
  )

function templateOf(name: string, value: JsonValue): object {
  if (typeof value === 'boolean') return { bool_val: value }
  if (typeof value === 'string') return { string_val: value }
  if (isWhole(value)) return { int64_val: BigInt(value) }
  if (typeof value === 'number') return { float_val: value }
  if (Array.isArray(value)) return { array_val: listOf(name, value as readonly JsonValue[]) }
  throw notJson(`exprParams.${name} has to be a value that a filter can have`)
}

const isWhole = (value: JsonValue): value is number | bigint =>
  typeof value === 'bigint' || (typeof value === 'number' && Number.isInteger(value))

function listOf(name: string, values: readonly JsonValue[]): object {
  if (values.every((one) => typeof one === 'boolean')) return { bool_data: { data: values } }
  if (values.every(isWhole)) return { long_data: { data: values.map(BigInt) } }
  if (values.every((one) => typeof one === 'number' || typeof one === 'bigint'))
    return { double_data: { data: values.map(Number) } }
  if (values.every((one) => typeof one === 'string')) return { string_data: { data: values } }
  if (values.every((one) => Array.isArray(one)))
    return { array_data: { data: values.map((one) => listOf(name, one as readonly JsonValue[])) } }
  const kind = values.some((one) => isObject(one)) ? 'objects' : 'values of several kinds'
  throw notJson(`exprParams.${name} has to be a list of one kind, not of ${kind}`)
}
