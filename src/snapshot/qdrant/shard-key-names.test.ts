import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isPathPart } from '../../storage/path-part.ts'
import { partitionOfShardKey, shardKeyOfPartition, type ShardKey } from './shard-key-names.ts'

test('a key that can be a name is the name of its partition', () => {
  expect(partitionOfShardKey('eu')).toBe('eu')
  expect(partitionOfShardKey('7')).toBe('7')
  expect(partitionOfShardKey(7)).toBe('#7')
  expect(partitionOfShardKey(18446744073709551615n)).toBe('#18446744073709551615')
  expect(partitionOfShardKey('a/b ä%')).toBe('#t:a%2Fb ä%25')
  expect(partitionOfShardKey('')).toBe('#t:')
})

test('every key has a partition of its own, which leads back to it', () => {
  const key: fc.Arbitrary<ShardKey> = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 20 }),
    fc.constantFrom('', '.', '..', '_default', '#7', '#t:', '#t:%', '#t:a%2Fb', '7', '007', '%', '\\', '\n'),
    fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map((n) => (n <= 2n ** 53n - 1n ? Number(n) : n)),
  )
  fc.assert(
    fc.property(key, (one) => {
      const name = partitionOfShardKey(one)
      expect(shardKeyOfPartition(name)).toBe(one)
      expect(isPathPart(name, 1_000)).toBe(true)
      expect(name).not.toBe('_default')
    }),
  )
})

test('partitions that were not made for a key stand for themselves', () => {
  expect(shardKeyOfPartition('_default')).toBeUndefined()
  expect(shardKeyOfPartition('#t:%zz')).toBe('#t:%zz')
  expect(shardKeyOfPartition('#x')).toBe('#x')
})
