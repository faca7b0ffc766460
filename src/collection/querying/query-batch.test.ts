import { expect, test } from 'vitest'
import { rowSetOf } from '../../../test/support/row-sets.ts'
import { collectionIdOf, segmentIdOf, seqOf } from '../../ids/brands.ts'
import { Deletions } from '../deletions.ts'
import { CollectionReader } from '../reader.ts'
import { SegmentRegistry } from '../segment-handle.ts'
import { View } from '../view.ts'

const owner = collectionIdOf('00000000-0000-4000-8000-000000000001')
const config = {
  ...{ vectors: { '': { size: 2, distance: 'Euclid' as const } }, shardNumber: 1, payloadIndexes: {} },
}

/** A reader of points 0 to 29, of which point `n` has gone in the `n`th view that is taken. */
function fleeting() {
  const rows = rowSetOf(
    { '': { dimensions: 2 } },
    Array.from({ length: 30 }, (_, id) => ({ id, written: 1, payload: '{}', vectors: { '': [id, 0] } })),
  )
  let used = 0
  const handle = new SegmentRegistry().create(segmentIdOf('00000000-0000-4000-8000-000000000002'), rows)
  const count = { taken: 0, open: () => used }
  const [retain, release] = [handle.retain.bind(handle), handle.release.bind(handle)]
  Object.assign(handle, {
    retain: () => (used++, retain()),
    release: () => (used--, release()),
  })
  retain()
  const view = (): View => {
    const deletions = new Deletions(owner)
    deletions.mark(count.taken++, seqOf(2))
    const entry = { handle, rowLimit: 30, rowsUpTo: null, foreign: true, deletions, deletionCount: 1 }
    return new View(seqOf(2), config, [[entry]])
  }
  return { reader: new CollectionReader({ name: 'c', id: owner, random: () => 0.5, view }), count }
}

test('all queries of a batch see one moment, however many there are, and give it back', async () => {
  const { reader, count } = fleeting()
  const many = Array.from({ length: 100 }, () => ({ vector: [0, 0], limit: 2 }))
  for (const hits of await reader.queryBatch(many)) expect(hits.map(({ id }) => id)).toEqual([1, 2])
  // By itself each would see another.
  expect((await reader.query(many[0]!)).map(({ id }) => id)).toEqual([0, 2])
  expect([count.taken, count.open()]).toEqual([2, 0])
})

test('a batch that fails ends all that it has begun before it gives its moment back', async () => {
  const { reader, count } = fleeting()
  const many = Array.from({ length: 100 }, (_, place) => ({ vector: place > 40 ? [0] : [0, 0] }))
  await expect(reader.queryBatch(many)).rejects.toMatchObject({ details: { request: 41 } })
  expect([count.taken, count.open()]).toEqual([1, 0])
})
