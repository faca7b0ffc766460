import type { FastifyRequest } from 'fastify'
import { invalid } from './failures.ts'
import { WireError } from './wire-error.ts'

// What stands in the path and in the query string of a request.

export function pathParam(request: FastifyRequest, name: string): string {
  return (request.params as Readonly<Record<string, string>>)[name] ?? ''
}

const nameCharactersMax = 255
/** What a new collection's name must not hold, in the order in which it is looked for. */
const forbiddenInNew = ['<', '>', ':', '"', '/', '\\', '|', '?', '*', '\0', '\u001f']
const forbiddenInAny = ['/', '\0']

/** The collection's name from the path; `isNew` applies the rules for new names. @throws WireError 422 */
export function collectionName(request: FastifyRequest, isNew = false): string {
  const name = pathParam(request, 'collection')
  const characters = [...name].length
  if (characters === 0 || characters > nameCharactersMax) {
    const fault = `value ${JSON.stringify(name)} invalid, must be from 1 to ${nameCharactersMax} characters`
    throw invalid(`collection_name: ${fault}`, 'path parameters')
  }
  const found = (isNew ? forbiddenInNew : forbiddenInAny).find((character) => name.includes(character))
  if (found === undefined) return name
  throw invalid(`collection_name: collection name cannot contain "${found}" char`, 'path parameters')
}

const shardsMax = 2 ** 32 - 1

/** The shard's number from the path, or what is wrong with it. */
export function shardNumberOf(request: FastifyRequest): number | { readonly fault: string } {
  const text = pathParam(request, 'shard')
  const number = /^\+?\d+$/.test(text) ? Number(text) : Number.NaN
  return number <= shardsMax ? number : { fault: `can not parse "${text}" to a u32` }
}

/** @throws WireError 400 */
export function shardParam(request: FastifyRequest): number {
  const shard = shardNumberOf(request)
  if (typeof shard === 'number') return shard
  throw new WireError(400, `Deserialize error in path parameters: ${shard.fault}`)
}

const badQuery = (text: string): WireError =>
  new WireError(400, `Deserialize error in query parameters: ${text}`)

/** A parameter of the query string. @throws WireError 400 if it stands there twice */
export function queryParam(request: FastifyRequest, name: string): string | undefined {
  const value = (request.query as Readonly<Record<string, string | string[] | undefined>>)[name]
  if (Array.isArray(value)) throw badQuery(`duplicate field \`${name}\``)
  return value
}

export function flagParam(request: FastifyRequest, name: string, byDefault: boolean): boolean {
  const value = queryParam(request, name)
  if (value === undefined) return byDefault
  if (value === 'true' || value === 'false') return value === 'true'
  throw badQuery('provided string was not `true` or `false`')
}

export function variantParam(
  request: FastifyRequest,
  name: string,
  variants: readonly string[],
): string | undefined {
  const value = queryParam(request, name)
  if (value === undefined || variants.includes(value)) return value
  const expected = variants.map((variant) => `\`${variant}\``).join(', ')
  throw badQuery(`unknown variant \`${value}\`, expected one of ${expected}`)
}

/** A whole number. @throws WireError 400 */
export function countParam(request: FastifyRequest, name: string): number | undefined {
  const value = queryParam(request, name)
  if (value === undefined) return undefined
  if (value === '') throw badQuery('cannot parse integer from empty string')
  if (!/^\+?\d+$/.test(value)) throw badQuery('invalid digit found in string')
  return Number(value)
}

/** `timeout` in seconds of operations on collections. @throws WireError 400, 422 */
export function checkTimeout(request: FastifyRequest): void {
  const timeout = countParam(request, 'timeout')
  if (timeout === 0) throw invalid('timeout: value 0 invalid, must be 1 or larger', 'query parameters')
}

export interface UpdateParams {
  readonly isWaiting: boolean
  /** Seconds. */
  readonly timeout: number | undefined
}

/** Of writes of points and of index changes. `ordering` is checked and means nothing on one node. */
export function updateParams(request: FastifyRequest): UpdateParams {
  const isWaiting = flagParam(request, 'wait', false)
  variantParam(request, 'ordering', ['weak', 'medium', 'strong'])
  if (queryParam(request, 'timeout')?.startsWith('-') === true) {
    throw badQuery('std::time::Duration cannot be negative')
  }
  return { isWaiting, timeout: countParam(request, 'timeout') }
}

/** Of reads: `consistency` is checked and means nothing on one node. Gives the timeout in seconds. */
export function readParams(request: FastifyRequest): number | undefined {
  const consistency = queryParam(request, 'consistency')
  if (consistency !== undefined && !/^(?:|majority|quorum|all|\+?0*[1-9]\d*)$/.test(consistency)) {
    throw badQuery(`failed to deserialize read consistency query parameter value '${consistency}'`)
  }
  const timeout = countParam(request, 'timeout')
  if (timeout === 0) throw badQuery('invalid value: integer `0`, expected a nonzero u64')
  return timeout
}
