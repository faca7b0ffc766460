import { expect } from 'vitest'
import { keptMemory } from '../../src/runtime/kept-memory.ts'

/** Takes all memory that is kept, of whatever size, and overwrites it; gives how many bytes that was. */
export function overwriteKept(): number {
  const all = keptMemory.bytes
  for (let power = 2 ** 18; power < 2 ** 27; power *= 2) {
    for (let size = power; size < 2 * power; size += power / 8) {
      for (let before = Infinity; keptMemory.bytes < before;) {
        before = keptMemory.bytes
        const bytes = new Uint8Array(keptMemory.take(size))
        if (keptMemory.bytes < before) bytes.fill(255)
      }
    }
  }
  expect(keptMemory.bytes).toBe(0)
  return all
}
