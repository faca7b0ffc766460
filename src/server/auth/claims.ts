import type { CollectionMode, Grant } from '../../api/qdrant/rights/rights.ts'
import { isPayloadPath, type JsonObject, type JsonValue } from '../../index.ts'

/** Points of a collection, one of which has to exist for the token to count. */
export interface ValueExists {
  readonly collection: string
  readonly matches: readonly { readonly key: string; readonly value: string | number | bigint | boolean }[]
}

/** What a token says. */
export interface Claims {
  /** Seconds since the epoch. */
  readonly expiresAt: number | undefined
  readonly grant: Grant
  readonly valueExists: ValueExists | undefined
  /** Why a token that can be read must not be used all the same. */
  readonly fault: string | undefined
}

const modes: readonly CollectionMode[] = ['r', 'rw', 'prw']

/** Undefined for claims of another shape. Claims that are not known are left alone. */
export function parseClaims(json: JsonValue): Claims | undefined {
  if (!isObject(json)) return undefined
  const expiresAt = json['exp'] ?? undefined
  if (expiresAt !== undefined && !isCount(expiresAt)) return undefined
  const access = Object.hasOwn(json, 'access') ? parseAccess(json['access']) : wholeAccess
  const valueExists = parseValueExists(json['value_exists'])
  if (access === undefined || valueExists === 'malformed') return undefined
  return { expiresAt: expiresAt === undefined ? undefined : Number(expiresAt), ...access, valueExists }
}

type Access = Pick<Claims, 'grant' | 'fault'>

const wholeAccess: Access = { grant: { scope: 'global', level: 'manage' }, fault: undefined }

function parseAccess(json: JsonValue | undefined): Access | undefined {
  if (json === 'm') return wholeAccess
  if (json === 'r') return { grant: { scope: 'global', level: 'read' }, fault: undefined }
  if (!Array.isArray(json)) return undefined
  const granted = new Map<string, CollectionMode>()
  const faults: string[] = []
  for (const [index, entry] of (json as readonly JsonValue[]).entries()) {
    if (!isObject(entry)) return undefined
    const { collection, access, payload = null } = entry
    if (typeof collection !== 'string' || !isMode(access) || !(payload === null || isObject(payload)))
      return undefined
    if (payload !== null)
      faults.push(`access[${index}].payload: The 'payload' constraint is deprecated and should not be used`)
    if (granted.has(collection)) faults.push(`access[${index}].collection: Collection name should be unique`)
    granted.set(collection, access)
  }
  return { grant: { scope: 'collections', modes: granted }, fault: faults[0] }
}

function parseValueExists(json: JsonValue | undefined): ValueExists | undefined | 'malformed' {
  if (json === undefined || json === null) return undefined
  if (!isObject(json)) return 'malformed'
  const { collection, matches } = json
  if (typeof collection !== 'string' || !Array.isArray(matches)) return 'malformed'
  const parsed = (matches as readonly JsonValue[]).map(parseMatch)
  const found = parsed.filter((match) => match !== undefined)
  return found.length === parsed.length ? { collection, matches: found } : 'malformed'
}

function parseMatch(json: JsonValue): ValueExists['matches'][number] | undefined {
  if (!isObject(json)) return undefined
  const { key, value } = json
  if (typeof key !== 'string' || !isPayloadPath(key)) return undefined
  if (typeof value === 'string' || typeof value === 'boolean' || typeof value === 'bigint')
    return { key, value }
  return typeof value === 'number' && Number.isInteger(value) ? { key, value } : undefined
}

function isMode(value: JsonValue | undefined): value is CollectionMode {
  return (modes as readonly (JsonValue | undefined)[]).includes(value)
}

function isCount(value: JsonValue): value is number | bigint {
  return (typeof value === 'bigint' || Number.isInteger(value)) && Number(value) >= 0
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
