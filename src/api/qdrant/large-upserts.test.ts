import { afterEach, beforeEach, expect, test } from 'vitest'
import { overwriteKept } from '../../../test/support/overwrite-kept.ts'
import { openTestQdrant, type TestQdrant } from '../../../test/support/qdrant-door.ts'
import { keptMemory } from '../../runtime/kept-memory.ts'

// Goal: a write leaves nothing behind that looks into the memory of its request, which the next one gets. Method: whatever is kept is
// overwritten after each write, and then all points are read back.

const dimensions = 512
const count = 300

let qdrant: TestQdrant

beforeEach(async () => {
  qdrant = await openTestQdrant()
  await call('PUT', '/collections/c', { vectors: { size: dimensions, distance: 'Dot' } })
})

afterEach(() => qdrant.close())

// Answers are looked into as they come.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
async function call(method: 'GET' | 'PUT' | 'POST', url: string, body: object | string = {}): Promise<any> {
  const payload = typeof body === 'string' ? body : JSON.stringify(body)
  const headers = { 'content-type': 'application/json' }
  const answer = await qdrant.app.inject({ method, url, payload, headers })
  return answer.json()
}

const write = (points: object[]) => call('PUT', '/collections/c/points?wait=true', { points })

function pointsFrom(first: number, salt = 0): object[] {
  return Array.from({ length: count }, (_, i) => ({
    id: first + i,
    vector: Array.from({ length: dimensions }, (_, at) => Math.fround(Math.sin(salt + first + i + at))),
    payload: { name: `point ${first + i}`, salt },
  }))
}

async function readAll(): Promise<object[]> {
  const asked = { limit: 10_000, with_payload: true, with_vector: true }
  const { points } = (await call('POST', '/collections/c/points/scroll', asked)).result
  // They come with the digits of a float.
  return points.map((point: { vector: number[] }) => ({ ...point, vector: point.vector.map(Math.fround) }))
}

test('points of a large request are whole when its memory is used again', async () => {
  expect(await write(pointsFrom(1))).toMatchObject({ status: 'ok' })
  // The body, the floats that were read, and those that were logged.
  expect(overwriteKept()).toBeGreaterThan(3_000_000)
  expect(await readAll()).toEqual(pointsFrom(1))
  await write(pointsFrom(201, 5))
  overwriteKept()
  const expected = [...pointsFrom(1).slice(0, 200), ...pointsFrom(201, 5)]
  expect(await readAll()).toEqual(expected)
  await qdrant.database.flush()
  expect(await readAll()).toEqual(expected)
})

test('the second of two equal requests takes no new memory', async () => {
  await write(pointsFrom(1))
  const kept = keptMemory.bytes
  await write(pointsFrom(1))
  expect(keptMemory.bytes).toBe(kept)
  overwriteKept()
})

test('a refused request gives its memory back, and its points are not there', async () => {
  const points = [...pointsFrom(1), { id: 900, vector: [1], payload: {} }]
  expect(await write(points)).toMatchObject({
    status: { error: `Wrong input: Vector dimension error: expected dim: ${dimensions}, got 1` },
  })
  const text = JSON.stringify({ points: pointsFrom(1) })
  const broken = await call('PUT', '/collections/c/points', `${text.slice(0, -2)},{}]}`)
  expect(broken).toMatchObject({ status: { error: expect.stringContaining('missing field `id`') } })
  expect(overwriteKept()).toBeGreaterThan(text.length)
  expect(await readAll()).toEqual([])
})
