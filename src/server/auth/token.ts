import { createHmac, timingSafeEqual } from 'node:crypto'
import { JsonSyntaxError, parseJson, type JsonValue } from '../../index.ts'
import { parseClaims, type Claims } from './claims.ts'

// JSON web tokens (RFC 7519) signed with HMAC-SHA-256 (RFC 7515). What a token says of its algorithm chooses nothing:
// it is HS256 or the token is none, so that nobody can ask for `none` or pass a key off as a public one.

export type TokenResult =
  | { readonly claims: Claims }
  /** In the words of Qdrant's library. */
  | { readonly refusal: 'InvalidSignature' | 'ExpiredSignature' }
  /** No token of ours: another algorithm, another shape, no token at all. */
  | undefined

/** Seconds that clocks may be apart. */
const leewaySeconds = 60

/** `now` in milliseconds since the epoch. */
export function readToken(text: string, secret: string, now: number): TokenResult {
  const parts = text.split('.')
  const [header = '', payload = '', signature = ''] = parts
  if (parts.length !== 3 || !isSignedAsOurs(decode(header))) return undefined
  // Before anything else of the token is believed.
  if (!isSignature(signature, `${header}.${payload}`, secret)) return { refusal: 'InvalidSignature' }
  const json = decode(payload)
  const claims = json === undefined ? undefined : parseClaims(json)
  if (claims === undefined) return undefined
  const { expiresAt } = claims
  const isExpired = expiresAt !== undefined && expiresAt < Math.floor(now / 1_000) - leewaySeconds
  return isExpired ? { refusal: 'ExpiredSignature' } : { claims }
}

function isSignedAsOurs(header: JsonValue | undefined): boolean {
  if (typeof header !== 'object' || header === null || Array.isArray(header)) return false
  const { alg, typ } = header as Readonly<Record<string, JsonValue | undefined>>
  return alg === 'HS256' && (typ === undefined || typ === null || typeof typ === 'string')
}

/** The spelling has to be the one that signing gives: a second spelling of the same bytes is another token. */
function isSignature(given: string, signed: string, secret: string): boolean {
  const right = Buffer.from(createHmac('sha256', secret).update(signed).digest('base64url'))
  const bytes = Buffer.from(given)
  return bytes.length === right.length && timingSafeEqual(bytes, right)
}

/** JSON written in base64 for URLs, without padding. */
function decode(text: string): JsonValue | undefined {
  if (text === '' || !/^[\w-]+$/.test(text)) return undefined
  const bytes = Buffer.from(text, 'base64url')
  if (bytes.toString('base64url') !== text) return undefined
  try {
    return parseJson(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (error) {
    if (error instanceof JsonSyntaxError || error instanceof TypeError) return undefined
    throw error
  }
}
