import { expect, test } from 'vitest'
import type { CollectionModel } from '../schema/collection-model.ts'
import { compareKeys, keyOf, pointIdOf } from './keys.ts'

const model = (type: number, isForeign = false): CollectionModel =>
  ({ isForeign, primaryKey: { id: 100, name: 'id', type, params: {} } }) as unknown as CollectionModel

test('an integer is the point of the same 64 bits', () => {
  const integers = model(5)
  const edges = [0n, 1n, -1n, 2n ** 53n, -(2n ** 63n), 2n ** 63n - 1n]
  const ids = edges.map((key) => pointIdOf(integers, key))
  expect(ids).toEqual([0, 1, 2n ** 64n - 1n, 2n ** 53n, 2n ** 63n, 2n ** 63n - 1n])
  expect(ids.map((id) => keyOf(integers, id!, () => ({})))).toEqual(edges)
})

test('a text is a UUID of version 8, always the same one', () => {
  const texts = model(21)
  const id = pointIdOf(texts, 'a')
  expect(id).toBe('ca978112-ca1b-8dca-bac2-31b39a23dc4d')
  expect(pointIdOf(texts, 'b')).not.toBe(id)
  expect(keyOf(texts, id!, () => ({ id: 'a' }))).toBe('a')
  // A point that another API wrote.
  expect(keyOf(texts, 7, () => ({}))).toBe('7')
})

test('in a collection that was made elsewhere a key is the text of an id', () => {
  const foreign = model(21, true)
  const uuid = '12345678-1234-4234-8234-123456789abc'
  expect(pointIdOf(foreign, '7')).toBe(7)
  expect(pointIdOf(foreign, '18446744073709551615')).toBe(2n ** 64n - 1n)
  expect(pointIdOf(foreign, uuid)).toBe(uuid)
  for (const none of ['', '07', '-1', '18446744073709551616', 'seven'])
    expect(pointIdOf(foreign, none)).toBeUndefined()
})

test('texts are ordered by their bytes in UTF-8', () => {
  const texts = ['\u{1f600}', '\uffee', '\ud7ff', 'b', '', 'a b', 'a', '日本', 'ü', '\u{10ffff}', '\ue000']
  const byBytes = [...texts].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
  expect([...texts].sort(compareKeys)).toEqual(byBytes)
  expect([3n, -1n, 2n ** 62n].sort(compareKeys)).toEqual([-1n, 3n, 2n ** 62n])
})
