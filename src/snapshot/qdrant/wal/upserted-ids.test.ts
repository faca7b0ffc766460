import { describe, expect, test } from 'vitest'
import { encodeCbor, Float, floats } from '../../../../test/support/qdrant-archive/wal-writer.ts'
import { seededRandom } from '../../../runtime/random.ts'
import { decodeCbor } from './cbor.ts'
import { OperationError } from './cbor-fields.ts'
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

test('lists of other lengths than floats are passed over by are passed over as well', () => {
  for (let length = 0; length < 40; length++) {
    const points = [0, 1].map((id) => ({
      vector: {
        a: floats(new Array<number>(length).fill(id)),
        b: [...new Array<number>(length).fill(1), null],
      },
      id,
    }))
    const bytes = encodeCbor({ upsert_points: { points } })
    expect(upsertedIds(bytes), `${length} floats`).toEqual([0, 1])
    expect(upsertedIds(bytes.subarray(0, -1)), `${length} floats, cut`).toBeUndefined()
  }
})

test('an entry that is cut within its last float has none', () => {
  const bytes = encodeCbor({ upsert_points: { points: [{ id: 1, vector: floats([1, 2, 3]) }] } })
  for (let cut = 1; cut < bytes.length; cut++)
    expect(upsertedIds(bytes.subarray(0, -cut)), `without ${cut} bytes`).toBeUndefined()
})

test('a batch may have more ids than a call has arguments', () => {
  const many = Array.from({ length: 200_000 }, (_, id) => id)
  expect(upsertedIds(encodeCbor({ upsert_points: { batch: { ids: many } } }))).toEqual(many)
})

test('a number that is no integer is none of a point', () => {
  const entry = encodeCbor({ upsert_points: { points: [{ id: new Float(1.5), vector: floats([1]) }] } })
  expect(upsertedIds(entry)).toBeUndefined()
  expect(() => decodeOperation(decodeCbor(entry))).toThrow(OperationError)
})
