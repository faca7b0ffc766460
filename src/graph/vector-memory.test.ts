import { expect, test } from 'vitest'
import { isDatabaseError } from '../errors/database-error.ts'
import { InvariantViolation } from '../runtime/assert.ts'
import { seededRandom } from '../runtime/random.ts'
import { VectorMemory, type Region } from './vector-memory.ts'

const mebibyte = 2 ** 20
/** Each arena of 32 MiB holds 15 MiB and some, beside what it keeps for kernel calls. */
const smallArenas = { arenaBytesMax: 32 * mebibyte }

test('memory is taken when it is needed, and a small region is small', () => {
  const memory = new VectorMemory()
  expect(memory.stats()).toEqual({ bytesInUse: 0, bytesReserved: 0 })
  const region = memory.allocate(100)
  expect(region.bytes).toBe(1_024)
  expect(memory.stats().bytesInUse).toBe(1_024)
  expect(memory.stats().bytesReserved).toBeLessThanOrEqual(2 * mebibyte)
})

test('freed memory is used again, and neighbours are joined for it', () => {
  const memory = new VectorMemory()
  const regions = Array.from({ length: 64 }, () => memory.allocate(65_536))
  const { bytesReserved } = memory.stats()
  for (const region of regions) memory.free(region)
  expect(memory.stats().bytesInUse).toBe(0)
  const whole = memory.allocate(64 * 65_536)
  expect(whole.offset).toBe(regions[0]!.offset)
  expect(memory.stats()).toEqual({ bytesInUse: 64 * 65_536, bytesReserved })
})

test('a region that is freed twice, or by another memory, is a mistake', () => {
  const memory = new VectorMemory()
  const region = memory.allocate(1_000)
  memory.free(region)
  expect(() => memory.free(region)).toThrow(InvariantViolation)
  // The place is taken again, but by another region.
  expect(memory.allocate(1_000).offset).toBe(region.offset)
  expect(() => memory.free(region)).toThrow(InvariantViolation)
  const other = new VectorMemory().allocate(1_000)
  expect(other.offset).toBe(region.offset)
  expect(() => region.arena.free(other)).toThrow(InvariantViolation)
})

test('the memory grows by no more than what is missing at its end', () => {
  const memory = new VectorMemory()
  for (let size = mebibyte; size <= 10 * mebibyte; size += mebibyte) {
    const region = memory.allocate(size)
    // Address 0 means "none" to the kernels.
    expect(region.offset).toBeGreaterThan(0)
    memory.free(region)
  }
  expect(memory.stats().bytesReserved).toBeLessThanOrEqual(11 * mebibyte)
})

test('a view made before the memory grew sees what one made after it writes', () => {
  const memory = new VectorMemory()
  const region = memory.allocate(1_024)
  const before = region.arena.floats(region.offset, 4)
  memory.allocate(20 * mebibyte)
  expect(before.buffer.byteLength).toBeLessThan(region.arena.memory.buffer.byteLength)
  region.arena.floats(region.offset, 4).set([1, 2, 3, 4])
  expect([...before]).toEqual([1, 2, 3, 4])
})

test('a second arena serves what the first has no room for', () => {
  const memory = new VectorMemory(smallArenas)
  const regions = Array.from({ length: 5 }, () => memory.allocate(4 * mebibyte))
  expect(new Set(regions.map(({ arena }) => arena)).size).toBe(2)
  memory.free(regions[0]!)
  expect(memory.allocate(4 * mebibyte).arena).toBe(regions[0]!.arena)
})

test('a full arena still has room for kernel calls', () => {
  const memory = new VectorMemory(smallArenas)
  const { arena } = memory.allocate(4 * mebibyte)
  while (arena.allocate(1_024) !== undefined);
  expect(arena.allocate(1)).toBeUndefined()
  for (let bytes = 65_536; bytes <= 8 * mebibyte; bytes *= 2) {
    expect(arena.scratch(bytes)).toBeGreaterThan(0)
    // Ordinary regions take what the smaller one leaves behind.
    while (arena.allocate(1_024) !== undefined);
  }
})

test('a request that no arena can hold is refused and leaves nothing behind', () => {
  const memory = new VectorMemory(smallArenas)
  expect(() => memory.allocate(17 * mebibyte)).toThrow(
    expect.toSatisfy((error) => isDatabaseError(error, 'overloaded')),
  )
  expect(memory.stats()).toEqual({ bytesInUse: 0, bytesReserved: 0 })
})

test('regions never overlap and always come back', () => {
  const seed = 4_711
  const random = seededRandom(seed)
  const memory = new VectorMemory(smallArenas)
  const held: { region: Region; mark: number }[] = []
  for (let step = 1; step <= 3_000; step++) {
    if (random.next() < 0.55) {
      const region = memory.allocate(1 + Math.floor(random.next() ** 4 * 2 * mebibyte))
      mark(region, step)
      held.push({ region, mark: step })
    } else if (held.length > 0) {
      const [taken] = held.splice(Math.floor(random.next() * held.length), 1)
      expect(marks(taken!.region), `seed ${seed}, step ${step}`).toEqual([taken!.mark, taken!.mark])
      memory.free(taken!.region)
    }
  }
  const inUse = held.reduce((sum, { region }) => sum + region.bytes, 0)
  expect(memory.stats().bytesInUse, `seed ${seed}`).toBe(inUse)
  for (const { region } of held) memory.free(region)
  expect(memory.stats().bytesInUse).toBe(0)
})

function mark({ arena, offset, bytes }: Region, value: number): void {
  arena.words(offset, 1)[0] = value
  arena.words(offset + bytes - 4, 1)[0] = value
}

function marks({ arena, offset, bytes }: Region): number[] {
  return [arena.words(offset, 1)[0]!, arena.words(offset + bytes - 4, 1)[0]!]
}

test('what belongs together lies in one arena, if one can hold it', () => {
  const memory = new VectorMemory(smallArenas)
  const first = memory.allocate(10 * mebibyte)
  // The first one has no room for 8 MiB besides these and its reserve.
  const second = memory.allocate(mebibyte, { together: 8 * mebibyte })
  expect(second.arena).not.toBe(first.arena)
  const beside = memory.allocate(mebibyte, { near: second.arena })
  expect(beside.arena).toBe(second.arena)
  expect(memory.allocate(mebibyte).arena).toBe(first.arena)
  // No arena can: any will do.
  expect(memory.allocate(mebibyte, { together: 100 * mebibyte }).arena).toBe(first.arena)
  // A full one is no reason to refuse.
  const rest = memory.allocate(second.arena.room - mebibyte / 2, { near: second.arena })
  expect(rest.arena).toBe(second.arena)
  expect(memory.allocate(mebibyte, { near: second.arena }).arena).toBe(first.arena)
})
