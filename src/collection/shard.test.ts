import { expect, test } from 'vitest'
import { collectionIdOf, segmentIdOf, seqOf } from '../ids/brands.ts'
import { wordsOfId } from '../ids/point-id.ts'
import { seededRandom } from '../runtime/random.ts'
import { RowSet } from '../segment/row-set.ts'
import { Deletions } from './deletions.ts'
import { SegmentRegistry } from './segment-handle.ts'
import { Shard } from './shard.ts'

const noBytes = new Uint8Array(0)

function emptyShard() {
  const random = seededRandom(3)
  const registry = new SegmentRegistry()
  const owner = collectionIdOf(random.uuid())
  const create = () => registry.create(segmentIdOf(random.uuid()), new RowSet({}))
  return { shard: new Shard(owner, create), create, owner }
}

test('a point is found where it is now, whatever was found before', () => {
  const { shard } = emptyShard()
  const random = seededRandom(5)
  const written = new Map<number, number>()
  for (let seq = 1; seq < 3_000; seq++) {
    const id = Math.floor(random.next() * 200)
    const old = shard.find(wordsOfId(id))
    expect(old?.entry.rows.writtenAt(old.row)).toBe(written.get(id))
    if (old !== undefined) shard.delete(old, seqOf(seq))
    if (seq % 7 === 0) written.delete(id)
    else {
      shard.append(wordsOfId(id), seqOf(seq), noBytes, {})
      written.set(id, seq)
    }
    if (seq % 40 === 0) shard.freeze()
  }
  expect(shard.pointCount).toBe(written.size)
  shard.release()
})

test('what a merge has put in the place of its sources is what is found', () => {
  const { shard, create, owner } = emptyShard()
  shard.append(wordsOfId(1), seqOf(1), noBytes, {})
  shard.freeze()
  shard.append(wordsOfId(2), seqOf(2), noBytes, {})
  const source = shard.find(wordsOfId(1))!.entry
  const merged = create()
  merged.retain()
  merged.rows.append({ id: wordsOfId(1), written: seqOf(1), payload: noBytes, vectors: {} })
  shard.replace([source.handle], { handle: merged, deletions: new Deletions(owner) })
  const found = shard.find(wordsOfId(1))!
  expect(found.entry).not.toBe(source)
  expect(found.entry.rows).toBe(merged.rows)
  merged.release()
  shard.release()
})
