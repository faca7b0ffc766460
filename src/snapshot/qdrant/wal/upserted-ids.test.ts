import { describe, expect, test } from 'vitest'
import { encodeCbor, floats } from '../../../../test/support/qdrant-archive/wal-writer.ts'
import { seededRandom } from '../../../runtime/random.ts'
import { decodeCbor } from './cbor.ts'
import { decodeOperation } from './decode-operation.ts'
import { upsertedIds } from './upserted-ids.ts'

const uuid = '11111111-2222-4333-8444-555555555555'
const ids = [0, 23, 24, 255, 256, 65_535, 65_536, 2 ** 32, 2n ** 64n - 1n, Buffer.alloc(16, 7), uuid]
const vector = {
  dense: floats([1, 2, 3]),
  many: [floats([1], 8), floats([2], 2)],
  words: { indices: [1, 70_000], values: floats([0.5, 2]) },
}
const clock_tag = { peer_id: 2n ** 60n, clock_id: 0, clock_tick: 7, token: 1, force: false }

const entries: [string, object][] = [
  [
    'points',
    { upsert_points: { points: ids.map((id) => ({ id, vector, payload: { a: [1, null, { b: 'é' }] } })) } },
  ],
  [
    'points with ids at the end',
    { upsert_points: { points: ids.map((id) => ({ payload: null, vector: floats([1]), id })) } },
  ],
  ['points and a clock', { upsert_points: { points: [{ id: 5, vector: {}, payload: {} }] }, clock_tag }],
  ['a batch', { upsert_points: { batch: { ids, vectors: ids.map(() => floats([1, 2])), payloads: null } } }],
  ['no points', { upsert_points: { points: [] } }],
]

describe.each(entries)('of an upsert of %s', (_, entry) => {
  test('the ids are those of the whole', () => {
    const bytes = encodeCbor(entry)
    const whole = decodeOperation(decodeCbor(bytes))
    expect(whole.op).toBe('upsert')
    expect(upsertedIds(bytes)).toEqual(whole.op === 'upsert' && whole.points.map(({ id }) => id))
  })

  test('what is damaged gives ids, or none, and ends', () => {
    const bytes = encodeCbor(entry)
    const random = seededRandom(31)
    for (let round = 0; round < 2_000; round++) {
      const damaged = Buffer.from(
        bytes.subarray(0, bytes.length - (round % 3 === 0 ? round % bytes.length : 0)),
      )
      if (damaged.length > 0)
        damaged[Math.floor(random.next() * damaged.length)] = Math.floor(random.next() * 256)
      const found = upsertedIds(damaged)
      expect(found === undefined || found.length <= damaged.length, `round ${round}`).toBe(true)
    }
  })
})

test('other operations have none', () => {
  expect(upsertedIds(encodeCbor({ delete_points: { ids: [1] } }))).toBeUndefined()
  expect(
    upsertedIds(encodeCbor({ upsert_points: { points: [] }, delete_points: { ids: [1] } })),
  ).toBeUndefined()
  expect(upsertedIds(encodeCbor({ upsert_points: { points: [], more: 1 } }))).toBeUndefined()
  expect(upsertedIds(Buffer.alloc(0))).toBeUndefined()
})
