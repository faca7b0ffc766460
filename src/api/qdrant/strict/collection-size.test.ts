import { expect, test } from 'vitest'
import { checkSize } from './collection-size.ts'

const none = {
  max_collection_vector_size_bytes: undefined,
  max_collection_payload_size_bytes: undefined,
  max_points_count: undefined,
}
const sizes = { pointCount: 10, vectorBytes: 4_000, payloadBytes: 90, storedRows: 12 }
const check = (limits: Partial<Record<keyof typeof none, number>>): void =>
  checkSize({ ...none, ...limits }, () => sizes)

test('a limit that is reached refuses, one that is not yet reached does not', () => {
  expect(() => check({ max_points_count: 11 })).not.toThrow()
  expect(() => check({ max_points_count: 10 })).toThrow('Max points count limit of 10 reached!')
  expect(() => check({ max_collection_vector_size_bytes: 4_001 })).not.toThrow()
  expect(() => check({ max_collection_vector_size_bytes: 4_000 })).toThrow('limit of 0.0038146973MB')
  expect(() => check({ max_collection_payload_size_bytes: 12 * 128 + 1 })).not.toThrow()
  expect(() => check({ max_collection_payload_size_bytes: 12 * 128 })).toThrow('limit of 0.0014648438MB')
})

test('bytes are shown in megabytes, with as many digits as float32 has', () => {
  const shown = (bytes: number): string => {
    try {
      checkSize({ ...none, max_collection_vector_size_bytes: bytes }, () => ({
        ...sizes,
        vectorBytes: 2 ** 50,
      }))
    } catch (error) {
      return /of (.*)MB/.exec((error as Error).message)?.[1] ?? ''
    }
    return ''
  }
  expect(shown(1)).toBe('0.0000009536743')
  expect(shown(2 ** 20)).toBe('1')
  expect(shown(3 * 2 ** 19)).toBe('1.5')
  expect(shown(2 ** 40)).toBe('1048576')
  expect(shown(1_000_000)).toBe('0.9536743')
})

test('sizes are not looked at without a limit', () => {
  expect(() => checkSize(none, () => expect.fail('looked at'))).not.toThrow()
})
