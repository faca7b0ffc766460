import { afterEach, beforeEach, expect, test } from 'vitest'
import { SimulatedDisk } from '../../test/support/simulated-disk.ts'
import { open, type Collection, type Database, type QueryRequest } from '../index.ts'

let db: Database
let collection: Collection

beforeEach(async () => {
  const disk = new SimulatedDisk()
  db = await open('/db', { unstable_disk: disk, workers: 0, background: false, flushOnClose: false })
  collection = await db.createCollection('c', { vectors: { '': { size: 2, distance: 'Euclid' } } })
  await collection.createPartition('other')
  const point = (id: number) => ({ id, vectors: { '': [id, id % 7] }, payload: { odd: id % 2 === 1 } })
  await collection.upsert(Array.from({ length: 90 }, (_, id) => point(id)))
  await collection.upsert([point(500)], { partition: 'other' })
  const far = await db.createCollection('far', { vectors: { '': { size: 2, distance: 'Euclid' } } })
  await far.upsert([{ id: 1, vectors: { '': [40, 3] } }])
})

afterEach(() => db.close())

const odd = { must: [{ kind: 'field', path: 'odd', match: { value: true } }] } as const

const requests = (): QueryRequest[] => [
  { vector: [3, 3] },
  { vector: [30, 1], limit: 3, offset: 2, payload: true, vectors: true },
  { vector: [30, 1], filter: odd, limit: 4 },
  { vector: [0, 0], partitions: ['other'] },
  { query: { kind: 'nearest', to: { id: 12 } }, limit: 2 },
  { query: { kind: 'nearest', to: { id: 1, from: db.getCollection('far') } }, limit: 2 },
  { limit: 5, filter: odd },
  {
    prefetch: [
      { query: { kind: 'nearest', to: [1, 1] }, limit: 6 },
      { query: { kind: 'nearest', to: [9, 1] }, filter: odd, limit: 6 },
    ],
    query: { kind: 'fusion', fusion: { method: 'rrf' } },
    limit: 4,
  },
  { vector: [3, 3], limit: 0 },
]

test('a batch finds what its queries find by themselves, in their order', async () => {
  const asked = Array.from({ length: 10 }, requests).flat()
  const expected = []
  for (const request of asked) expected.push(await collection.query(request))
  expect(expected.map(({ length }) => length).slice(0, 9)).toEqual([10, 3, 4, 1, 2, 2, 5, 4, 0])
  expect(await collection.queryBatch(asked)).toEqual(expected)
  expect(await collection.queryBatch([])).toEqual([])
})

test('of what is wrong the first is told, with its place', async () => {
  const right = { vector: [1, 1] }
  const cases: readonly [readonly unknown[], object][] = [
    [
      [right, { vector: [1] }, { vector: [1, 2, 3] }],
      { code: 'dimension-mismatch', details: { request: 1, actual: 1 } },
    ],
    [[{ ...right, filtre: odd }], { code: 'request-invalid', details: { request: 0, member: 'filtre' } }],
    [
      [right, right, { ...right, partitions: ['none'] }],
      { code: 'partition-not-found', details: { request: 2 } },
    ],
    [
      [right, { query: { kind: 'nearest', to: { id: 77_777 } } }],
      { code: 'point-not-found', details: { request: 1 } },
    ],
  ]
  for (const [asked, error] of cases) {
    await expect(collection.queryBatch(asked as QueryRequest[])).rejects.toMatchObject(error)
  }
  const alone = await collection.query({ vector: [1] }).catch((error: Error) => error.message)
  await expect(collection.queryBatch([right, { vector: [1] }])).rejects.toThrow(alone)
  const noList = collection.queryBatch(right as unknown as QueryRequest[])
  await expect(noList).rejects.toMatchObject({ code: 'request-invalid' })
})
