import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { vectorMemory } from '../../src/graph/vector-memory.ts'
import type { VectorValue } from '../../src/graph/vector-value.ts'
import { segmentIdOf, seqOf, type SegmentId } from '../../src/ids/brands.ts'
import { wordsOfId } from '../../src/ids/point-id.ts'
import { seededRandom, systemRandom, type Random } from '../../src/runtime/random.ts'
import type { TypedField } from '../../src/segment/field-values.ts'
import { segmentKey, type SegmentInfo } from '../../src/segment/format.ts'
import { RowSet } from '../../src/segment/row-set.ts'
import type { SegmentBuilder } from '../../src/segment/segment-builder.ts'
import { readSegment, verifySegment } from '../../src/segment/segment-reader.ts'
import { SegmentWriter } from '../../src/segment/segment-writer.ts'
import type { ObjectStore } from '../../src/storage/object-store.ts'
import { modelOf, randomRows, rowSetOf, type Dimensions, type ModelRow } from '../support/row-sets.ts'

export interface SegmentSuiteOptions {
  readonly createStore: () => Promise<ObjectStore>
  readonly createBuilder: () => SegmentBuilder
}

const fields: Readonly<Record<string, TypedField>> = { city: { type: 'keyword' }, count: { type: 'integer' } }
const newId = (): SegmentId => segmentIdOf(systemRandom.uuid())

function randomSparse(random: Random): VectorValue | undefined {
  if (random.next() < 0.2) return undefined
  const indices = Array.from({ length: 200 }, (_, index) => index * 20_000_003).filter(
    () => random.next() < 0.2,
  )
  return { indices: Uint32Array.from(indices), values: Float32Array.from(indices, () => random.next() - 0.5) }
}

function randomMulti(random: Random): VectorValue | undefined {
  const count = Math.floor(random.next() * 9)
  if (count === 0) return undefined
  return { dimensions: 3, values: Float32Array.from({ length: count * 3 }, () => random.next() - 0.5) }
}

