import fastify, { type FastifyInstance } from 'fastify'
import { beforeEach, describe, expect, test } from 'vitest'
import { openSnapshotsDoor, type SnapshotsDoor } from '../../../../test/support/milvus-snapshots.ts'
import { openMilvusDoor, type MilvusDoor } from '../door.ts'
import { listedPaths } from './path-list.ts'
import { milvusRestRoutes } from './rest-routes.ts'
import { routes } from './routes/all-routes.ts'

test('the list of paths that a start has is that of all that are defined', () => {
  expect(listedPaths.toSorted()).toEqual(Object.keys(routes).toSorted())
})

let milvus: SnapshotsDoor
let app: FastifyInstance

const serve = async (more: Partial<MilvusDoor> = {}): Promise<FastifyInstance> => {
  const served = fastify()
  await milvusRestRoutes(served, openMilvusDoor({ ...milvus.door, ...more }), (error) => {
    throw error
  })
  return served
}

beforeEach(async () => {
  milvus = await openSnapshotsDoor()
  app = await serve()
  return async () => {
    await app.close()
    await milvus.close()
  }
})

interface Reply {
  readonly status: number
  readonly text: string
  readonly code: number
  readonly message: string
  // Answers are looked into as they come.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly data: any
  readonly topks: readonly number[]
}

async function post(
  path: string,
  body: object | string = {},
  headers: Record<string, string> = {},
): Promise<Reply> {
  const payload = typeof body === 'string' ? body : JSON.stringify(body)
  const { statusCode, body: text } = await app.inject({
    method: 'POST',
    url: `/v2/vectordb${path}`,
    payload,
    headers,
  })
  const answer = text.startsWith('{') ? (JSON.parse(text) as object) : {}
  return { status: statusCode, text, ...answer } as Reply
}

async function must(path: string, body: object, headers: Record<string, string> = {}): Promise<Reply> {
  const answer = await post(path, body, headers)
  expect(answer, answer.text).toMatchObject({ status: 200, code: 0 })
  return answer
}

const makeThings = (): Promise<Reply> =>
  must('/collections/create', { collectionName: 'things', dimension: 2, metricType: 'L2' })

const things = [
  { id: 1, vector: [0.1, 0.2], color: 'red', size: 1 },
  { id: 2, vector: [0.5, 0.6], color: 'green', tags: ['a', 'b'] },
  { id: 3, vector: [0.9, 1], color: null },
]

