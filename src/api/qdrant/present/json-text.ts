import { type JsonNumber, type RawJson, stringifyJson, type JsonValue, type PointId } from '../../../index.ts'

/** JSON text of a float32 in its shortest form: 0.1, not 0.10000000149011612. Infinite and NaN are null, as serde writes them. */
export function floatText(value: number): string {
  if (!Number.isFinite(value)) return 'null'
  if (Number.isInteger(value) && Math.abs(value) < 1e16) return Object.is(value, -0) ? '-0.0' : `${value}.0`
  // Doubles with few digits are floats that came as such: most values end here.
  for (let digits = 6; digits <= 9; digits++) {
    const text = value.toPrecision(digits)
    if (Math.fround(Number(text)) === value) return shorten(Number(text))
  }
  return shorten(value)
}

function shorten(value: number): string {
  const text = String(value)
  return text.includes('.') || text.includes('e') ? text : `${text}.0`
}

export function vectorText(vector: ArrayLike<number>): string {
  const parts: string[] = new Array<string>(vector.length)
  for (let i = 0; i < vector.length; i++) parts[i] = floatText(vector[i]!)
  return `[${parts.join(',')}]`
}

export function idText(id: PointId): string {
  return typeof id === 'string' ? `"${id}"` : String(id)
}

/** A value with raw parts spliced in. */
export function jsonText(value: JsonValue | RawJson | JsonNumber): string {
  return stringifyJson(value)
}