/** What any way of building segments, over any store, must keep to. */
export function segmentSuite(name: string, { createStore, createBuilder }: SegmentSuiteOptions): void {
  describe(name, () => {
    let builder: SegmentBuilder
    beforeAll(() => {
      builder = createBuilder()
    })
    afterAll(() => builder.close())

    async function open(): Promise<{ store: ObjectStore; writer: SegmentWriter }> {
      const store = await createStore()
      return { store, writer: new SegmentWriter(store, builder) }
    }

    async function writeModel(
      writer: SegmentWriter,
      dimensions: Dimensions,
      model: readonly ModelRow[],
    ): Promise<SegmentInfo> {
      const rows = rowSetOf(dimensions, model)
      const info = await writer.write(newId(), rows, fields)
      rows.release()
      return info
    }

    test('rows come back as they were written: ids, numbers, payloads byte for byte, vectors bit for bit', async () => {
      const seed = 40_117
      const random = seededRandom(seed)
      const { store, writer } = await open()
      for (const count of [1, 2, 31, 32, 33, 700]) {
        const dimensions = { '': { dimensions: 3 }, image: { dimensions: 4 }, 'a/b ☃': { dimensions: 1 } }
        const model = randomRows(random, dimensions, count)
        const info = await writeModel(writer, dimensions, model)
        const back = await readSegment(store, info, dimensions)
        expect(modelOf(back), `seed ${seed}, ${count} rows`).toEqual(model)
        expect([info.rowCount, info.minSeq, info.maxSeq]).toEqual([
          count,
          model[0]!.written,
          model.at(-1)!.written,
        ])
        for (let row = 0; row < count; row++) {
          const rows = chainOf(back, model[row]!.id)
          expect(rows, `seed ${seed}`).toEqual(rows.toSorted((a, b) => b - a))
          expect(rows, `seed ${seed}`).toContain(row)
        }
        back.release()
        await verifySegment(store, info)
      }
    })

    test('vectors that are written once come back bit for bit, beside others', async () => {
      const seed = 40_119
      const random = seededRandom(seed)
      const { store, writer } = await open()
      const dimensions = {
        '': { dimensions: 4 },
        padded: { dimensions: 3 },
        some: { dimensions: 4 },
        wide: { dimensions: 1_500 },
      }
      for (const count of [1, 33, 2_000]) {
        const model = randomRows(random, dimensions, count).map((row, at) => ({
          ...row,
          vectors: {
            ...row.vectors,
            '': [at, 1, 2, 3],
            wide: Array.from({ length: 1_500 }, (_, i) => Math.fround(random.next() + i)),
          },
        }))
        const rows = rowSetOf(dimensions, model)
        const info = await writer.write(newId(), rows, fields, { once: true })
        rows.release()
        const bytesOf = (name: string): number => info.files.find((file) => file.name === name)!.bytes
        expect([bytesOf('_.graph') > 112 + count / 8 + 16 * 2, bytesOf('wide.graph') < 4_000]).toEqual([
          false,
          true,
        ])
        const back = await readSegment(store, info, dimensions)
        expect(modelOf(back), `seed ${seed}, ${count} rows`).toEqual(model)
        back.release()
        await verifySegment(store, info)
      }
    })

    test('sparse vectors, and several vectors in a row, come back bit for bit', async () => {
      const seed = 40_118
      const random = seededRandom(seed)
      const { store, writer } = await open()
      const declared = {
        words: { kind: 'sparse', dimensions: 0 },
        tokens: { kind: 'multi', dimensions: 3 },
      } as const
      for (const count of [1, 33, 3_000]) {
        const rows = new RowSet(declared)
        const given: (VectorValue | undefined)[][] = []
        for (let id = 0; id < count; id++) {
          const pair = [randomSparse(random), randomMulti(random)]
          given.push(pair)
          const vectors = { words: pair[0], tokens: pair[1] }
          rows.append({ id: wordsOfId(id), written: seqOf(id + 1), payload: Buffer.of(), vectors })
        }
        const info = await writer.write(newId(), rows, {})
        rows.release()
        expect(info.files.map((file) => file.name)).toEqual(['rows.parquet', 'tokens.packed', 'words.packed'])
        const back = await readSegment(store, info, declared)
        const found = given.map((_, row) =>
          ['words', 'tokens'].map((name) => back.vectors.get(name)!.get(row)),
        )
        expect(found, `seed ${seed}, ${count} rows`).toEqual(given)
        back.release()
        const other = { words: { kind: 'multi', dimensions: 3 } } as const
        await expect(readSegment(store, info, other)).rejects.toMatchObject({ code: 'segment-corrupt' })
      }
    })

    test('a segment may have no rows, and no vectors', async () => {
      const { store, writer } = await open()
      const none = await writeModel(writer, { '': { dimensions: 2 } }, [])
      expect([none.rowCount, none.minSeq, none.maxSeq, none.files.length]).toEqual([0, 0, 0, 2])
      const empty = await readSegment(store, none, { '': { dimensions: 2 } })
      expect([empty.rowCount, empty.vectors.get('')!.rowCount]).toEqual([0, 0])
      empty.release()
      const model = [{ id: 1, written: 4, payload: '{"a":1}', vectors: {} }]
      const plain = await readSegment(store, await writeModel(writer, {}, model), {})
      expect(modelOf(plain)).toEqual(model)
      plain.release()
    })

    test('equal rows give equal bytes', async () => {
      const { writer } = await open()
      const dimensions = { '': { dimensions: 3 }, b: { dimensions: 2 } }
      const model = randomRows(seededRandom(5), dimensions, 300)
      const files = async (): Promise<unknown> => (await writeModel(writer, dimensions, model)).files
      expect(await files()).toEqual(await files())
    })

    test('names, lengths and checksums of the files are those of the objects', async () => {
      const { store, writer } = await open()
      const dimensions = { '': { dimensions: 3 }, image: { dimensions: 2 } }
      const info = await writeModel(writer, dimensions, randomRows(seededRandom(6), dimensions, 40))
      expect(info.files.map(({ name: file, vector }) => [file, vector])).toEqual([
        ['_.graph', ''],
        ['image.graph', 'image'],
        ['rows.parquet', undefined],
      ])
      for (const { name: file, bytes, sha256 } of info.files) {
        const object = await store.get(segmentKey(info.id, file))
        expect([object.length, createHash('sha256').update(object).digest('hex')]).toEqual([bytes, sha256])
      }
    })

    test('a vector that the segment does not have is absent; one that nobody declares is there, and verified', async () => {
      const { store, writer } = await open()
      const dimensions = { old: { dimensions: 2 } }
      const model = [{ id: 1, written: 1, payload: '{}', vectors: { old: [1, 2] } }]
      const info = await writeModel(writer, dimensions, model)
      const back = await readSegment(store, info, { fresh: { dimensions: 5 } })
      expect([back.vectors.has('fresh'), back.vectors.get('old')!.get(0)]).toEqual([
        false,
        Float32Array.of(1, 2),
      ])
      back.release()
      await damage(store, info, 'old.graph', 70)
      await expect(readSegment(store, info, { fresh: { dimensions: 5 } })).rejects.toThrow(
        expect.objectContaining({ code: 'segment-corrupt' }),
      )
    })

    test('a flipped bit anywhere is refused, and the file named', async () => {
      const { store, writer } = await open()
      const dimensions = { '': { dimensions: 2 } }
      const model = randomRows(seededRandom(7), dimensions, 6)
      const info = await writeModel(writer, dimensions, model)
      const memory = vectorMemory.stats().bytesInUse
      for (const { name: file, bytes } of info.files) {
        const whole = await store.get(segmentKey(info.id, file))
        const step = Math.max(1, Math.floor(bytes / 60))
        for (let at = 0; at < bytes; at += step) {
          await damage(store, info, file, at)
          const isNamed = expect.objectContaining({
            code: 'segment-corrupt',
            message: expect.stringContaining(segmentKey(info.id, file)),
          })
          await expect(readSegment(store, info, dimensions), `${file}, byte ${at}`).rejects.toThrow(isNamed)
          await expect(verifySegment(store, info), `${file}, byte ${at}`).rejects.toThrow(isNamed)
          await store.put(segmentKey(info.id, file), whole)
        }
      }
      await verifySegment(store, info)
      expect(vectorMemory.stats().bytesInUse).toBe(memory)
    })

    test('a file that is cut, longer or gone is refused', async () => {
      const { store, writer } = await open()
      const dimensions = { '': { dimensions: 2 } }
      const info = await writeModel(writer, dimensions, randomRows(seededRandom(8), dimensions, 6))
      for (const { name: file } of info.files) {
        const key = segmentKey(info.id, file)
        const whole = await store.get(key)
        for (const bytes of [new Uint8Array(0), whole.subarray(0, -1), Buffer.concat([whole, whole])]) {
          await store.put(key, bytes)
          const isCorrupt = expect.objectContaining({ code: 'segment-corrupt' })
          await expect(readSegment(store, info, dimensions)).rejects.toThrow(isCorrupt)
          await expect(verifySegment(store, info)).rejects.toThrow(isCorrupt)
        }
        await store.delete([key])
        const isGone = expect.objectContaining({ code: 'object-not-found' })
        await expect(readSegment(store, info, dimensions)).rejects.toThrow(isGone)
        await expect(verifySegment(store, info)).rejects.toThrow(isGone)
        await store.put(key, whole)
      }
    })

    test('a manifest that states other rows, numbers or dimensions than the files is refused', async () => {
      const { store, writer } = await open()
      const dimensions = { '': { dimensions: 2 } }
      const info = await writeModel(writer, dimensions, randomRows(seededRandom(9), dimensions, 6))
      const isCorrupt = expect.objectContaining({ code: 'segment-corrupt' })
      const wrong = [
        { ...info, rowCount: 5 },
        { ...info, rowCount: 7 },
        { ...info, maxSeq: info.minSeq },
        { ...info, minSeq: info.maxSeq },
        { ...info, files: info.files.filter(({ name: file }) => file !== 'rows.parquet') },
      ]
      for (const claim of wrong)
        await expect(readSegment(store, claim, dimensions)).rejects.toThrow(isCorrupt)
      await expect(readSegment(store, info, { '': { dimensions: 3 } })).rejects.toThrow(isCorrupt)
      await expect(readSegment(store, { ...info, formatVersion: 2 }, dimensions)).rejects.toThrow(
        expect.objectContaining({ code: 'version-unsupported' }),
      )
    })

    test('several segments are written at once', async () => {
      const { store, writer } = await open()
      const dimensions = { '': { dimensions: 3 }, b: { dimensions: 2 } }
      const models = [1, 2, 3, 4, 5].map((n) => randomRows(seededRandom(n), dimensions, n * 20))
      const infos = await Promise.all(models.map((model) => writeModel(writer, dimensions, model)))
      for (const [index, info] of infos.entries()) {
        const back = await readSegment(store, info, dimensions)
        expect(modelOf(back)).toEqual(models[index])
        back.release()
      }
    })

    test('a cancelled write fails, leaves the rows to their owner, and can be repeated', async () => {
      const { store, writer } = await open()
      const dimensions = { '': { dimensions: 3 } }
      const model = randomRows(seededRandom(10), dimensions, 100)
      const rows = rowSetOf(dimensions, model)
      const isCancelled = expect.objectContaining({ code: 'cancelled' })
      const id = newId()
      await expect(writer.write(id, rows, {}, { signal: AbortSignal.abort() })).rejects.toThrow(isCancelled)
      const controller = new AbortController()
      const pending = writer.write(id, rows, {}, { signal: controller.signal })
      controller.abort()
      await expect(pending).rejects.toThrow(isCancelled)
      const back = await readSegment(store, await writer.write(id, rows, {}), dimensions)
      expect(modelOf(back)).toEqual(model)
      back.release()
      rows.release()
    })

    test('what the store cannot take fails the write with its own error', async () => {
      const disaster = new Error('no space left')
      const store = {
        put: async (_key: string, body: AsyncIterable<Uint8Array>) => {
          for await (const chunk of body) if (chunk.length > 0) throw disaster
        },
      } as unknown as ObjectStore
      const rows = rowSetOf({ '': { dimensions: 2 } }, randomRows(seededRandom(11), {}, 3))
      await expect(new SegmentWriter(store, builder).write(newId(), rows, {})).rejects.toBe(disaster)
      rows.release()
    })

    test('after close nothing is written', async () => {
      const closing = createBuilder()
      const writer = new SegmentWriter(await createStore(), closing)
      const rows = rowSetOf({}, randomRows(seededRandom(12), {}, 3))
      const pending = writer.write(newId(), rows, {})
      pending.catch(() => undefined)
      await closing.close()
      const isClosed = expect.objectContaining({ code: 'database-closed' })
      await expect(pending).rejects.toThrow(isClosed)
      await expect(writer.write(newId(), rows, {})).rejects.toThrow(isClosed)
      rows.release()
    })
  })
}

function chainOf(rows: RowSet, id: ModelRow['id']): number[] {
  const found: number[] = []
  for (let at = rows.findNewest(wordsOfId(id)); at !== undefined; at = rows.olderRow(at)) found.push(at)
  return found
}

async function damage(store: ObjectStore, info: SegmentInfo, file: string, at: number): Promise<void> {
  const key = segmentKey(info.id, file)
  const bytes = new Uint8Array(await store.get(key))
  bytes[at]! ^= 1 << (at % 8)
  await store.put(key, bytes)
}
