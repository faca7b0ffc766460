import { RawJson, stringifyJson, type JsonObject, type JsonValue } from '../encoding/json.ts'
import { isArray, isObject, parsePath, type PathStep } from './payload-path.ts'

type Mutable = Record<string, JsonValue>

export type PayloadChoice = { readonly include: readonly string[] } | { readonly exclude: readonly string[] }

/** Keys of the patch take the place of those of the target, at the top level; null takes the key away. */
export function mergePayload(target: JsonObject, patch: JsonObject): JsonObject {
  const merged: Mutable = {}
  // What is replaced keeps its place.
  for (const key of Object.keys(target)) {
    if (!Object.hasOwn(patch, key)) define(merged, key, target[key]!)
    else if (patch[key] !== null) define(merged, key, patch[key]!)
  }
  for (const key of Object.keys(patch)) {
    if (patch[key] !== null && !Object.hasOwn(target, key)) define(merged, key, patch[key]!)
  }
  return merged
}

/**
 * Merges the patch into the object under a path, which is made where it is missing; what stands in the way is
 * replaced. Array elements that do not exist are left alone.
 */
export function setPayloadPath(target: JsonObject, path: string, patch: JsonObject): JsonObject {
  return setAt(target, parsePath(path), 0, patch) as JsonObject
}

function setAt(
  value: JsonValue | undefined,
  steps: readonly PathStep[],
  at: number,
  patch: JsonObject,
): JsonValue {
  const step = steps[at]
  if (step === undefined) return mergePayload(isObject(value) ? value : {}, patch)
  if ('key' in step) {
    const object = isObject(value) ? value : {}
    const own = Object.hasOwn(object, step.key) ? object[step.key] : undefined
    return mergePayload(object, single(step.key, setAt(own, steps, at + 1, patch)))
  }
  return (isArray(value) ? value : []).map((item, index) =>
    'all' in step || step.index === index ? setAt(item, steps, at + 1, patch) : item,
  )
}

/** Removes what a path reaches; whole elements of arrays stay. */
export function deletePayloadPath(target: JsonObject, path: string): JsonObject {
  return deleteAt(target, parsePath(path), 0) as JsonObject
}

function deleteAt(value: JsonValue, steps: readonly PathStep[], at: number): JsonValue {
  const step = steps[at]!
  const isLast = at === steps.length - 1
  if ('key' in step) {
    if (!isObject(value) || !Object.hasOwn(value, step.key)) return value
    return mapMembers(value, (member, key) => {
      if (key !== step.key) return member
      return isLast ? undefined : deleteAt(member, steps, at + 1)
    })
  }
  if (!isArray(value)) return value
  if (isLast) return 'all' in step ? [] : value
  return value.map((item, index) =>
    'all' in step || step.index === index ? deleteAt(item, steps, at + 1) : item,
  )
}

/**
 * The chosen part of a payload. A path goes into arrays only where it says so (`pets[].kind`); one with an index reaches
 * nothing. Objects and arrays on the way to what was included stay, empty if need be.
 */
export function selectPayload(raw: RawJson, choice: PayloadChoice): RawJson {
  const isInclude = 'include' in choice
  const paths = (isInclude ? choice.include : choice.exclude).map((path) => parsePath(path))
  const value = raw.value()
  const chosen = isInclude ? include(value, paths, 0) : exclude(value, paths, 0)
  return new RawJson(stringifyJson(chosen ?? {}))
}

type Paths = readonly (readonly PathStep[])[]

/** `paths`: those whose first `depth` steps lead to the value. */
function include(value: JsonValue, paths: Paths, depth: number): JsonValue | undefined {
  if (paths.some((path) => path.length === depth)) return value
  if (isArray(value)) {
    const inside = paths.filter((path) => 'all' in path[depth]!)
    if (inside.length === 0) return []
    return value.map((item) => include(item, inside, depth + 1)).filter((item) => item !== undefined)
  }
  if (!isObject(value)) return undefined
  return mapMembers(value, (member, key) => {
    const below = paths.filter((path) => isKey(path[depth]!, key))
    return below.length === 0 ? undefined : include(member, below, depth + 1)
  })
}

function exclude(value: JsonValue, paths: Paths, depth: number): JsonValue | undefined {
  if (paths.length === 0) return value
  if (paths.some((path) => path.length === depth)) return undefined
  if (isArray(value)) {
    const inside = paths.filter((path) => 'all' in path[depth]!)
    return value.map((item) => exclude(item, inside, depth + 1)).filter((item) => item !== undefined)
  }
  if (!isObject(value)) return value
  return mapMembers(value, (member, key) => {
    const below = paths.filter((path) => isKey(path[depth]!, key))
    return exclude(member, below, depth + 1)
  })
}

function isKey(step: PathStep, key: string): boolean {
  return 'key' in step && step.key === key
}

/** Members for which the function gives undefined are left out. */
function mapMembers(
  object: JsonObject,
  map: (member: JsonValue, key: string) => JsonValue | undefined,
): JsonObject {
  const mapped: Mutable = {}
  for (const key of Object.keys(object)) {
    const member = map(object[key]!, key)
    if (member !== undefined) define(mapped, key, member)
  }
  return mapped
}

function single(key: string, value: JsonValue): JsonObject {
  const object: Mutable = {}
  define(object, key, value)
  return object
}

/** Like an assignment, but a key named __proto__ is a key. */
function define(object: Mutable, key: string, value: JsonValue): void {
  if (key === '__proto__')
    Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true })
  else object[key] = value
}
