import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openTestQdrant, type TestQdrant } from '../../../test/support/qdrant-door.ts'
import { readLogArchive } from '../../../test/support/qdrant-log.ts'
import { archiveSettings } from './present/archive-settings.ts'

let qdrant: TestQdrant

beforeEach(async () => {
  qdrant = await openTestQdrant({ archivesMode: 'files' })
})

afterEach(() => qdrant.close())

// Answers are looked into as they come.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
async function call(method: 'GET' | 'PUT' | 'POST' | 'DELETE', url: string, body?: object): Promise<any> {
  const headers = { 'content-type': 'application/json' }
  const payload = body === undefined ? {} : { payload: JSON.stringify(body), headers }
  const answer = await qdrant.app.inject({ method, url, ...payload })
  return answer.json()
}

const download = (url: string) => qdrant.app.inject({ method: 'GET', url })

const everything = {
  vectors: {
    plain: { size: 2, distance: 'Cosine', on_disk: true, hnsw_config: { m: 24 } },
    small: { size: 2, distance: 'Euclid', datatype: 'uint8' },
    many: { size: 2, distance: 'Dot', multivector_config: { comparator: 'max_sim' } },
  },
  sparse_vectors: { words: { modifier: 'idf' } },
  shard_number: 2,
  quantization_config: { scalar: { type: 'int8', always_ram: true } },
  strict_mode_config: { enabled: true, max_query_limit: 500 },
  metadata: { owner: 'tests' },
}

describe('?format=qdrant', () => {
  test('gives the snapshot with the settings that the collection is shown with', async () => {
    await call('PUT', '/collections/plants', everything)
    await call('PUT', '/collections/plants/index?wait=true', { field_name: 'kind', field_schema: 'keyword' })
    const text = { type: 'text', tokenizer: 'word', lowercase: true }
    await call('PUT', '/collections/plants/index?wait=true', { field_name: 'text', field_schema: text })
    const moss = { id: 1, vector: { plain: [3, 4] }, payload: { kind: 'moss' } }
    await call('PUT', '/collections/plants/points?wait=true', { points: [moss] })
    const name = String((await call('POST', '/collections/plants/snapshots')).result.name)
    await call('PUT', '/collections/plants/points?wait=true', { points: [{ id: 2, vector: {} }] })

    const answer = await download(`/collections/plants/snapshots/${name}?format=qdrant`)
    expect(answer).toMatchObject({
      statusCode: 200,
      headers: {
        'content-type': 'application/octet-stream',
        'content-length': String(answer.rawPayload.byteLength),
        'content-disposition': `attachment; filename="${name}"`,
        'accept-ranges': 'none',
        'stillpoint-points': '1',
      },
    })
    const { points, json } = readLogArchive(answer.rawPayload)
    expect(points).toMatchObject([{ id: 1, payload: { kind: 'moss' } }])
    const { config } = (await call('GET', '/collections/plants')).result
    expect(json('config.json')).toEqual(config)
    expect(config).toMatchObject({
      params: { shard_number: 2, vectors: { many: { multivector_config: {} } } },
    })
    expect(json('payload_index.json')).toEqual({ schema: { kind: 'keyword', text } })
  })

  test('of what is not there, of another form, and of a file that is left over', async () => {
    await call('PUT', '/collections/plants', { vectors: { size: 2, distance: 'Dot' } })
    const name = String((await call('POST', '/collections/plants/snapshots')).result.name)
    const url = `/collections/plants/snapshots/${name}`
    expect(await download('/collections/plants/snapshots/none?format=qdrant')).toMatchObject({
      statusCode: 404,
    })
    expect(await download(`/collections/none/snapshots/${name}?format=qdrant`)).toMatchObject({
      statusCode: 404,
    })
    const other = await download(`${url}?format=zip`)
    expect(other).toMatchObject({ statusCode: 400, body: expect.stringContaining('no format `zip`') })
    await qdrant.database.findSnapshotFrom('plants', name)!.delete()
    const alone = await download(`${url}?format=qdrant`)
    expect(alone).toMatchObject({ statusCode: 400, body: expect.stringContaining('there is the file alone') })
    await rm(join(qdrant.snapshotsPath, 'plants'), { recursive: true })
    expect(await download(`${url}?format=qdrant`)).toMatchObject({ statusCode: 404 })
  })

  test('names what Qdrant cannot hold', async () => {
    const sets = await qdrant.database.createCollection('sets', {
      vectors: { bits: { size: 8, distance: 'Jaccard' } },
    })
    await sets.createSnapshot({ name: 's' })
    const answer = await download('/collections/sets/snapshots/s?format=qdrant')
    expect(answer).toMatchObject({
      statusCode: 400,
      body: expect.stringContaining('vector "bits" has the distance Jaccard'),
    })
  })
})

test('collections that another door made say of their vectors what Qdrant needs to be told', () => {
  const { config, payloadIndexes } = archiveSettings({
    vectors: {
      half: { size: 4, distance: 'Dot', datatype: 'float16', graph: { m: 32, efConstruct: 2 } },
      many: { kind: 'multi', size: 2, distance: 'Cosine' },
      words: { kind: 'sparse', size: 0, distance: 'Dot', modifier: 'idf' },
    },
    shardNumber: 3,
    payloadIndexes: {
      plain: { type: 'integer' },
      text: { type: 'text', minTokenLength: 2, stopwordLanguages: ['german'], stemmer: 'german' },
    },
    settings: { named: true },
  })
  expect(config).toMatchObject({
    params: {
      shard_number: 3,
      vectors: {
        half: { size: 4, distance: 'Dot', datatype: 'float16', hnsw_config: { m: 32, ef_construct: 4 } },
        many: { size: 2, distance: 'Cosine', multivector_config: { comparator: 'max_sim' } },
      },
      sparse_vectors: { words: { modifier: 'idf' } },
    },
    hnsw_config: { m: 16 },
    wal_config: { wal_capacity_mb: 32 },
  })
  expect(payloadIndexes).toEqual({
    plain: 'integer',
    text: {
      type: 'text',
      tokenizer: 'word',
      min_token_len: 2,
      stopwords: { languages: ['german'] },
      stemmer: { type: 'snowball', language: 'german' },
    },
  })
})
