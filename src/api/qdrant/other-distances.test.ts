import { afterEach, beforeEach, expect, test } from 'vitest'
import { openTestQdrant, type TestQdrant } from '../../../test/support/qdrant-door.ts'

// Answers are looked into as they come.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Answer = any

let qdrant: TestQdrant

beforeEach(async () => {
  qdrant = await openTestQdrant()
})

afterEach(() => qdrant.close())

async function call(method: 'GET' | 'POST' | 'PUT', url: string, body?: object): Promise<Answer> {
  const answer = await qdrant.app.inject({ method, url, ...(body === undefined ? {} : { payload: body }) })
  return answer.json()
}

test('distances of other doors are shown as those of Qdrant, and score as what they are', async () => {
  const vectors = {
    sets: { size: 3, distance: 'Jaccard' },
    kept: { size: 2, distance: 'Cosine', keepsLength: true },
  } as const
  const collection = await qdrant.database.createCollection('c', { vectors })
  await collection.upsert([
    { id: 1, vectors: { sets: [1, 1, 0], kept: [3, 4] } },
    { id: 2, vectors: { sets: [1, 0, 0], kept: [0, 9] } },
  ])
  const info = await call('GET', '/collections/c')
  expect(info.result.config.params.vectors).toEqual({
    sets: { size: 3, distance: 'Manhattan' },
    kept: { size: 2, distance: 'Cosine' },
  })
  const search = (using: string, query: readonly number[]): Promise<Answer> =>
    call('POST', '/collections/c/points/query', { using, query, with_vector: true })
  const sets = await search('sets', [1, 1, 0])
  expect(sets.result.points.map(({ id, score }: Answer) => [id, score])).toEqual([
    [1, 0],
    [2, 0.5],
  ])
  const kept = await search('kept', [0, 7])
  expect(kept.result.points.map(({ id, score }: Answer) => [id, score])).toEqual([
    [2, 1],
    [1, 0.8],
  ])
  expect(kept.result.points[1].vector.kept).toEqual([3, 4])
  expect((await call('GET', '/telemetry?details_level=6')).status).toBe('ok')
})

test('they cannot be asked for', async () => {
  const refused = await call('PUT', '/collections/c', { vectors: { size: 2, distance: 'Jaccard' } })
  expect(refused.status.error).toContain('did not match any variant of untagged enum VectorsConfig')
  const ignored = { size: 2, distance: 'Cosine', keepsLength: true }
  await call('PUT', '/collections/c', { vectors: ignored })
  await call('PUT', '/collections/c/points?wait=true', { points: [{ id: 1, vector: [3, 4] }] })
  const point = await call('GET', '/collections/c/points/1')
  expect(point.result.vector).toEqual([0.6, 0.8])
})
