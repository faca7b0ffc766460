import { JsonNumber, type JsonObject, type JsonValue } from '../encoding/json.ts'
import { DatabaseError } from '../errors/database-error.ts'

/** One step of a path: a key, an index of an array, or all its elements. */
export type PathStep = { readonly key: string } | { readonly index: number } | { readonly all: true }

// A key is letters, digits, _ and -, or anything else but quotes in quotes, even nothing; its brackets follow.
const keyStep = /(?:"([^"]*)"|([\p{Alphabetic}\p{N}_-]+))((?:\[\d{0,19}\])*)(\.|$)/uy
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

export function isPayloadPath(text: string): boolean {
  return parsed.has(text) || findPath(text) !== undefined
}

/** The steps of a path, or undefined if it is malformed. */
export function findPath(text: string): readonly PathStep[] | undefined {
  const steps: PathStep[] = []
  let at = 0
  for (;;) {
    keyStep.lastIndex = at
    const match = keyStep.exec(text)
    if (match === null) return undefined
    const [token, quoted, plain, brackets, end] = match
    steps.push({ key: quoted ?? plain! })
    for (const [, index] of brackets!.matchAll(/\[(\d*)\]/g)) {
      steps.push(index === '' ? { all: true } : { index: Number(index) })
    }
    if (end === '') return steps
    at += token.length
  }
}

/** All values that a path reaches; arrays at its end are not opened. */
export function valuesAt(value: JsonValue, steps: readonly PathStep[]): readonly JsonValue[] {
  // Most paths are keys alone: no list but the last is needed.
  let at = value
  for (let i = 0; i < steps.length; i++) {
    const step = steps[i]!
    if (!('key' in step)) {
      const found: JsonValue[] = []
      collect(at, steps, i, found)
      return found
    }
    if (!isObject(at) || !Object.hasOwn(at, step.key)) return []
    at = at[step.key]!
  }
  return [at]
}

function collect(value: JsonValue, steps: readonly PathStep[], from: number, into: JsonValue[]): void {
  const step = steps[from]
  if (step === undefined) {
    into.push(value)
  } else if ('key' in step) {
    if (isObject(value) && Object.hasOwn(value, step.key)) collect(value[step.key]!, steps, from + 1, into)
  } else if (isArray(value)) {
    if ('all' in step) for (const item of value) collect(item, steps, from + 1, into)
    else if (step.index < value.length) collect(value[step.index]!, steps, from + 1, into)
  }
}

export function isArray(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value)
}

export function isObject(value: JsonValue | undefined): value is JsonObject {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof JsonNumber)
  )
}
