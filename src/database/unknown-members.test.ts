import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  archivePoints,
  inspectArchive,
  listArchive,
  open,
  verifyArchive,
  type Collection,
  type Database,
  type ErrorCode,
  type Snapshot,
} from '../index.ts'
import { SimulatedDisk } from '../../test/support/simulated-disk.ts'
import { openQuietly } from '../../test/support/crash-suite.ts'

let database: Database
let collection: Collection
let before: string

beforeAll(async () => {
  database = await openQuietly(open, new SimulatedDisk(), 1)
  const vectors = { '': { size: 2, distance: 'Dot' } } as const
  collection = await database.createCollection('c', { vectors })
  await collection.createPartition('other')
  await collection.upsert([1, 2, 3].map((id) => ({ id, vectors: { '': [id, 1] }, payload: { id } })))
})
afterAll(() => database.close())
beforeEach(async () => {
  before = await collection.contentHash()
})

/** Callers without types, and those whose objects are made elsewhere, can give anything. */
const given = (value: unknown): never => value as never

async function expectRefused(run: () => Promise<unknown>, names: RegExp, code: ErrorCode): Promise<void> {
  const config = JSON.stringify(collection.config())
  await expect(run()).rejects.toMatchObject({ code, message: expect.stringMatching(names) as string })
  expect(await collection.contentHash()).toBe(before)
  expect(JSON.stringify(collection.config())).toBe(config)
  expect(database.listCollections().map(({ name }) => name)).toEqual(['c'])
}

test('a point with a member that is none is refused by both names, with all that come with it', async () => {
  const good = { id: 4, vectors: { '': [4, 1] } }
  const bad = { id: 5, vector: [5, 1], payload: {} }
  const names = /^Cannot write point 5: .* "vector"/
  const pointAt = (index: number): never => given([good, bad][index])
  await expectRefused(() => collection.upsert([good, given(bad)]), names, 'request-invalid')
  await expectRefused(() => collection.upsertInSlices(2, pointAt), names, 'request-invalid')
  await expectRefused(
    () => collection.upsert([given({ id: 5, partition: 'other' })]),
    /"partition"/,
    'request-invalid',
  )
  const update = { id: 1, vectors: { '': [9, 9] } }
  const ignored = [
    { ...update, payload: {} },
    { ...update, vector: [8, 8] },
  ]
  for (const one of ignored)
    await expectRefused(
      () => collection.updateVectors([given(one)]),
      /point 1: .*(payload|vector)"/,
      'request-invalid',
    )
})

test('points can be written as they were read', async () => {
  const all = { payload: true, vectors: true } as const
  await collection.upsert(await collection.get([1], all))
  await collection.upsert((await collection.scroll(all)).points)
  await collection.upsert(await collection.query({ ...all, vector: [1, 1] }))
  await collection.upsert([given({ id: 1, vectors: { '': [1, 1] }, payload: { id: 1 }, vector: undefined })])
  expect(await collection.contentHash()).toBe(before)
})

const bad = 'request-invalid'
const badFilter = 'filter-invalid'
const point = { id: 4, vectors: {} }
const everything = { filter: {} }

const refused: readonly (readonly [string, ErrorCode, RegExp, () => Promise<unknown>])[] = [
  ['upsert', bad, /"partitions"/, () => collection.upsert([point], given({ partitions: ['other'] }))],
  ['upsert', bad, /"filter"/, () => collection.upsert([point], given({ filter: {} }))],
  ['upsert', bad, /"insert"/, () => collection.upsert([point], given({ mode: 'insert' }))],
  ['upsert', badFilter, /"not"/, () => collection.upsert([point], { condition: given({ not: [] }) })],
  ['updateVectors', bad, /"mode"/, () => collection.updateVectors([point], given({ mode: 'insert-only' }))],
  ['delete', bad, /"partitions"/, () => collection.delete(everything, given({ partitions: ['other'] }))],
  ['delete', bad, /"id"/, () => collection.delete(given({ id: 1 }))],
  ['delete', bad, /one of ids and filter/, () => collection.delete(given({ ids: [1], filter: {} }))],
  ['delete', bad, /one of ids and filter/, () => collection.delete(given({}))],
  ['delete', badFilter, /"must_not"/, () => collection.delete({ filter: given({ must_not: [] }) })],
  ['setPayload', bad, /"key"/, () => collection.setPayload({ ids: [1] }, {}, given({ key: 'a' }))],
  ['get', bad, /"with_payload"/, () => collection.get([1], given({ with_payload: true }))],
  ['count', badFilter, /"mustnot"/, () => collection.count(given({ mustnot: [] }))],
  ['scroll', bad, /"top"/, () => collection.scroll(given({ top: 1 }))],
  ['scroll', bad, /"from"/, () => collection.scroll({ orderBy: given({ path: 'id', from: 2 }) })],
  ['query', bad, /"k"/, () => collection.query(given({ vector: [1, 1], k: 1 }))],
  ['query', bad, /"hnsw_ef"/, () => collection.query({ vector: [1, 1], effort: given({ hnsw_ef: 1 }) })],
  ['query', bad, /"vector"/, () => collection.query({ query: given({ kind: 'nearest', vector: [1, 1] }) })],
  ['query', bad, /"closest"/, () => collection.query({ query: given({ kind: 'closest', to: [1, 1] }) })],
  ['queryGroups', bad, /"offset"/, () => collection.queryGroups(given({ groupBy: 'id', offset: 1 }))],
  ['distanceMatrix', bad, /"size"/, () => collection.distanceMatrix(given({ size: 2 }))],
  [
    'createPayloadIndex',
    bad,
    /"on_disk"/,
    () => collection.createPayloadIndex('id', given({ type: 'integer', on_disk: true })),
  ],
  [
    'addVector',
    bad,
    /"dimensions"/,
    () => collection.addVector('v', given({ size: 2, distance: 'Dot', dimensions: 2 })),
  ],
  [
    'createCollection',
    bad,
    /"shards"/,
    () => database.createCollection('d', given({ vectors: {}, shards: 2 })),
  ],
  [
    'createCollection',
    bad,
    /"on_disk"/,
    () =>
      database.createCollection('d', { vectors: { '': given({ size: 2, distance: 'Dot', on_disk: true }) } }),
  ],
]

