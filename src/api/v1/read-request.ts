import type { FastifyRequest } from 'fastify'
import type { z } from 'zod'
import { DatabaseError, JsonNumber, JsonSyntaxError, parseJson, type JsonValue } from '../../index.ts'
import { schemaFailure } from './errors.ts'
import type { Route, RouteInput } from './route.ts'

type Inputs = Omit<RouteInput<unknown, unknown, unknown, unknown>, 'signal'>

/** What the route is given, checked by its schemas. @throws request-invalid naming the field */
export function readRequest(route: Route, request: FastifyRequest): Inputs {
  return {
    params: parse('params', route.params, request.params),
    query: parse('query', route.query, typedQuery(route.query, request.query as QueryTexts)),
    headers: parse('headers', route.headers, declaredHeaders(route, request)),
    body: route.takesBytes ? undefined : readBody(route, request),
  }
}

/** A header that came twice is one text, as Node joins them. */
function declaredHeaders(route: Route, request: FastifyRequest): Readonly<Record<string, unknown>> {
  const names = Object.keys(route.headers.shape).filter((name) => request.headers[name] !== undefined)
  return Object.fromEntries(names.map((name) => [name, request.headers[name]]))
}

function readBody(route: Route, request: FastifyRequest): unknown {
  const text = Buffer.isBuffer(request.body) ? request.body.toString('utf8') : ''
  if (route.body === undefined) {
    if (text.trim() === '') return undefined
    throw new DatabaseError('request-invalid', 'Cannot read the body of the request: this route takes none')
  }
  return parse('body', route.body, text.trim() === '' ? {} : readJson(text))
}

/** @throws request-invalid */
export function readJson(text: string): JsonValue {
  try {
    return withPlainNumbers(parseJson(text))
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error
    throw new DatabaseError('request-invalid', `Cannot read the body of the request: ${error.message}`, {
      in: 'body',
    })
  }
}

/** Nothing that comes in here is given back, so the spelling of a number is not needed; bigints stay, they are ids. */
function withPlainNumbers(value: JsonValue): JsonValue {
  if (value instanceof JsonNumber) return Number(value.text)
  if (value === null || typeof value !== 'object') return value
  if (Array.isArray(value)) return (value as readonly JsonValue[]).map(withPlainNumbers)
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, withPlainNumbers(member)]))
}

function parse(place: 'params' | 'query' | 'headers' | 'body', schema: z.ZodType, value: unknown): unknown {
  const parsed = schema.safeParse(value)
  if (!parsed.success) throw schemaFailure(place, parsed.error)
  return parsed.data
}

type QueryTexts = Readonly<Record<string, string | readonly string[]>>

/** A query string has texts only: those that should be numbers, flags or lists become what they say, if they can. */
function typedQuery(schema: z.ZodObject, query: QueryTexts): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(query).map(([name, value]) => {
      const field = Object.hasOwn(schema.shape, name) ? (schema.shape[name] as z.ZodType) : undefined
      return [name, typedValue(kindOf(field), value)]
    }),
  )
}

function typedValue(kind: string | undefined, value: string | readonly string[]): unknown {
  if (kind === 'array') return typeof value === 'string' ? [value] : value
  if (typeof value !== 'string') return value
  if (kind === 'number' && /^-?\d+(\.\d+)?$/.test(value)) return Number(value)
  if (kind === 'boolean' && (value === 'true' || value === 'false')) return value === 'true'
  return value
}

function kindOf(schema: z.ZodType | undefined): string | undefined {
  let inner = schema as (z.ZodType & { readonly def: { readonly innerType?: z.ZodType } }) | undefined
  while (inner?.def.innerType !== undefined) inner = inner.def.innerType
  return inner?.def.type
}
