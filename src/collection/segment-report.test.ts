import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { open, type SegmentReport } from '../index.ts'

test('segments are told shard by shard, with what is deleted and what each vector has', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'stillpoint-segments-'))
  const database = await open(folder, { workers: 0, background: false })
  try {
    const plants = await database.createCollection('plants', {
      vectors: { a: { size: 2, distance: 'Dot' }, words: { kind: 'sparse', size: 0, distance: 'Dot' } },
      shardNumber: 2,
    })
    await plants.upsert(
      Array.from({ length: 40 }, (_, id) => ({
        id,
        vectors: id % 4 === 0 ? { a: [1, 2], words: { indices: [id], values: [1] } } : { a: [1, 2] },
        payload: { text: 'moss' },
      })),
    )
    const before = plants.segmentReports()
    expect(before.map(({ shard }) => shard)).toEqual([0, 1])
    expect(before.every(({ isWritten, diskBytes }) => !isWritten && diskBytes === 0)).toBe(true)
    expect(totals(before)).toEqual({ points: 40, deleted: 0, a: 40, words: 10 })
    expect(before.reduce((sum, { payloadBytes }) => sum + payloadBytes, 0)).toBe(
      40 * '{"text":"moss"}'.length,
    )

    await plants.delete({ ids: [0, 1, 2] })
    expect(totals(plants.segmentReports())).toEqual({ points: 37, deleted: 3, a: 37, words: 9 })

    await database.flush()
    const written = plants.segmentReports()
    expect(written.every(({ isWritten, diskBytes }) => isWritten && diskBytes > 0)).toBe(true)
    expect(totals(written)).toEqual({ points: 37, deleted: 3, a: 37, words: 9 })
  } finally {
    await database.close()
    await rm(folder, { recursive: true, force: true })
  }
})

function totals(segments: readonly SegmentReport[]) {
  const sum = (count: (one: SegmentReport) => number) => segments.reduce((all, one) => all + count(one), 0)
  return {
    points: sum(({ pointCount }) => pointCount),
    deleted: sum(({ deletedCount }) => deletedCount),
    a: sum(({ vectors }) => vectors['a']!.count),
    words: sum(({ vectors }) => vectors['words']!.count),
  }
}