test.each(refused)('%s: %s for what it would pass over, %s', async (_name, code, names, run) => {
  await expectRefused(run, names, code)
})

test('members are looked at in conditions and stages at any depth', async () => {
  const condition = given({ kind: 'field', path: 'id', match: { value: 1 }, must_not: true })
  const filter = { should: [{ kind: 'filter', filter: { mustNot: [condition] } }] } as const
  const prefetch = [{ query: { kind: 'nearest', to: [1, 1] }, filter } as const]
  const query = { kind: 'fusion', fusion: { method: 'rrf' } } as const
  await expectRefused(() => collection.query({ prefetch, query }), /condition .* "must_not"/, badFilter)
  const misspelt = [{ prefetch: [given({ filters: {} })], query }]
  await expectRefused(() => collection.query({ prefetch: misspelt, query }), /prefetch .* "filters"/, bad)
})

describe('options that nobody knows are refused by name, and nothing is done', () => {
  const odd = { undoname: 'x' }
  const names = /has no member "undoname", only /
  const refused = (run: () => Promise<unknown>) => expectRefused(run, names, 'request-invalid')
  let snapshot: Snapshot

  beforeAll(async () => {
    snapshot = await collection.createSnapshot({ name: 'kept' })
  })
  afterAll(() => snapshot.delete())

  test('of snapshots, by whoever makes them', async () => {
    const count = database.listAllSnapshots().length
    await refused(() => collection.createSnapshot(given(odd)))
    await refused(() => collection.createSnapshot({ hold: given(odd) }))
    await refused(() => collection.shard(0).createSnapshot(given(odd)))
    await refused(() => database.createSnapshot(given(odd)))
    await refused(() => database.createSnapshot(given({ collections: ['c'], ...odd })))
    await refused(() => database.createSnapshot(given({ collections: ['c'], shard: 0, ...odd })))
    await refused(() => snapshot.hold(given(odd)))
    await refused(() => snapshot.update(given({ name: 'other', ...odd })))
    expect(database.listAllSnapshots()).toHaveLength(count)
    expect([snapshot.name, snapshot.info().holds]).toEqual(['kept', []])
  })

  test('of restores, rollbacks and drafts', async () => {
    await refused(() => collection.rollback(snapshot, given(odd)))
    await refused(() => database.rollback('c', 'kept', given(odd)))
    await refused(() => database.restore(snapshot, given({ as: 'n', ...odd })))
    await refused(() => database.restore(snapshot, { as: 'n', verify: given(odd) }))
    await refused(() => database.restoreAll(snapshot, given({ replace: true, ...odd })))
    await refused(() => database.restorePartial('c', given({ as: 'n', ...odd })))
    await refused(() => database.restorePartial('c', { as: 'n', payload: given(odd) }))
    await refused(() => collection.shard(0).restore(snapshot, given(odd)))
    await refused(() => database.publishDrafts({}, given(odd)))
    await refused(() => database.openReader('c', given(odd)))
    await refused(() => database.diff('c', 'c@kept', given(odd)))
    expect(database.listAllSnapshots().map(({ name }) => name)).toEqual(['kept'])
  })

  test('of archives and checks', async () => {
    async function* nothing(): AsyncGenerator<Uint8Array> {
      yield* []
    }
    await refused(() => snapshot.archive(given(odd)))
    await refused(() => collection.shard(0).archive(given(odd)))
    await refused(() => snapshot.verify(given(odd)))
    await refused(() => snapshot.drill(given(odd)))
    await refused(async () => database.startVerify(snapshot, given(odd)))
    await refused(() => database.restoreArchive(nothing(), given({ into: 'n', ...odd })))
    await refused(() => database.restoreStoreArchive(nothing(), given(odd)))
    await refused(() => collection.shard(0).restoreArchive(nothing(), given(odd)))
    await refused(async () => database.imports.start(given(odd)))
    await refused(() => database.exportForQdrant('c', given({ settings: () => ({}), ...odd })))
    await refused(() => verifyArchive('nowhere', given(odd)))
    await refused(() => inspectArchive('nowhere', given(odd)))
    await refused(() => listArchive('nowhere', given(odd)))
    await refused(() => archivePoints('nowhere', given(odd)).next())
    await refused(async () => open('somewhere', given(odd)))
  })
})
