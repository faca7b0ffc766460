import { afterEach, beforeEach, expect, test } from 'vitest'
import { openTestQdrantDoor, type TestQdrantDoor } from '../../../test/support/qdrant-door.ts'
import { collectionArchive, type TestShard } from '../../../test/support/qdrant-archive/archive.ts'
import { upsertOf, walArchive, type WalShard } from '../../../test/support/qdrant-archive/wal-archive.ts'
import { Float, floats, writeLogFile } from '../../../test/support/qdrant-archive/wal-writer.ts'
import { configOfArchive, filterOfArchive } from './archive-config.ts'

// Servers before 1.19 log filters and conditions as they came: what they selected is found out anew.

let qdrant: TestQdrantDoor

beforeEach(async () => {
  qdrant = await openTestQdrantDoor(
    {},
    { workers: 0, background: false, qdrantConfig: configOfArchive, qdrantFilter: filterOfArchive },
  )
})

afterEach(() => qdrant.close())

async function* inOne(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

/** Payloads by id; `-` behind those without a vector, and its first component where that is not the id. */
async function restored(archive: Buffer): Promise<Record<string, string>> {
  const collection = await qdrant.database.restoreArchive(inOne(archive), { into: 'c', replace: true })
  const { points } = await collection.scroll({ limit: 1_000, payload: true, vectors: true })
  return Object.fromEntries(
    points.map(({ id, payload, vectors }) => {
      const vector = vectors?.[''] as Float32Array | undefined
      const shown = vector === undefined ? ' -' : vector[0] === Number(id) ? '' : ` ${vector[0]!}`
      return [String(id), `${payload?.text ?? ''}${shown}`]
    }),
  )
}

const of = (...entries: readonly unknown[]): Promise<Record<string, string>> =>
  restored(walArchive({ shards: [{ entries: [upsertOf([1, 2, 3, 4]), ...entries] }] }))
const isId = (value: number) => ({ key: 'id', match: { value } })
const above = (gt: number) => ({ key: 'id', range: { lt: null, gt: new Float(gt), gte: null, lte: null } })
const point = (id: number, component: number) => ({
  id,
  vector: floats([component, 0, 0, 0]),
  payload: { component },
})

test('points are deleted by a filter', async () => {
  expect(await of({ delete_points_by_filter: { must: [above(1)], must_not: [isId(3)] } })).toEqual({
    1: '{"id":1}',
    3: '{"id":3}',
  })
  expect(await of({ delete_points_by_filter: {} })).toEqual({})
})

test('payloads are changed by a filter, each entry after the one before it', async () => {
  expect(
    await of(
      { set_payload: { payload: { tag: 'x' }, points: null, filter: { must: [above(2)] }, key: null } },
      {
        set_payload: { payload: { in: 1 }, points: null, filter: { should: [isId(1), isId(3)] }, key: 'to' },
      },
      { overwrite_payload: { payload: { only: 4 }, points: null, filter: { must: [isId(4)] }, key: null } },
      {
        delete_payload: {
          keys: ['id'],
          points: null,
          filter: { must: [{ key: 'tag', match: { value: 'x' } }] },
        },
      },
      { clear_payload_by_filter: { must: [isId(2)] } },
      // Of 1 alone: 3 has no id any more.
      {
        set_payload: {
          payload: { last: true },
          points: null,
          filter: { must: [{ key: 'id', range: { lt: 9 } }] },
        },
      },
    ),
  ).toEqual({
    1: '{"id":1,"to":{"in":1},"last":true}',
    2: '{}',
    3: '{"tag":"x","to":{"in":1}}',
    4: '{"only":4}',
  })
})

test('vectors are dropped and put by a filter', async () => {
  expect(
    await of(
      { delete_vectors_by_filter: [{ must: [{ has_id: [1, 2] }] }, ['']] },
      {
        update_vectors: {
          points: [1, 3, 4].map((id) => ({ id, vector: floats([id * 10, 0, 0, 0]) })),
          update_filter: { must: [{ has_vector: '' }, above(3)] },
        },
      },
    ),
  ).toEqual({ 1: '{"id":1} -', 2: '{"id":2} -', 3: '{"id":3}', 4: '{"id":4} 40' })
})

test.each([
  [undefined, { 1: '{"id":1}', 4: '{"component":44} 44', 5: '{"component":55} 55' }],
  ['upsert', { 1: '{"id":1}', 4: '{"component":44} 44', 5: '{"component":55} 55' }],
  ['insert_only', { 1: '{"id":1}', 4: '{"id":4}', 5: '{"component":55} 55' }],
  ['update_only', { 1: '{"id":1}', 4: '{"component":44} 44' }],
])('an upsert with a condition, mode %s', async (mode, expected) => {
  const found = await of(
    {
      upsert_points_conditional: {
        points_op: { points: [point(1, 11), point(4, 44), point(5, 55)] },
        condition: { must: [above(3)] },
        ...(mode === undefined ? {} : { update_mode: mode }),
      },
    },
    { delete_points: { ids: [2, 3] } },
  )
  expect(found).toEqual(expected)
})

test('a point that was written by a later entry, or by this one, is passed over', async () => {
  const shard: TestShard = {
    segments: [
      {
        tracker: 'mutable',
        vectors: { '': { kind: 'dense', size: 4 } },
        points: [9, 10, 11].map((version) => ({
          id: version,
          version,
          vectors: { '': [version, 0, 0, 0] },
          payload: `{"id":${version}}`,
        })),
      },
    ],
    // The entries 0 to 9 are in the segment; 10 deletes by a filter.
    wal: new Map([
      [
        'closed-10',
        writeLogFile([{ delete_points_by_filter: {} }, { delete_points: { ids: [] } }], { spare: 0 }),
      ],
    ]),
  }
  expect(
    await restored(collectionArchive({ vectors: { '': { kind: 'dense', size: 4 } }, shards: [shard] })),
  ).toEqual({
    10: '{"id":10}',
    11: '{"id":11}',
  })
})

test('a filter in the log of a shard is asked of the points of that shard', async () => {
  const shards: WalShard[] = [
    { entries: [upsertOf([1, 2])] },
    { entries: [upsertOf([3, 4]), { delete_points_by_filter: { should: [isId(2), isId(3)] } }] },
  ]
  expect(Object.keys(await restored(walArchive({ shards })))).toEqual(['1', '2', '4'])
})

test.each([[{ must: [{ key: 'id', match: { similar: 1 } }] }], [{ unless: [] }]])(
  'a filter that is not known in full refuses the archive: %j',
  async (filter) => {
    await expect(of({ delete_points_by_filter: filter })).rejects.toMatchObject({
      code: 'archive-invalid',
      message: expect.stringContaining(
        '0/wal/open-1: log entry 1: its filter cannot be understood: ',
      ) as string,
    })
    expect(qdrant.database.listCollections()).toEqual([])
  },
)
