import { expect, test } from 'vitest'
import { rowSetOf } from '../../test/support/row-sets.ts'
import { collectionIdOf, segmentIdOf, seqOf } from '../ids/brands.ts'
import { hashWords, wordsOfId } from '../ids/point-id.ts'
import { seededRandom } from '../runtime/random.ts'
import { Deletions } from './deletions.ts'
import { SegmentRegistry } from './segment-handle.ts'
import { findMisplacedPoint, placedShard, viewOfShard } from './shard-view.ts'
import { View, type ViewEntry } from './view.ts'

const owner = collectionIdOf('00000000-0000-4000-8000-000000000001')
const registry = new SegmentRegistry()
const home = (id: number, shards: number): number => hashWords(wordsOfId(id)) % shards
const ids = Array.from({ length: 40 }, (_, i) => i + 1)
const ofFirst = ids.filter((id) => home(id, 2) === 0)
const ofSecond = ids.filter((id) => home(id, 2) === 1)
let segments = 0

/** A segment with these ids, of which the rows in `dead` are deleted. */
function entryOf(ids: readonly number[], dead: readonly number[] = []): ViewEntry {
  const rows = rowSetOf(
    {},
    ids.map((id, row) => ({ id, written: row + 1, payload: '{}', vectors: {} })),
  )
  const deletions = new Deletions(owner)
  for (const row of dead) deletions.mark(row, seqOf(100))
  const id = segmentIdOf(`00000000-0000-4000-8000-${String((segments += 1)).padStart(12, '0')}`)
  const handle = registry.create(id, rows)
  return {
    handle,
    rowLimit: ids.length,
    rowsUpTo: null,
    foreign: true,
    deletions,
    deletionCount: deletions.count,
  }
}

function viewOf(...shards: readonly (readonly ViewEntry[])[]): View {
  return new View(seqOf(100), { vectors: {}, shardNumber: shards.length, payloadIndexes: {} }, shards)
}

test('points in their places are well, deleted ones may be anywhere', async () => {
  const stray = ofSecond[0]!
  const view = viewOf(
    [entryOf([...ofFirst, stray], [ofFirst.length]), entryOf([ofFirst[1]!], [0])],
    [entryOf(ofSecond)],
  )
  expect(await findMisplacedPoint(view)).toBeUndefined()
})

test('a point of another shard is named', async () => {
  const stray = ofSecond[3]!
  expect(await findMisplacedPoint(viewOf([entryOf([...ofFirst, stray])], []))).toMatchObject({
    id: stray,
    shard: 0,
    problem: 'other-shard',
    why: 'it belongs to shard 1 of 2',
  })
})

test('a point that is there twice is named, in one segment or in two', async () => {
  const twice = ofFirst[2]!
  const expected = { id: twice, shard: 0, problem: 'twice' }
  expect(await findMisplacedPoint(viewOf([entryOf([...ofFirst, twice])], []))).toMatchObject(expected)
  expect(await findMisplacedPoint(viewOf([entryOf(ofFirst), entryOf([twice])], []))).toMatchObject(expected)
  const whole = entryOf([twice])
  expect(await findMisplacedPoint(viewOf([whole, whole], []))).toMatchObject(expected)
  const old = entryOf([twice, ofFirst[3]!, twice], [0])
  expect(await findMisplacedPoint(viewOf([old], []))).toBeUndefined()
})

test('among many segments each point that is seen twice is found, and none that is not', async () => {
  const random = seededRandom(9)
  const many = Array.from({ length: 20_000 }, (_, id) => id)
  for (let round = 0; round < 6; round++) {
    const entries = [0, 1, 2, 3].map((part) => entryOf(many.filter((id) => id % 4 === part)))
    expect(await findMisplacedPoint(viewOf(entries))).toBeUndefined()
    const twice = Math.floor(random.next() * many.length)
    // A deleted one, of a segment of its own, does not count.
    expect(await findMisplacedPoint(viewOf([...entries, entryOf([twice], [0])]))).toBeUndefined()
    expect(await findMisplacedPoint(viewOf([entryOf([twice]), ...entries]))).toMatchObject({
      id: twice,
      problem: 'twice',
    })
    // One that has come after the moment of the view does not, either.
    const later = { ...entryOf([many.length, twice]), rowLimit: 1 }
    expect(await findMisplacedPoint(viewOf([later, ...entries]))).toBeUndefined()
  }
})

test('one shard of a view is seen alone, or as a shard of another number', async () => {
  const view = viewOf([entryOf(ofFirst)], [entryOf(ofSecond)])
  const one = viewOfShard(view, 1)
  expect(one.shardPointCounts()).toEqual([0, ofSecond.length])
  const placed = placedShard(view, 1, 2, 4)
  expect(placed.shardPointCounts()).toEqual([0, 0, ofSecond.length, 0])
  expect(placed.config.shardNumber).toBe(4)
  expect((await findMisplacedPoint(placed))?.problem).toBe(
    ofSecond.some((id) => home(id, 4) !== 2) ? 'other-shard' : undefined,
  )
})
