import { valueAt } from '../../../segment/row-block.ts'
import type { QdrantBlock, QdrantPoint } from '../types.ts'

/** The points of a block one by one. Copies. */
export function pointsOfBlock({ slots, vectors, payloads }: QdrantBlock): QdrantPoint[] {
  const { bytes, ends } = payloads
  return Array.from(slots, (slot, index) => {
    const byName: Record<string, QdrantPoint['vectors'][string]> = {}
    for (const [name, column] of vectors) {
      const value = valueAt(column, index)
      if (value !== undefined) setOwn(byName, name, value instanceof Float32Array ? value.slice() : value)
    }
    const start = index === 0 ? 0 : ends[index - 1]!
    return { slot, vectors: byName, payload: bytes.slice(start, ends[index]) }
  })
}

/** An assignment to `__proto__`, which is a name like others, would set the prototype. */
function setOwn<T>(target: Record<string, T>, name: string, value: T): void {
  if (name !== '__proto__') target[name] = value
  else Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true })
}
