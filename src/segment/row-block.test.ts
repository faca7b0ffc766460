import { expect, test } from 'vitest'
import type { VectorValue } from '../graph/vector-value.ts'
import { seqOf } from '../ids/brands.ts'
import type { IdWords } from '../ids/point-id.ts'
import { seededRandom, type Random } from '../runtime/random.ts'
import { selectRows, valueAt, type RowBlock, type VectorBlock } from './row-block.ts'
import { RowSet, type NewRow } from './row-set.ts'

const declared = {
  four: { dimensions: 4 },
  three: { dimensions: 3 },
  sparse: { kind: 'sparse', dimensions: 0 },
  multi: { kind: 'multi', dimensions: 2 },
} as const

const seed = 20_261_122
const below = (end: number, random: Random): number => Math.floor(random.next() * end)

test('rows that are appended together are what they are when they are appended one by one', () => {
  const random = seededRandom(seed)
  for (let round = 0; round < 30; round++) {
    const together = new RowSet(declared)
    const single = new RowSet(declared)
    for (let batch = 0; batch < 4; batch++) {
      const rows = Array.from({ length: below(200, random) }, () => randomRow(random))
      // Small blocks of the whole, and some rows of a larger one.
      if (batch % 2 === 0) together.appendAll(blockOf(rows))
      else {
        const others = rows.flatMap((row) => [randomRow(random), row])
        together.appendAll(
          selectRows(
            blockOf(others),
            Uint32Array.from(rows, (_, index) => 2 * index + 1),
          ),
        )
      }
      for (const row of rows) single.append(row)
    }
    expect(contentOf(together), `seed ${seed}`).toEqual(contentOf(single))
    together.release()
    single.release()
  }
})

test('a block whose columns are not equally long is refused', () => {
  const random = seededRandom(1)
  const block = blockOf(Array.from({ length: 5 }, () => randomRow(random)))
  const rows = new RowSet(declared)
  expect(() => rows.appendAll({ ...block, written: block.written.subarray(1) })).toThrow('equally long')
  expect(() => rows.appendAll({ ...block, vectors: { sparse: [undefined] } })).toThrow('equally long')
  const floats = new Float32Array(16)
  const four = { dimensions: 4, floats, present: undefined }
  expect(() => rows.appendAll({ ...block, vectors: { four } })).toThrow('equally long')
  expect(rows.rowCount).toBe(0)
  rows.release()
})

function randomRow(random: Random): NewRow {
  const float = (): number => Math.fround(random.next())
  const floats = (count: number): Float32Array => Float32Array.from({ length: count }, float)
  const maybe = (value: VectorValue): VectorValue | undefined => (below(4, random) === 0 ? undefined : value)
  const kind = below(2, random) === 0 ? 0 : 1
  const id: IdWords = { kind, w0: below(150, random), w1: 0, w2: 0, w3: 0 }
  const text = below(3, random) === 0 ? '' : `{"n":${'1'.repeat(1 + below(3_000, random))}}`
  return {
    id,
    written: seqOf(below(1_000, random)),
    payload: Buffer.from(text),
    vectors: {
      four: floats(4),
      three: maybe(floats(3)),
      sparse: maybe({ indices: Uint32Array.of(1, 5), values: floats(2) }),
      multi: maybe({ dimensions: 2, values: floats(4) }),
    },
  }
}

/** Dense columns in which all rows have a vector say so; others have anything where there is none. */
function blockOf(rows: readonly NewRow[]): RowBlock {
  let end = 0
  const dense = (name: string, dimensions: number): VectorBlock => {
    const values = rows.map(({ vectors }) => vectors[name] as Float32Array | undefined)
    const floats = Float32Array.from(
      values.flatMap((value) => [...(value ?? new Float32Array(dimensions).fill(9))]),
    )
    const isWhole = values.every((value) => value !== undefined)
    return {
      dimensions,
      floats,
      present: isWhole ? undefined : Uint8Array.from(values, (value) => (value ? 1 : 0)),
    }
  }
  return {
    rowCount: rows.length,
    ids: {
      words: Uint32Array.from(rows.flatMap(({ id }) => [id.w0, id.w1, id.w2, id.w3])),
      kinds: Uint8Array.from(rows, ({ id }) => id.kind),
    },
    written: Float64Array.from(rows, ({ written }) => written),
    payloads: {
      bytes: Buffer.concat(rows.map(({ payload }) => payload)),
      ends: Uint32Array.from(rows, ({ payload }) => (end += payload.byteLength)),
    },
    vectors: {
      four: dense('four', 4),
      three: dense('three', 3),
      sparse: rows.map(({ vectors }) => vectors['sparse']),
      multi: rows.map(({ vectors }) => vectors['multi']),
    },
  }
}

function contentOf(rows: RowSet): unknown {
  const ids = Array.from({ length: rows.rowCount }, (_, row) => rows.pointIdAt(row))
  return {
    written: [rows.minWritten, rows.maxWritten, ids.map((_, row) => rows.writtenAt(row))],
    rows: ids.map((id, row) => ({
      id,
      payload: Buffer.from(rows.payloadAt(row)).toString(),
      older: rows.olderRow(row),
      vectors: [...rows.vectors].map(([name, column]) => [name, column.get(row)]),
    })),
    newest: ids.map((_, row) => {
      const id: IdWords = { kind: 0, w0: 0, w1: 0, w2: 0, w3: 0 }
      rows.idAt(row, id)
      return rows.findNewest(id)
    }),
  }
}

test('a value of a block is there or not as its presence says', () => {
  const block = { dimensions: 2, floats: Float32Array.of(1, 2, 3, 4), present: Uint8Array.of(0, 1) }
  expect([valueAt(block, 0), valueAt(block, 1)]).toEqual([undefined, Float32Array.of(3, 4)])
})
