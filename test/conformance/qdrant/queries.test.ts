import { beforeAll, describe, expect, test } from 'vitest'
import { refusal, useDoor } from './client.ts'

const door = useDoor()

// Points on a line, so that every score can be seen at a glance.
const places = [0, 1, 2, 3, 4, 5]

beforeAll(async () => {
  const { client } = door
  await client.createCollection('line', { vectors: { size: 1, distance: 'Euclid' } })
  await client.upsert('line', {
    wait: true,
    points: places.map((x) => ({
      id: x + 1,
      vector: [x],
      payload: { x, side: x < 3 ? 'left' : 'right', both: x < 3 ? ['all', 1] : ['all', 2] },
    })),
  })
  await client.createCollection('kinds', { vectors: { size: 1, distance: 'Dot' } })
  await client.upsert('kinds', { wait: true, points: [{ id: 1, vector: [5], payload: { title: 'one' } }] })
})

const idsOf = (points: readonly { id: unknown }[]): unknown[] => points.map(({ id }) => id)

describe('queries inside queries', () => {
  test('a query ranks what its prefetch found', async () => {
    const { points } = await door.client.query('line', { prefetch: { query: [0], limit: 3 }, query: [9] })
    expect(idsOf(points)).toEqual([3, 2, 1])
  })

  test('fused lists count places', async () => {
    const prefetch = [
      { query: [0], limit: 2 },
      { query: [1], limit: 1 },
    ]
    const { points } = await door.client.query('line', { prefetch, query: { fusion: 'rrf' } })
    expect(points.map(({ id, score }) => [id, score.toFixed(4)])).toEqual([
      [2, '0.8333'],
      [1, '0.5000'],
    ])
  })

  test('a formula computes with scores and payload', async () => {
    const formula = { sum: ['$score', { mult: [10, 'x'] }, { key: 'side', match: { value: 'right' } }] }
    const { points } = await door.client.query('line', {
      prefetch: { query: [2.5], limit: 2 },
      query: { formula },
    })
    expect(points.map(({ id, score }) => [id, score])).toEqual([
      [4, 31.5],
      [3, 20.5],
    ])
  })

  test('prefetches without a query, and fusion without prefetches, are refused', async () => {
    const { client } = door
    const bare = await refusal(client.query('line', { prefetch: { query: [0] } }))
    expect(bare).toMatchObject({ status: 400, text: expect.stringContaining('A query is needed') })
    const alone = await refusal(client.query('line', { query: { fusion: 'rrf' } }))
    expect(alone).toMatchObject({ status: 400, text: expect.stringContaining('without prefetches') })
  })
})

describe('examples', () => {
  test('a point that is an example is not found', async () => {
    const { points } = await door.client.query('line', { query: 1, limit: 2 })
    expect(idsOf(points)).toEqual([2, 3])
    const { points: liked } = await door.client.query('line', {
      query: { recommend: { positive: [1], negative: [6], strategy: 'best_score' } },
      limit: 9,
    })
    expect(idsOf(liked)).toEqual([2, 3, 4, 5])
  })

  test('the vector of another collection’s point', async () => {
    const { points } = await door.client.query('line', {
      query: 1,
      lookup_from: { collection: 'kinds' },
      limit: 1,
    })
    expect(idsOf(points)).toEqual([6])
    const wrong = door.client.query('line', { query: 1, lookup_from: { collection: 'nowhere' } })
    expect(await refusal(wrong)).toEqual({ status: 404, text: 'Not found: Collection nowhere not found' })
  })

  test('an example that does not exist is named', async () => {
    const wrong = door.client.query('line', { query: { recommend: { positive: [99] } } })
    expect(await refusal(wrong)).toEqual({ status: 404, text: 'Not found: No point with id 99 found' })
  })
})

describe('groups and matrices', () => {
  test('each value has its best hits, and the point that is named like it', async () => {
    const { groups } = await door.client.queryGroups('line', {
      query: [0],
      group_by: 'both',
      group_size: 2,
      limit: 3,
      with_lookup: 'kinds',
    })
    expect(groups.map(({ id, hits }) => [id, idsOf(hits)])).toEqual([
      ['all', [1, 2]],
      [1, [1, 2]],
      [2, [4, 5]],
    ])
    expect(groups.map(({ lookup }) => lookup?.payload)).toEqual([undefined, { title: 'one' }, undefined])
  })

  test('a matrix as pairs and as offsets', async () => {
    const request = { sample: 10, limit: 1, filter: { must: [{ key: 'side', match: { value: 'left' } }] } }
    const { pairs } = await door.client.searchMatrixPairs('line', request)
    expect(pairs).toEqual([
      { a: 1, b: 2, score: 1 },
      { a: 2, b: 1, score: 1 },
      { a: 3, b: 2, score: 1 },
    ])
    expect(await door.client.searchMatrixOffsets('line', request)).toEqual({
      ids: [1, 2, 3],
      offsets_row: [0, 1, 2],
      offsets_col: [1, 0, 1],
      scores: [1, 1, 1],
    })
  })
})
