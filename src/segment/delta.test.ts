import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { crc32c } from '../encoding/crc32c.ts'
import { collectionIdOf, segmentIdOf, seqOf, type SequenceNumber } from '../ids/brands.ts'
import { seededRandom } from '../runtime/random.ts'
import { MemoryObjectStore } from '../storage/memory-object-store.ts'
import { readDelta } from './delta-reader.ts'
import { writeDelta } from './delta-writer.ts'
import { segmentKey, type DeltaFile } from './format.ts'

const random = seededRandom(3)
const segment = segmentIdOf(random.uuid())
const collection = collectionIdOf(random.uuid())
const pairs = [
  { row: 7, seq: seqOf(5) },
  { row: 0, seq: seqOf(5) },
  { row: 9, seq: seqOf(2 ** 40 + 1) },
]

async function written(): Promise<{ store: MemoryObjectStore; file: DeltaFile; bytes: Buffer }> {
  const store = new MemoryObjectStore()
  const file = await writeDelta(store, segment, collection, pairs, random)
  return { store, file, bytes: Buffer.from(await store.get(segmentKey(segment, file.name))) }
}

/** The file with other bytes, as somebody would make it who knows the checksums. */
async function forged(
  store: MemoryObjectStore,
  file: DeltaFile,
  bytes: Buffer,
  change: (bytes: Buffer) => void,
): Promise<DeltaFile> {
  const copy = Buffer.from(bytes)
  change(copy)
  copy.writeUInt32LE(crc32c(copy.subarray(0, -4)), copy.length - 4)
  await store.put(segmentKey(segment, file.name), new Uint8Array(copy))
  return { ...file, bytes: copy.length, sha256: createHash('sha256').update(copy).digest('hex') }
}

const isCorrupt = expect.objectContaining({ code: 'segment-corrupt' })

describe('delta files', () => {
  test('give back their deletions', async () => {
    const { store, file } = await written()
    expect(file.name).toMatch(/^deltas-00000001099511627777-[0-9a-f]{8}\.bin$/)
    expect([file.count, file.upTo, file.bytes]).toEqual([3, 2 ** 40 + 1, 56 + 3 * 12 + 4])
    const { rows, seqs } = await readDelta(store, segment, file, 10)
    expect([[...rows], [...seqs]]).toEqual([
      [7, 0, 9],
      [5, 5, 2 ** 40 + 1],
    ])
  })

  test('never have the name of another', async () => {
    const { store, file } = await written()
    const again = await writeDelta(store, segment, collection, pairs, random)
    expect(again.name).not.toBe(file.name)
  })

  test('can be counted up to a number below their last', async () => {
    const { store, file } = await written()
    const { rows } = await readDelta(store, segment, { ...file, upTo: seqOf(5) }, 10)
    expect(rows).toHaveLength(3)
  })

  test('refuse every flipped bit, cut and addition', async () => {
    const { store, file, bytes } = await written()
    const key = segmentKey(segment, file.name)
    const variants: Uint8Array[] = [new Uint8Array(0), bytes.subarray(0, -1), Buffer.concat([bytes, bytes])]
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const flipped = new Uint8Array(bytes)
      flipped[bit >>> 3]! ^= 1 << (bit & 7)
      variants.push(flipped)
    }
    for (const variant of variants) {
      await store.put(key, variant)
      await expect(readDelta(store, segment, file, 10)).rejects.toThrow(isCorrupt)
    }
  })

  test.each<[string, (bytes: Buffer) => void]>([
    ['a row that is not there', (bytes) => bytes.writeUInt32LE(10, 56)],
    ['numbers that fall', (bytes) => bytes.writeUInt32LE(4, 56 + 12 + 4)],
    ['a number beyond 2^53', (bytes) => bytes.writeUInt32LE(0xffffffff, 56 + 24 + 8)],
    ['another last number in the header', (bytes) => bytes.writeUInt32LE(7, 48)],
    ['another count', (bytes) => bytes.writeUInt32LE(2, 12)],
    ['a count beyond the end', (bytes) => bytes.writeUInt32LE(0xffffffff, 12)],
    ['another beginning', (bytes) => bytes.write('XX', 0)],
  ])('refuse %s, whatever the checksums say', async (_, change) => {
    const { store, file, bytes } = await written()
    const forgery = await forged(store, file, bytes, change)
    await expect(readDelta(store, segment, forgery, 10)).rejects.toThrow(isCorrupt)
  })

  test('refuse a manifest that states another count, or deletions behind their end', async () => {
    const { store, file } = await written()
    for (const claim of [{ count: 2 }, { upTo: (file.upTo + 1) as SequenceNumber }]) {
      await expect(readDelta(store, segment, { ...file, ...claim }, 10)).rejects.toThrow(isCorrupt)
    }
  })

  test('of a later version are told apart from damage', async () => {
    const { store, file, bytes } = await written()
    const later = await forged(store, file, bytes, (copy) => copy.writeUInt32LE(2, 8))
    await expect(readDelta(store, segment, later, 10)).rejects.toThrow(
      expect.objectContaining({ code: 'version-unsupported' }),
    )
  })
})