describe('rows', () => {
  test('a collection of a dimension takes rows, and gives them back', async () => {
    await makeThings()
    const { data } = await must('/entities/insert', { collectionName: 'things', data: things })
    expect(data).toEqual({ insertCount: 3, insertIds: [1, 2, 3] })
    const found = await must('/entities/query', {
      collectionName: 'things',
      filter: 'id < 3',
      outputFields: ['*'],
    })
    expect(found.data).toEqual([
      { id: 1, vector: [0.1, 0.2], color: 'red', size: 1 },
      { id: 2, vector: [0.5, 0.6], color: 'green', tags: ['a', 'b'] },
    ])
    const one = await must('/entities/get', { collectionName: 'things', id: 3, outputFields: ['color'] })
    expect(one.data).toEqual([{ id: 3, color: null }])
    const count = await must('/entities/query', { collectionName: 'things', outputFields: ['count(*)'] })
    expect(count.data).toEqual([{ 'count(*)': 3 }])
  })

  test('a search gives the nearest, each query its own', async () => {
    await makeThings()
    await must('/entities/insert', { collectionName: 'things', data: things })
    const found = await must('/entities/search', {
      collectionName: 'things',
      data: [
        [0.1, 0.2],
        [0.9, 1],
      ],
      annsField: 'vector',
      limit: 1,
      outputFields: ['color'],
    })
    expect(found.data).toEqual([
      { id: 1, color: 'red', distance: 0 },
      { id: 3, color: null, distance: 0 },
    ])
    expect(found.topks).toEqual([1, 1])
    const filtered = await must('/entities/search', {
      collectionName: 'things',
      data: [[0.1, 0.2]],
      filter: 'color == {c}',
      exprParams: { c: 'green' },
      searchParams: { params: { radius: 10, range_filter: 0 } },
    })
    expect(filtered.data).toEqual([{ id: 2, distance: expect.closeTo(0.32, 5) as number }])
  })

  test('a hybrid search joins several', async () => {
    await makeThings()
    await must('/entities/insert', { collectionName: 'things', data: things })
    const one = { data: [[0.1, 0.2]], annsField: 'vector', limit: 2 }
    const { data } = await must('/entities/hybrid_search', {
      collectionName: 'things',
      search: [one, { ...one, data: [[0.9, 1]] }],
      rerank: { strategy: 'rrf', params: { k: 60 } },
      limit: 3,
    })
    expect((data as { id: number }[]).map(({ id }) => id).sort()).toEqual([1, 2, 3])
  })

  test('rows are changed and deleted', async () => {
    await makeThings()
    await must('/entities/insert', { collectionName: 'things', data: things })
    const upsert = await must('/entities/upsert', {
      collectionName: 'things',
      data: [{ id: 1, vector: [1, 1], color: 'blue' }],
    })
    expect(upsert.data).toEqual({ upsertCount: 1, upsertIds: [1] })
    const deleted = await must('/entities/delete', { collectionName: 'things', filter: 'id in [2, 3]' })
    expect(deleted.data).toEqual({ deleteCount: 2 })
    const left = await must('/entities/query', {
      collectionName: 'things',
      filter: 'id > 0',
      outputFields: ['color'],
    })
    expect(left.data).toEqual([{ id: 1, color: 'blue' }])
  })

  test('integers of 64 bits are exact, and texts for who asks for them', async () => {
    await makeThings()
    const key = '9007199254740993'
    await must('/entities/insert', { collectionName: 'things', data: { id: key, vector: [1, 1] } })
    const query = { collectionName: 'things', filter: `id == ${key}`, outputFields: ['id'] }
    expect((await post('/entities/query', query)).text).toContain(`{"id":${key}}`)
    const asTexts = await post('/entities/query', query, { 'accept-type-allow-int64': 'false' })
    expect(asTexts.data).toEqual([{ id: key }])
  })

  test('every type of field goes in and comes out', async () => {
    const fields = [
      { fieldName: 'key', dataType: 'VarChar', isPrimary: true, elementTypeParams: { max_length: 20 } },
      { fieldName: 'flag', dataType: 'Bool', nullable: true },
      { fieldName: 'small', dataType: 'Int8', defaultValue: 7 },
      { fieldName: 'long', dataType: 'Int64' },
      { fieldName: 'float', dataType: 'Float' },
      { fieldName: 'double', dataType: 'Double' },
      { fieldName: 'json', dataType: 'JSON' },
      {
        fieldName: 'list',
        dataType: 'Array',
        elementDataType: 'Int32',
        elementTypeParams: { max_capacity: 4 },
      },
      { fieldName: 'dense', dataType: 'FloatVector', elementTypeParams: { dim: '2' } },
      { fieldName: 'half', dataType: 'Float16Vector', elementTypeParams: { dim: 2 } },
      { fieldName: 'bits', dataType: 'BinaryVector', elementTypeParams: { dim: 16 } },
      { fieldName: 'sparse', dataType: 'SparseFloatVector' },
    ]
    const metrics = { dense: 'COSINE', half: 'IP', bits: 'HAMMING', sparse: 'IP' }
    await must('/collections/create', {
      collectionName: 'all',
      schema: { fields },
      indexParams: Object.entries(metrics).map(([fieldName, metricType]) => ({ fieldName, metricType })),
    })
    const row = {
      key: 'a',
      flag: true,
      small: -3,
      long: 5,
      float: 0.1,
      double: 0.1,
      json: { a: [1, 'x'] },
      list: [1, 2],
      dense: [0.1, 0.2],
      half: [0.5, 2],
      bits: [1, 255],
      sparse: { 3: 0.5, 10: 1 },
    }
    const { flag: _flag, small: _small, ...rest } = row
    await must('/entities/insert', { collectionName: 'all', data: [row, { ...rest, key: 'b' }] })
    const found = await must('/entities/get', { collectionName: 'all', id: ['a', 'b'] })
    expect(found.data).toEqual([row, { ...row, key: 'b', flag: null, small: 7 }])
    for (const [annsField, query] of [
      ['half', [0.5, 2]],
      ['bits', [1, 255]],
      ['sparse', { 3: 1 }],
    ] as const) {
      const hits = await must('/entities/search', {
        collectionName: 'all',
        data: [query],
        annsField,
        limit: 1,
      })
      expect(hits.data, annsField).toHaveLength(1)
    }
  })

  test('rows that do not fit are refused', async () => {
    await makeThings()
    const insert = (row: object): Promise<Reply> =>
      post('/entities/insert', { collectionName: 'things', data: [row] })
    expect(await insert({ id: 1 })).toMatchObject({ status: 200, code: 1804 })
    expect(await insert({ id: 1, vector: [1] })).toMatchObject({ code: 1804 })
    expect(await insert({ id: 'x', vector: [1, 1] })).toMatchObject({ code: 1804 })
    expect(await insert({ id: 1, vector: [1, 1], $meta: 1 })).toMatchObject({ code: 1804 })
  })
})

