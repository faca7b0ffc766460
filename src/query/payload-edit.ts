import { RawJson, stringifyJson, type JsonObject, type JsonValue } from '../encoding/json.ts'
import { isObject, parsePath, type PathStep } from './payload-path.ts'

type Mutable = Record<string, JsonValue>

export type PayloadChoice = { readonly include: readonly string[] } | { readonly exclude: readonly string[] }

/** Keys of the patch take the place of those of the target, at the top level. */
export function mergePayload(target: JsonObject, patch: JsonObject): JsonObject {
  const merged: Mutable = {}
  for (const source of [target, patch])
    for (const key of Object.keys(source)) define(merged, key, source[key]!)
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
  const array: readonly JsonValue[] = Array.isArray(value) ? (value as readonly JsonValue[]) : []
  return array.map((item, index) =>
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
    const copy: Mutable = {}
    for (const key of Object.keys(value)) {
      if (key !== step.key) define(copy, key, value[key]!)
      else if (!isLast) define(copy, key, deleteAt(value[key]!, steps, at + 1))
    }
    return copy
  }
  if (!Array.isArray(value)) return value
  const array = value as readonly JsonValue[]
  if (isLast) return 'all' in step ? [] : array
  return array.map((item, index) =>
    'all' in step || step.index === index ? deleteAt(item, steps, at + 1) : item,
  )
}

/** The chosen part of a payload. Paths with an index choose nothing. */
export function selectPayload(raw: RawJson, choice: PayloadChoice): RawJson {
  const value = raw.value() as JsonObject
  const paths = ('include' in choice ? choice.include : choice.exclude).map((path) => parsePath(path))
  const isWanted = (here: readonly string[], isLeaf: boolean): boolean =>
    'include' in choice
      ? paths.some((path) => includes(path, here, isLeaf))
      : !paths.some((path) => isSame(path, here))
  return new RawJson(stringifyJson(filterObject(value, [], isWanted) ?? {}))
}

type Wanted = (path: readonly string[], isLeaf: boolean) => boolean

// Arrays are passed through: a path of keys (with or without []) goes into each of their elements.
function filterValue(value: JsonValue, path: readonly string[], isWanted: Wanted): JsonValue | undefined {
  if (isObject(value)) return filterObject(value, path, isWanted)
  if (Array.isArray(value)) {
    const items = (value as readonly JsonValue[]).map((item) => filterValue(item, path, isWanted))
    return items.filter((item) => item !== undefined)
  }
  return isWanted(path, true) ? value : undefined
}

function filterObject(object: JsonObject, path: readonly string[], isWanted: Wanted): JsonObject {
  const kept: Mutable = {}
  for (const key of Object.keys(object)) {
    const below = [...path, key]
    if (!isWanted(below, false)) continue
    const value = filterValue(object[key]!, below, isWanted)
    if (value !== undefined) define(kept, key, value)
  }
  return kept
}

/** Whether `here` lies on the way to the path's end or below it; a leaf must lie at its end or below. */
function includes(path: readonly PathStep[], here: readonly string[], isLeaf: boolean): boolean {
  const keys = keysOf(path)
  if (keys === undefined || (isLeaf && here.length < keys.length)) return false
  return here.every((key, index) => index >= keys.length || keys[index] === key)
}

function isSame(path: readonly PathStep[], here: readonly string[]): boolean {
  const keys = keysOf(path)
  return keys !== undefined && keys.length === here.length && here.every((key, index) => keys[index] === key)
}

function keysOf(path: readonly PathStep[]): string[] | undefined {
  const keys: string[] = []
  for (const step of path) {
    if ('index' in step) return undefined
    if ('key' in step) keys.push(step.key)
  }
  return keys
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
