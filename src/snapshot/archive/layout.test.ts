import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { archiveBytes, chunked, collect, sampleArchive, sha256Of } from '../../../test/support/archives.ts'
import { seededRandom } from '../../runtime/random.ts'
import {
  bytesOfLayout,
  createLayout,
  hashArchive,
  streamLayout,
  type ArchiveEntry,
  type ByteRange,
} from './layout.ts'

function entry(
  name: string,
  bytes: Uint8Array,
  options: { readonly chunkBytes?: number; readonly reads?: ByteRange[] } = {},
): ArchiveEntry {
  return {
    name,
    bytes: bytes.byteLength,
    sha256: sha256Of(bytes),
    source(range) {
      options.reads?.push(range)
      return chunked(bytes.subarray(range.offset, range.offset + range.length), options.chunkBytes ?? 7)
    },
  }
}

const first = entry('manifest.json', Buffer.from('{}'))

describe('layout', () => {
  test('the first entry stays first, the others are sorted by name', () => {
    const names = ['segments/b', 'segments/a/z', 'Z', 'segments/a/Z']
    const layout = createLayout(
      first,
      names.map((name) => entry(name, Buffer.from(name))),
    )
    expect(layout.entries.map(({ name }) => name)).toEqual([
      'manifest.json',
      'Z',
      'segments/a/Z',
      'segments/a/z',
      'segments/b',
    ])
  })

  test('the length is known before anything is read', async () => {
    const seed = 11
    const reads: ByteRange[] = []
    const random = seededRandom(seed)
    const others = Array.from({ length: 20 }, (_, index) =>
      entry(`f${index}`, new Uint8Array(Math.floor(random.next() * 2000)), { reads }),
    )
    const layout = createLayout(first, others)
    expect(reads).toEqual([])
    expect((await archiveBytes(layout)).byteLength).toBe(layout.bytes)
  })

  test('the same content gives the same bytes', async () => {
    const one = await sampleArchive(seededRandom(5))
    const two = await sampleArchive(seededRandom(5))
    expect(await hashArchive(bytesOfLayout(one.layout))).toBe(await hashArchive(bytesOfLayout(two.layout)))
    expect(await hashArchive(bytesOfLayout(one.layout))).toBe(sha256Of(await archiveBytes(one.layout)))
  })

  test('any range equals that part of the whole', async () => {
    const sizes = fc.array(fc.oneof(fc.nat(1500), fc.constantFrom(0, 1, 511, 512, 513)), { maxLength: 5 })
    const fraction = fc.double({ min: 0, max: 1, noNaN: true })
    await fc.assert(
      fc.asyncProperty(
        sizes,
        fraction,
        fraction,
        fc.integer({ min: 1, max: 600 }),
        async (lengths, a, b, chunkBytes) => {
          const others = lengths.map((length, index) => {
            return entry(
              `f${index}`,
              Uint8Array.from({ length }, (_, at) => at * 31 + index),
              { chunkBytes },
            )
          })
          const layout = createLayout(first, others)
          const whole = await archiveBytes(layout)
          const offset = Math.floor(a * layout.bytes)
          const length = Math.floor(b * (layout.bytes - offset))
          expect(await collect(streamLayout(layout, { offset, length }))).toEqual(
            Buffer.from(whole.subarray(offset, offset + length)),
          )
          expect(await collect(streamLayout(layout, { offset }))).toEqual(Buffer.from(whole.subarray(offset)))
        },
      ),
    )
  })

  test('a range reads nothing that lies outside it', async () => {
    const reads: ByteRange[] = []
    const others = ['a', 'b', 'c'].map((name) => entry(name, new Uint8Array(2048), { reads }))
    const layout = createLayout(first, others)
    const bodyOfB = 1024 + (512 + 2048) + 512
    await collect(streamLayout(layout, { offset: bodyOfB + 100, length: 200 }))
    expect(reads).toEqual([{ offset: 100, length: 200 }])
  })

  test.each([
    { offset: -1 },
    { offset: 0.5 },
    { length: -1 },
    { offset: 1e9 },
    { offset: 0, length: 1e9 },
    { offset: Number.NaN },
  ])('the range %j is refused at once', (range) => {
    expect(() => streamLayout(createLayout(first, []), range)).toThrow(
      expect.objectContaining({ code: 'request-invalid' }),
    )
  })
})

describe('sources that break their promise', () => {
  const good = Buffer.from('good bytes')

  async function streamWith(
    given: Uint8Array,
    range?: ByteRange,
  ): Promise<{ bytes: number; error: unknown }> {
    const layout = createLayout(first, [{ ...entry('f', good), source: () => chunked(given, 3) }])
    let bytes = 0
    try {
      for await (const chunk of streamLayout(layout, range)) bytes += chunk.byteLength
      return { bytes, error: undefined }
    } catch (error) {
      return { bytes, error }
    }
  }

  test.each([
    ['too few bytes', good.subarray(1)],
    ['too many bytes', Buffer.concat([good, good])],
    ['no bytes', good.subarray(0, 0)],
    ['other bytes', Buffer.from('evil bytes')],
  ])('%s: the stream ends with an error before the entry is whole', async (_, given) => {
    const { bytes, error } = await streamWith(given)
    expect(error).toMatchObject({ code: 'segment-corrupt', details: { entry: 'f' } })
    expect(bytes).toBeLessThan(1024 + 512 + good.byteLength)
  })

  test('too few bytes of a part', async () => {
    const { error } = await streamWith(good.subarray(0, 2), { offset: 1024 + 512, length: 5 })
    expect(error).toMatchObject({ code: 'segment-corrupt' })
  })

  test('the source is let go when the reader stops', async () => {
    let isClosed = false
    async function* endless(): AsyncGenerator<Uint8Array> {
      try {
        for (;;) {
          await Promise.resolve()
          yield new Uint8Array(10)
        }
      } finally {
        isClosed = true
      }
    }
    const layout = createLayout(first, [{ name: 'f', bytes: 1e9, sha256: '0'.repeat(64), source: endless }])
    let chunks = 0
    for await (const _chunk of streamLayout(layout)) if (++chunks > 10) break
    expect(isClosed).toBe(true)
  })
})