describe('requests', () => {
  test('what is missing or no JSON is told apart', async () => {
    expect(await post('/collections/has', '')).toMatchObject({ status: 200, code: 1801 })
    expect(await post('/collections/has', '{')).toMatchObject({ code: 1801 })
    expect(await post('/collections/has', { collectionName: 1 })).toMatchObject({ code: 1801 })
    expect(await post('/collections/has')).toMatchObject({ code: 1802 })
    expect(await post('/collections/create', { collectionName: 'c' })).toMatchObject({ code: 1802 })
    expect(await post('/collections/nonsense')).toMatchObject({ status: 404 })
  })

  test('errors of calls have their codes', async () => {
    expect(await post('/collections/describe', { collectionName: 'none' })).toMatchObject({
      status: 200,
      code: 100,
      message: 'collection not found[database=default][collection=none]',
    })
    expect(await post('/collections/list', { dbName: 'none' })).toMatchObject({ code: 800 })
  })
})

describe('collections and what belongs to them', () => {
  test('a description has fields, indexes and the state', async () => {
    await makeThings()
    const { data } = await must('/collections/describe', { collectionName: 'things' })
    expect(data).toMatchObject({
      collectionName: 'things',
      autoId: false,
      enableDynamicField: true,
      load: 'LoadStateLoaded',
      consistencyLevel: 'Bounded',
      fields: [
        { name: 'id', type: 'Int64', primaryKey: true },
        { name: 'vector', type: 'FloatVector', params: [{ key: 'dim', value: '2' }] },
      ],
      indexes: [{ fieldName: 'vector', indexName: 'vector', metricType: 'L2' }],
    })
    expect((await must('/collections/list', {})).data).toEqual(['things'])
    expect((await must('/collections/has', { collectionName: 'things' })).data).toEqual({ has: true })
    expect((await must('/collections/get_stats', { collectionName: 'things' })).data).toEqual({ rowCount: 0 })
    const added = {
      fieldName: 'note',
      dataType: 'VarChar',
      nullable: true,
      elementTypeParams: { max_length: 9 },
    }
    await must('/collections/fields/add', { collectionName: 'things', schema: added })
    const { data: more } = await must('/collections/describe', { collectionName: 'things' })
    expect((more as { fields: object[] }).fields.at(-1)).toMatchObject({
      name: 'note',
      type: 'VarChar',
      nullable: true,
    })
    await must('/collections/release', { collectionName: 'things' })
    expect((await must('/collections/get_load_state', { collectionName: 'things' })).data).toMatchObject({
      loadState: 'LoadStateNotLoad',
    })
    await must('/collections/load', { collectionName: 'things' })
    expect((await must('/collections/get_load_state', { collectionName: 'things' })).data).toMatchObject({
      loadState: 'LoadStateLoaded',
      loadProgress: 100,
    })
    await must('/collections/drop', { collectionName: 'things' })
    expect((await must('/collections/list', {})).data).toEqual([])
  })

  test('a compaction is asked for by the number that it was given', async () => {
    await makeThings()
    const { data } = await must('/collections/compact', { collectionName: 'things' })
    expect(data).toEqual({ compactionID: expect.stringMatching(/^[1-9]\d*$/) as string })
    const state = await must('/collections/get_compaction_state', data as object)
    expect(state.data).toMatchObject({ state: expect.stringMatching(/Executing|Completed/) as string })
  })

  test('indexes, partitions, aliases and databases', async () => {
    await makeThings()
    const name = { collectionName: 'things' }
    expect((await must('/indexes/list', name)).data).toEqual(['vector'])
    expect((await must('/indexes/describe', { ...name, indexName: 'vector' })).data).toMatchObject([
      {
        indexName: 'vector',
        fieldName: 'vector',
        indexType: 'AUTOINDEX',
        metricType: 'L2',
        indexState: 'Finished',
      },
    ])
    await must('/partitions/create', { ...name, partitionName: 'p' })
    expect((await must('/partitions/list', name)).data).toEqual(['_default', 'p'])
    expect((await must('/partitions/has', { ...name, partitionName: 'q' })).data).toEqual({ has: false })
    expect((await must('/partitions/get_stats', { ...name, partitionName: 'p' })).data).toEqual({
      rowCount: 0,
    })
    await must('/aliases/create', { ...name, aliasName: 'a' })
    expect((await must('/aliases/list', name)).data).toEqual(['a'])
    expect((await must('/aliases/describe', { aliasName: 'a' })).data).toEqual({
      dbName: 'default',
      collectionName: 'things',
      aliasName: 'a',
    })
    await must('/databases/create', { dbName: 'other' })
    expect((await must('/databases/list', {})).data).toEqual(expect.arrayContaining(['default', 'other']))
    await must('/collections/create', { dbName: 'other', collectionName: 'c', dimension: 2 })
    expect((await must('/collections/list', {}, { 'db-name': 'other' })).data).toEqual(['c'])
  })
})

