import { seqOf } from '../../src/ids/brands.ts'
import { wordsOfId, type PointId } from '../../src/ids/point-id.ts'
import type { Random } from '../../src/runtime/random.ts'
import { RowSet } from '../../src/segment/row-set.ts'

export interface ModelRow {
  readonly id: PointId
  readonly written: number
  /** JSON text; `{}` where the row was appended with no bytes. */
  readonly payload: string
  readonly vectors: Readonly<Record<string, readonly number[]>>
}

export type Dimensions = Readonly<Record<string, { readonly dimensions: number }>>

export function rowSetOf(dimensions: Dimensions, model: readonly ModelRow[]): RowSet {
  const rows = new RowSet(dimensions)
  for (const { id, written, payload, vectors } of model) {
    const entries = Object.entries(vectors).map(([name, values]) => [name, Float32Array.from(values)])
    rows.append({
      id: wordsOfId(id),
      written: seqOf(written),
      payload: Buffer.from(payload === '{}' ? '' : payload),
      vectors: Object.fromEntries(entries) as Record<string, Float32Array>,
    })
  }
  return rows
}

/** What a set shows of itself, to be compared with the model that it was made from. */
export function modelOf(rows: RowSet): ModelRow[] {
  return Array.from({ length: rows.rowCount }, (_, row) => {
    const vectors: Record<string, readonly number[]> = {}
    for (const [name, column] of rows.vectors) {
      const vector = column.get(row)
      if (vector !== undefined) vectors[name] = [...(vector as Float32Array)]
    }
    const payload = Buffer.from(rows.payloadAt(row)).toString()
    return { id: rows.pointIdAt(row), written: rows.writtenAt(row), payload: payload || '{}', vectors }
  })
}

const payloads = [
  '{}',
  '{"city":"Berlin","count":3}',
  '{"grün":"日本語 😀","escaped":"\\u00e9\\n"}',
  '{ "spaced" : [1, 2.0, 1e3] , "big": 18446744073709551616}',
]

/** Rows of any kind: numbers beyond 2^53, UUIDs, absent vectors, empty payloads, ids that come again. */
export function randomRows(random: Random, dimensions: Dimensions, count: number): ModelRow[] {
  const pick = (n: number): number => Math.floor(random.next() * n)
  let written = 1 + pick(2 ** 40)
  return Array.from({ length: count }, () => {
    const ids: PointId[] = [
      pick(50),
      2 ** 53 - 1,
      2n ** 64n - 1n,
      BigInt(pick(2 ** 50)) * 16_001n + 2n ** 53n,
    ]
    const vectors = Object.entries(dimensions)
      .filter(() => random.next() < 0.7)
      .map(([name, { dimensions: length }]) => [name, Array.from({ length }, () => floatOf(random))])
    written += pick(3)
    return {
      id: random.next() < 0.4 ? random.uuid() : ids[pick(ids.length)]!,
      written,
      payload: random.next() < 0.2 ? `{"text":"${'x'.repeat(pick(500))}"}` : payloads[pick(payloads.length)]!,
      vectors: Object.fromEntries(vectors) as Record<string, number[]>,
    }
  })
}

const oddFloats = [0, -0, Number.MIN_VALUE, 3.4028234663852886e38, 1.401298464324817e-45, Infinity, -1]

function floatOf(random: Random): number {
  const odd = oddFloats[Math.floor(random.next() * oddFloats.length * 4)]
  return Math.fround(odd ?? random.next() * 2 - 1)
}
