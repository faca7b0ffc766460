import type { FastifyRequest } from 'fastify'
import { JsonSyntaxError, parseJson, type JsonValue } from '../../index.ts'
import { DecodeError, type Decoder } from './decode.ts'
import { directBody } from './direct-call.ts'
import { formatError } from './failures.ts'
import {
  findDuplicate,
  findDuplicateInRead,
  findInfinite,
  findLoneSurrogate,
  mayHaveDuplicate,
  positionOf,
} from './position.ts'

const noBytes = Buffer.alloc(0)

/** The body as it was sent; empty if there is none. */
export function bodyBytes(request: FastifyRequest): Buffer {
  return Buffer.isBuffer(request.body) ? request.body : noBytes
}

/** The body's text; empty if there is none. */
export function bodyText(request: FastifyRequest): string {
  return bodyBytes(request).toString('utf8')
}

/** The body as `decoder` gives it. @throws WireError 400 in serde's words, with line and column */
export function decodeBody<T>(
  request: FastifyRequest,
  decoder: Decoder<T>,
  fields: readonly string[] = [],
): T {
  const direct = directBody(request)
  return direct === undefined
    ? decodeText(bodyText(request), decoder, fields)
    : decodeValue(direct.value, decoder)
}

/** The body of a read of points, whose filter must not stand there twice. @throws WireError 400 */
export function decodeRead<T>(request: FastifyRequest, decoder: Decoder<T>): T {
  const text = bodyText(request)
  if (mayHaveDuplicate(text)) {
    parseText(text)
    const duplicate = findDuplicateInRead(text)
    if (duplicate !== undefined) throw formatError(duplicate.message)
  }
  return decodeBody(request, decoder)
}

/** Of a value that never was text, so that there is no place to name. @throws WireError 400 */
export function decodeValue<T>(value: JsonValue, decoder: Decoder<T>): T {
  try {
    return decoder(value)
  } catch (error) {
    if (error instanceof DecodeError) throw formatError(error.message)
    throw error
  }
}

/** `fields`: those that must not stand twice in the outermost object. */
export function decodeText<T>(text: string, decoder: Decoder<T>, fields: readonly string[] = []): T {
  const value = parseText(text)
  const duplicate = fields.length === 0 ? undefined : findDuplicate(text, fields)
  if (duplicate !== undefined) throw formatError(duplicate.message)
  try {
    return decoder(value)
  } catch (error) {
    if (error instanceof DecodeError) throw formatError(error.message + positionOf(text, error))
    throw error
  }
}

export function parseText(text: string): JsonValue {
  try {
    const value = parseJson(text)
    const fault = findInfinite(text) ?? findLoneSurrogate(text)
    if (fault !== undefined) throw fault
    return value
  } catch (error) {
    if (error instanceof JsonSyntaxError) throw formatError(error.message)
    throw error
  }
}