test('a snapshot is taken, shown, pinned and restored', async () => {
  await makeThings()
  await must('/entities/insert', { collectionName: 'things', data: things })
  const one = { collectionName: 'things', snapshotName: 's' }
  await must('/snapshots/create', { ...one, description: 'first' })
  expect((await must('/snapshots/list', { collectionName: 'things' })).data).toEqual(['s'])
  const { data: shown } = await must('/snapshots/describe', one)
  expect(shown).toMatchObject({ snapshotName: 's', description: 'first', collectionName: 'things' })
  const { data: pin } = await must('/snapshots/pin', { ...one, ttlSeconds: 60 })
  expect(await post('/snapshots/drop', one)).toMatchObject({ status: 200, code: 2601 })
  expect(await post('/snapshots/unpin', { pinId: 'x' })).toMatchObject({ code: 1100 })
  await must('/snapshots/unpin', { pinId: (pin as { pinId: string }).pinId })
  const restore = { snapshotName: 's', sourceCollectionName: 'things', targetCollectionName: 'copy' }
  const { data: job } = await must('/snapshots/restore', restore)
  const { jobId } = job as { jobId: string }
  expect(jobId).toMatch(/^\d+$/)
  await milvus.end(BigInt(jobId))
  const { data: described } = await must('/jobs/snapshot/describe', { jobId })
  expect(described).toMatchObject({ state: 'RestoreSnapshotCompleted', progress: 100 })
  const { data: jobs } = await must('/jobs/snapshot/list', { collectionName: 'copy' })
  expect(jobs).toMatchObject({ records: [{ jobId, snapshotName: 's', collectionName: 'copy' }] })
  await must('/collections/load', { collectionName: 'copy' })
  expect((await must('/collections/get_stats', { collectionName: 'copy' })).data).toEqual({ rowCount: 3 })
  const { data: sent } = await must('/snapshots/export', { ...one, targetS3Path: 'out/' })
  const exportId = (sent as { jobId: string }).jobId
  await milvus.end(BigInt(exportId), 'Export')
  const { data: ended } = await must('/jobs/snapshot/describe', { jobId: exportId })
  expect(ended).toMatchObject({ jobId: exportId, state: 'ExportSnapshotCompleted' })
  const { snapshotMetadataURI: from } = ended as { snapshotMetadataURI: string }
  expect(from).toMatch(/\.snapshot$/)
  await must('/snapshots/restore_external', { targetCollectionName: 'back', snapshotMetadataURI: from })
  await must('/snapshots/drop', one)
})

describe('who calls', () => {
  beforeEach(async () => {
    await app.close()
    app = await serve({ authorization: true })
  })

  const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

  test('nobody without a password, on no path', async () => {
    const refused = { status: 401, code: 1800, message: "user hasn't authenticated" }
    expect(await post('/collections/list')).toMatchObject(refused)
    expect(await post('/collections/list', {}, bearer('root:wrong'))).toMatchObject(refused)
    expect(await post('/nonsense')).toMatchObject({ status: 401 })
    expect(await post('/collections/list', {}, bearer('root:Milvus'))).toMatchObject({ status: 200, code: 0 })
    const basic = `Basic ${Buffer.from('root:Milvus').toString('base64')}`
    expect(await post('/collections/list', {}, { authorization: basic })).toMatchObject({ code: 0 })
  })

  test('users have the rights of their roles', async () => {
    const root = bearer('root:Milvus')
    await must('/users/create', { userName: 'ann', password: 'secret-1' }, root)
    await must('/roles/create', { roleName: 'reader' }, root)
    await must('/users/grant_role', { userName: 'ann', roleName: 'reader' }, root)
    const grant = { roleName: 'reader', privilege: 'DatabaseAdmin', dbName: 'default', collectionName: '*' }
    const ann = bearer('ann:secret-1')
    const create = { collectionName: 'c', dimension: 2 }
    expect(await post('/collections/create', create, ann)).toMatchObject({ status: 403, code: 1401 })
    await must('/roles/grant_privilege_v2', grant, root)
    await must('/roles/grant_privilege_v2', { ...grant, privilege: 'CollectionAdmin' }, root)
    await must('/collections/create', create, ann)
    expect((await must('/users/describe', { userName: 'ann' }, root)).data).toEqual(['reader'])
    expect((await must('/roles/describe', { roleName: 'reader' }, root)).data).toMatchObject([
      { privilege: 'DatabaseAdmin', dbName: 'default', objectName: '*' },
      { privilege: 'CollectionAdmin' },
    ])
    expect(await post('/users/list', {}, ann)).toMatchObject({ code: 1401 })
    await must(
      '/users/update_password',
      { userName: 'ann', password: 'secret-1', newPassword: 'secret-2' },
      ann,
    )
    expect(await post('/collections/list', {}, ann)).toMatchObject({ status: 401 })
  })
})
