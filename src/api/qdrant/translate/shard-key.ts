import { DecodeError, isArray, isObject, memberOf, type Decoder } from '../decode.ts'
import { wrongInput, badRequest, notFound } from '../failures.ts'
import type { JsonValue } from '../../../index.ts'
import type { WireError } from '../wire-error.ts'

/** Keys of custom sharding, as shown in messages. */
export interface ShardKeys {
  readonly keys: readonly string[]
  readonly fallback?: string
}

export const shardKeys: Decoder<ShardKeys> = (value) => {
  if (isArray(value)) return { keys: value.map(oneKey) }
  if (!isObject(value)) return { keys: [oneKey(value)] }
  const target = memberOf(value, 'target')
  const fallback = memberOf(value, 'fallback')
  if (target === undefined || fallback === undefined) throw noKey()
  return { keys: [oneKey(target)], fallback: oneKey(fallback) }
}

function oneKey(value: JsonValue): string {
  if (typeof value === 'string') return JSON.stringify(value)
  if (typeof value === 'number' || typeof value === 'bigint') return String(value)
  throw noKey()
}

const noKey = (): DecodeError => new DecodeError('Expected a string or an integer', 'after')

/** No collection here has custom sharding, so no key exists. @throws WireError 400, 404; reads are worded differently */
export function refuseShardKeys(given: ShardKeys | undefined, isRead = false): void {
  if (given === undefined) return
  throw refusal(given, isRead)
}

function refusal({ keys, fallback }: ShardKeys, isRead: boolean): WireError {
  const [key] = keys
  if (key === undefined) return wrongInput('Empty shard keys selection')
  if (fallback !== undefined) {
    return notFound(`Neither target shard key ${key} nor fallback shard key ${fallback} exist not found`)
  }
  const text = `Shard key ${key} not found`
  return isRead ? badRequest(text) : wrongInput(text)
}
