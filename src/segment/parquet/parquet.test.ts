import { parquetMetadata, parquetReadObjects } from 'hyparquet'
import { describe, expect, test } from 'vitest'
import { modelOf, randomRows, rowSetOf, type ModelRow } from '../../../test/support/row-sets.ts'
import { readRowsFile } from '../../../test/support/rows-file.ts'
import { DatabaseError } from '../../errors/database-error.ts'
import { isMulti, isSparse, type VectorValue } from '../../graph/vector-value.ts'
import { seqOf } from '../../ids/brands.ts'
import { wordsOfId } from '../../ids/point-id.ts'
import { seededRandom } from '../../runtime/random.ts'
import type { TypedField } from '../field-values.ts'
import { buildFile } from '../build-file.ts'
import { RowSet } from '../row-set.ts'
import { rowGroups } from './row-groups.ts'
import { writeParquet } from './writer.ts'

function parquetOf(
  model: readonly ModelRow[],
  dimensions: Readonly<Record<string, { dimensions: number }>> = {},
  fields: Readonly<Record<string, TypedField>> = {},
): Buffer {
  const rows = rowSetOf(dimensions, model)
  const file = Buffer.concat([...writeParquet(rows.image(), fields)])
  rows.release()
  return file
}

async function read(bytes: Uint8Array, model: readonly ModelRow[]): Promise<ModelRow[]> {
  const [minSeq, maxSeq] = [model[0]?.written ?? 0, model.at(-1)?.written ?? 0]
  const rows = await readRowsFile(bytes, { rowCount: model.length, minSeq, maxSeq })
  const found = modelOf(rows)
  rows.release()
  return found
}

/** What any other reader makes of the file. */
async function readElsewhere(bytes: Buffer): Promise<Record<string, unknown>[]> {
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer
  return parquetReadObjects({ file, parsers: { timestampFromMicroseconds: (micros: bigint) => micros } })
}

const sparseOf = (vector: VectorValue) => {
  if (!isSparse(vector)) throw new Error('it is not sparse')
  return { indices: [...vector.indices], values: [...vector.values] }
}

const rowsOf = (vector: VectorValue): number[][] => {
  if (!isMulti(vector)) throw new Error('it is not several')
  const { dimensions, values } = vector
  return Array.from({ length: values.length / dimensions }, (_, row) => [
    ...values.subarray(row * dimensions, (row + 1) * dimensions),
  ])
}

