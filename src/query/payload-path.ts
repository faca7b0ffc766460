import { JsonNumber, type JsonObject, type JsonValue } from '../encoding/json.ts'
import { DatabaseError } from '../errors/database-error.ts'

/** One step of a path: a key, an index of an array, or all its elements. */
export type PathStep = { readonly key: string } | { readonly index: number } | { readonly all: true }

const step = /(?:"((?:[^"\\]|\\.)*)"|([A-Za-z0-9_\-\p{L}\p{N}]+))|\[(\d*)\]|\./uy
const parsed = new Map<string, readonly PathStep[]>()
const parsedMax = 10_000

/** `a.b`, `a[].b`, `a[0]`, `"quoted key".b`. @throws filter-invalid */
export function parsePath(text: string): readonly PathStep[] {
  const known = parsed.get(text)
  if (known !== undefined) return known
  const steps = findPath(text)
  if (steps === undefined) {
    throw new DatabaseError(
      'filter-invalid',
      `Cannot read payload path ${JSON.stringify(text)}: it is malformed`,
      { path: text },
    )
  }
  if (parsed.size >= parsedMax) parsed.clear()
  parsed.set(text, steps)
  return steps
}

/** The steps of a path, or undefined if it is malformed. */
export function findPath(text: string): readonly PathStep[] | undefined {
  const steps: PathStep[] = []
  let isKeyDue = true
  step.lastIndex = 0
  while (step.lastIndex < text.length) {
    const match = step.exec(text)
    if (match === null) return undefined
    const [token, quoted, plain, index] = match
    if (quoted !== undefined || plain !== undefined) {
      if (!isKeyDue) return undefined
      steps.push({ key: plain ?? quoted!.replace(/\\(.)/g, '$1') })
      isKeyDue = false
    } else if (token === '.') {
      if (isKeyDue) return undefined
      isKeyDue = true
    } else {
      if (isKeyDue) return undefined
      steps.push(index === '' ? { all: true } : { index: Number(index) })
    }
  }
  return isKeyDue ? undefined : steps
}

/** All values that a path reaches; arrays at its end are not opened. */
export function valuesAt(value: JsonValue, steps: readonly PathStep[], from = 0): readonly JsonValue[] {
  const next = steps[from]
  if (next === undefined) return [value]
  if ('key' in next) {
    if (!isObject(value) || !Object.hasOwn(value, next.key)) return []
    return valuesAt(value[next.key]!, steps, from + 1)
  }
  if (!Array.isArray(value)) return []
  const array = value as readonly JsonValue[]
  if ('index' in next) return next.index < array.length ? valuesAt(array[next.index]!, steps, from + 1) : []
  return array.flatMap((item) => valuesAt(item, steps, from + 1))
}

export function isObject(value: JsonValue | undefined): value is JsonObject {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof JsonNumber)
  )
}

export function isPayloadPath(text: string): boolean {
  return findPath(text) !== undefined
}