describe('rows.parquet', () => {
  test('says to other readers what it says to us', async () => {
    const seed = 60_209
    const dimensions = { '': { dimensions: 3 }, image: { dimensions: 4 } }
    const model = randomRows(seededRandom(seed), dimensions, 400)
    const rows = await readElsewhere(parquetOf(model, dimensions))
    const expected = model.map(({ id: point, written, payload, vectors }) => ({
      id: typeof point === 'string' ? undefined : BigInt(point),
      id_uuid: typeof point === 'string' ? point : undefined,
      seq: BigInt(written),
      payload,
      vector: vectors[''],
      vector_image: vectors.image,
    }))
    const undefinedForNull = rows.map((row) =>
      Object.fromEntries(Object.entries(row).map(([name, value]) => [name, value ?? undefined])),
    )
    expect(undefinedForNull, `seed ${seed}`).toEqual(expected)
  })

  test('shows sparse vectors in two columns, and several vectors as a list of lists', async () => {
    const sparse = (...indices: number[]): VectorValue => ({
      indices: Uint32Array.from(indices),
      values: Float32Array.from(indices, (index) => index / 8),
    })
    const multi = (...values: number[]): VectorValue => ({ dimensions: 2, values: Float32Array.from(values) })
    const choices = [{}, { s: sparse() }, { s: sparse(1, 4_000_000_000) }, { m: multi(1, 2) }]
    const rest = [{ m: multi(1, 2, 3, 4), s: sparse(7) }]
    for (const first of [...choices, ...rest]) {
      for (const second of [undefined, ...choices, ...rest]) {
        const given: Record<string, VectorValue>[] = second === undefined ? [first] : [first, second, first]
        const rows = new RowSet({ m: { kind: 'multi', dimensions: 2 }, s: { kind: 'sparse', dimensions: 0 } })
        given.forEach((vectors, id) =>
          rows.append({ id: wordsOfId(id), written: seqOf(id + 1), payload: Buffer.of(), vectors }),
        )
        const file = Buffer.concat([...writeParquet(rows.image(), {})])
        rows.release()
        const found = await readElsewhere(file)
        expect(found.map((row) => [row['vector_m'] ?? null, row['sparse_indices_s'] ?? null])).toEqual(
          given.map(({ m, s }) => [
            m === undefined ? null : rowsOf(m),
            s === undefined ? null : sparseOf(s).indices,
          ]),
        )
        expect(found.map((row) => row['sparse_values_s'] ?? null)).toEqual(
          given.map(({ s }) => (s === undefined ? null : sparseOf(s).values)),
        )
      }
    }
  })

  test('has a typed column for each declared field that can have one', async () => {
    const fields = {
      'a.b': { type: 'integer' },
      when: { type: 'datetime' },
      ok: { type: 'bool' },
      share: { type: 'float' },
      who: { type: 'uuid' },
      place: { type: 'geo' },
      'list[].x': { type: 'integer' },
      tag: { type: 'keyword' },
    } as const
    const uuid = '550e8400-e29b-41d4-a716-446655440000'
    const payloads = [
      `{"a":{"b":9007199254740993},"when":"2024-02-29T12:30:45.123456Z","ok":true,"share":0.5,"who":"${uuid}","tag":"é"}`,
      '{"a":{"b":"7"},"when":5,"ok":"true","share":"x","who":"x","tag":["a"]}',
      '{}',
      '{"ok":false}',
    ]
    const model = payloads.map((payload, row) => ({ id: row, written: row + 1, payload, vectors: {} }))
    const rows = await readElsewhere(parquetOf(model, {}, fields))
    expect(Object.keys(rows[0]!).filter((name) => name.startsWith('field_'))).toEqual([
      'field_a.b',
      'field_ok',
      'field_share',
      'field_tag',
      'field_when',
      'field_who',
    ])
    const column = (name: string): unknown[] => rows.map((row) => row[`field_${name}`] ?? null)
    expect(column('a.b')).toEqual([9007199254740993n, null, null, null])
    expect(column('when')).toEqual([1_709_209_845_123_456n, null, null, null])
    expect(column('ok')).toEqual([true, null, null, false])
    expect(column('share')).toEqual([0.5, null, null, null])
    expect(column('who')).toEqual([uuid, null, null, null])
    expect(column('tag')).toEqual(['é', null, null, null])
  })

  test('is cut into row groups, so that its size costs no memory', async () => {
    const large = 'x'.repeat(300_000)
    const model = Array.from({ length: 130 }, (_, row) => ({
      id: row,
      written: row + 1,
      payload: row % 2 === 0 ? `{"text":"${large}"}` : '{}',
      vectors: {},
    }))
    const rows = rowSetOf({}, model)
    const ranges = rowGroups(rows.image())
    expect(ranges.map(({ start }) => start)).toEqual([0, ...ranges.slice(0, -1).map(({ end }) => end)])
    expect([ranges.length, ranges.at(-1)!.end]).toEqual([2, 130])
    const bytes = parquetOf(model)
    const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer
    const groups = parquetMetadata(file).row_groups
    expect(groups.length).toBeGreaterThan(1)
    for (const group of groups) expect(Number(group.total_byte_size)).toBeLessThan(18 * 2 ** 20)
    expect(await read(bytes, model)).toEqual(model)
  })

  test('is made of views of the vectors where they lie one behind the other, and of parts to give away', async () => {
    for (const dimensions of [128, 130]) {
      const random = seededRandom(dimensions)
      const model = Array.from({ length: 9_000 }, (_, row) => ({
        id: row,
        written: row + 1,
        payload: '{}',
        vectors: { '': Array.from({ length: dimensions }, () => Math.fround(random.next())) },
      }))
      const rows = rowSetOf({ '': { dimensions } }, model)
      const job = { kind: 'rows', rows: rows.image(), fields: {} } as const
      const parts: Buffer[] = []
      let sharedBytes = 0
      for await (const part of buildFile(job)) {
        parts.push(Buffer.from(part))
        if (part.buffer instanceof SharedArrayBuffer) sharedBytes += part.byteLength
        else structuredClone(part.buffer, { transfer: [part.buffer] })
      }
      const again = Buffer.concat([...writeParquet(rows.image(), {})])
      rows.release()
      expect(Buffer.concat(parts).equals(again)).toBe(true)
      // Rows begin at multiples of 16 bytes: 130 floats have a gap behind them. Views of a few rows are joined with what is beside them.
      if (dimensions === 128) expect(sharedBytes).toBeGreaterThan(model.length * dimensions * 4 * 0.9)
      else expect(sharedBytes).toBe(0)
    }
  })

  test('takes many rows of several groups and pages, with payloads that lie apart', async () => {
    const seed = 771
    const random = seededRandom(seed)
    const model = Array.from({ length: 120_000 }, (_, row) => ({
      id: random.next() < 0.5 ? row : BigInt(row) + 2n ** 63n,
      written: row + 1,
      payload: random.next() < 0.5 ? '{}' : `{"n":${row}}`,
      vectors: {},
    }))
    const back = await read(parquetOf(model), model)
    const wrong = back.findIndex((row, at) => {
      const { id: point, written, payload } = model[at]!
      return row.id !== point || row.written !== written || row.payload !== payload
    })
    expect([back.length, wrong], `seed ${seed}`).toEqual([model.length, -1])
  })

  test('damage that has the right checksum is refused or harmless, never more', async () => {
    const seed = 90_001
    const random = seededRandom(seed)
    const model = randomRows(random, {}, 60)
    const whole = parquetOf(model)
    let refused = 0
    for (let round = 0; round < 4_000; round++) {
      const bytes = Buffer.from(whole)
      const flips = 1 + Math.floor(random.next() * 3)
      for (let i = 0; i < flips; i++) {
        // Mostly where the structure is: page headers and the footer, not the values.
        const at = Math.floor(
          random.next() < 0.7 ? bytes.length - random.next() * 2_000 : random.next() * bytes.length,
        )
        bytes[Math.max(0, Math.min(at, bytes.length - 1))] = Math.floor(random.next() * 256)
      }
      const cut = random.next() < 0.1 ? bytes.subarray(0, Math.floor(random.next() * bytes.length)) : bytes
      try {
        expect(await read(cut, model)).toHaveLength(model.length)
      } catch (error) {
        if (!(error instanceof DatabaseError))
          throw new Error(`seed ${seed}, round ${round}`, { cause: error })
        expect(['segment-corrupt', 'version-unsupported']).toContain(error.code)
        refused += 1
      }
    }
    expect(refused).toBeGreaterThan(1_000)
  })
})
