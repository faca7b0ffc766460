import { describe, expect, test } from 'vitest'
import { graphOf, type BuiltGraph } from '../../../test/support/built-graph.ts'
import { mixtureOf, sampledBits } from '../../../test/support/vector-mixture.ts'
import { countBits } from '../../runtime/bits.ts'
import { seededRandom } from '../../runtime/random.ts'
import { readGraphRecord, graphFields } from '../hnsw/hnsw-records.ts'
import { InlineSearcher } from '../search/inline-searcher.ts'
import type { Metric } from '../vector-hits.ts'
import { sketchBytesOf } from './elements.ts'

const seed = 77_120
const context = `seed ${seed}`
const random = seededRandom(seed)
const f = Math.fround

interface Sketch {
  /** 1 where a component is positive. */
  readonly signs: readonly number[]
  readonly square: number
  readonly factor: number
  readonly error: number
  readonly ones: number
}

/** What a row of codes is to be sketched as. */
function sketchOf(codes: Int8Array, scale: number, squares: number): Sketch {
  const signs = Array.from(codes, (code, at) => Number(code > 0 || (code === 0 && at % 2 === 0)))
  const sum = codes.reduce((all, code) => all + Math.abs(code), 0)
  const square = f(f(scale * scale) * squares)
  const factor = sum === 0 ? f(scale * 0) : f(scale * f(squares / f(sum)))
  const rest = f(f(factor * factor) - f(square / codes.length))
  const error = f(Math.sqrt(Number.isNaN(rest) ? rest : Math.max(rest, 0)))
  const ones = signs.reduce((all, sign) => all + sign, 0)
  const none = Number.NaN
  // Without a number, or next to nothing.
  if (squares !== 0 && !(square >= f(1e-28)))
    return { signs, square: none, factor: none, error: none, ones: none }
  return { signs, square, factor, error, ones }
}

function memoryOf({ graph }: BuiltGraph) {
  const view = new DataView(graph.arena.memory.buffer)
  const record = readGraphRecord(new Uint32Array(view.buffer, graph.address, graphFields.length))
  const addressOf = (blocks: number, bytes: number, row: number): number =>
    (view.getUint32(blocks + (row >>> record.blockShift) * 4, true) + row * bytes) >>> 0
  return { view, record, addressOf }
}

/** The codes of a row as they lie in memory. */
function codesAt(built: BuiltGraph, row: number) {
  const { view, record, addressOf } = memoryOf(built)
  const at = addressOf(record.blocks, record.rowBytes, row)
  const length = record.rowBytes - 16
  return {
    codes: new Int8Array(view.buffer, at, length),
    scale: view.getFloat32(at + length, true),
    squares: view.getFloat32(at + length + 4, true),
  }
}

/** The sketch of a row as it lies in memory. */
function sketchAt(built: BuiltGraph, row: number): Sketch {
  const { view, record, addressOf } = memoryOf(built)
  const length = record.rowBytes - 16
  const at = addressOf(record.sketchBlocks, record.sketchBytes, row)
  const tail = at + Math.ceil(length / 64) * 8
  const bit = (place: number) => (view.getUint8(at + (place >> 3)) >> (place & 7)) & 1
  for (let place = length; place < (tail - at) * 8; place++)
    if (bit(place) === 1) throw new Error('a bit of no component')
  return {
    signs: Array.from({ length }, (_, place) => bit(place)),
    square: view.getFloat32(tail, true),
    factor: view.getFloat32(tail + 4, true),
    error: view.getFloat32(tail + 8, true),
    ones: view.getFloat32(tail + 12, true),
  }
}

describe('the sketch of a row', () => {
  test.each([256, 300, 384, 777])('%i dimensions', (dimensions) => {
    const randomRow = (scale: number) =>
      Float32Array.from({ length: dimensions }, () => (random.next() - 0.5) * scale)
    const rows = [1, 1e-13, 1e-17, 1e-30, 1e18, 3e38].map(randomRow)
    rows.push(
      randomRow(1).map((value, at) => (at % 9 === 0 ? value : 0)),
      new Float32Array(dimensions),
    )
    rows.push(randomRow(1).fill(Number.NaN, 3, 4), randomRow(1).fill(-Infinity, 7, 8))
    using built = graphOf(rows, { metric: 'dot', parameters: { elements: 'int8' } })
    rows.forEach((_, row) => {
      const { codes, scale, squares } = codesAt(built, row)
      expect(sketchAt(built, row), `row ${row}, ${context}`).toEqual(sketchOf(codes, scale, squares))
    })
  })

  test('there is none of short rows, of other codes, or for metrics of other sums', () => {
    expect(sketchBytesOf('int8', 'euclid', 255)).toBe(0)
    expect(sketchBytesOf('bfloat16', 'euclid', 768)).toBe(0)
    expect(sketchBytesOf('int8', 'manhattan', 768)).toBe(0)
    expect(sketchBytesOf('int8', 'jaccard', 768)).toBe(0)
    expect([256, 768, 1_536].map((size) => sketchBytesOf('int8', 'cosine', size))).toEqual([48, 128, 208])
  })

  test('a graph whose codes are dropped has none', () => {
    using built = graphOf([new Float32Array(256).fill(1)], { parameters: { elements: 'int8' } })
    expect(built.graph.record().sketchBytes).toBe(48)
    built.graph.dropCodes()
    expect([built.graph.record().sketchBlocks, built.graph.record().sketchBytes]).toEqual([0, 0])
  })
})

const rowCount = 3_000
const queryCount = 12
const dimensions = 256

function mixture(clusters: number, sigma: number): Float32Array[] {
  return mixtureOf({ rows: rowCount + queryCount, dimensions, clusters, sigma, seed })
}

/** Rows of a kind, the last of which are queries. */
const kinds: Readonly<Record<string, () => Float32Array[]>> = {
  'clusters that lie apart': () => mixture(150, 0.3),
  'few clusters': () => mixture(6, 0.1),
  'one cluster': () => mixture(1, 1),
  'few components that are not zero': () =>
    mixture(60, 0.5).map((row) => row.map((value) => (value > 1.2 ? value : 0))),
  'heavy tails': () => mixture(60, 0.5).map((row) => row.map((value) => value ** 3)),
  'few distinct rows': () => mixture(60, 0.5).map((row, at, all) => (at < rowCount ? all[at % 70]! : row)),
  'sums beyond float32': () => mixture(60, 0.5).map((row) => row.map((value) => value * 1e19)),
  'next to nothing': () => mixture(60, 0.5).map((row) => row.map((value) => value * 1e-21)),
  zeros: () => mixture(60, 0.5).map((row, at) => (at % 3 === 0 ? row.fill(0) : row)),
  'rows without a number': () =>
    mixture(60, 0.5).map((row, at) => (at < rowCount && at % 5 === 0 ? row.fill(Number.NaN, 1, 2) : row)),
}

/** Scans by sketches, and by codes alone. */
class Scans {
  readonly #searcher = new InlineSearcher()
  readonly #built: BuiltGraph
  readonly #rowLimit: number
  readonly #sketchBlocks: number

  constructor(built: BuiltGraph, rowLimit = rowCount) {
    this.#built = built
    this.#rowLimit = rowLimit
    this.#sketchBlocks = built.graph.record().sketchBlocks
    expect(this.#sketchBlocks).not.toBe(0)
  }

  bySketches(query: Float32Array, view: number, limit: number, passing: Uint32Array): readonly bigint[] {
    return this.#scan(query, view, limit, passing, this.#sketchBlocks)
  }

  byCodes(query: Float32Array, view: number, limit: number, passing: Uint32Array): readonly bigint[] {
    return this.#scan(query, view, limit, passing, 0)
  }

  async close(): Promise<void> {
    await this.#searcher.close()
  }

  #scan(query: Float32Array, view: number, limit: number, passing: Uint32Array, sketchBlocks: number) {
    const { graph } = this.#built
    const field = graph.address + graphFields.indexOf('sketchBlocks') * 4
    graph.arena.words(field, 1)[0] = sketchBlocks
    const keys = this.#searcher.graphNow({
      ...{
        graph,
        query,
        ef: view,
        limit,
        rowLimit: this.#rowLimit,
        passing,
        passingCount: countBits(passing),
      },
      ...{ isKept: false, way: 'codes', shareMin: 0, deviations: deviationsOf(view) },
    })
    return [...keys!]
  }
}

/** Other bounds with other numbers of rows in view. */
const deviationsOf = (view: number): number => 1.5 + view / 32
const steps = f(0.335)

/** The rows that a scan compares by their codes: those that are not out by their sketches. `code` are the query's codes. */
function keptOf(
  sketches: readonly Sketch[],
  metric: Metric,
  code: { readonly codes: Int8Array; readonly scale: number; readonly squares: number },
  rows: readonly number[],
  view: number,
): number[] {
  const step = f(steps * f(Math.sqrt(f(code.squares / code.codes.length))))
  const inverse = f(1 / step)
  const places = Array.from(code.codes, (value) =>
    Math.min(15, Math.max(0, Math.floor(f(f(value * inverse) + 8)))),
  )
  const all = places.reduce((sum, place) => sum + place, 0)
  const length = f(code.scale * f(Math.sqrt(code.squares)))
  const estimates = rows.map((row) => {
    const { signs, square, factor, error, ones } = sketches[row]!
    let atOnes = 0
    for (let at = 0; at < signs.length; at++) atOnes += signs[at]! * places[at]!
    const signed = f(f(f(2 * atOnes - 15 * ones) - all) + 7.5 * places.length)
    const product = f(factor * f(f(step * code.scale) * signed))
    const off = f(error * length)
    const root = f(Math.sqrt(square))
    const [estimate, deviation] =
      metric === 'euclid'
        ? [f(square - f(2 * product)), f(2 * off)]
        : metric === 'dot'
          ? [-product, off]
          : [f(-product / root), f(off / root)]
    return { row, estimate, least: f(estimate - f(f(deviationsOf(view)) * deviation)) }
  })
  // What is no number is worse than all that is one.
  const worst = estimates
    .map(({ estimate }) => estimate)
    .sort((a, b) => (Number.isNaN(a) ? 1 : Number.isNaN(b) ? -1 : a - b))[view - 1]!
  return estimates.filter(({ least }) => Number.isNaN(worst) || !(least > worst)).map(({ row }) => row)
}

describe.each(['euclid', 'dot', 'cosine'] as const)('a scan by sketches, %s', (metric) => {
  test.each(Object.keys(kinds))('%s', async (kind) => {
    const all = kinds[kind]!()
    const queries = all.slice(rowCount)
    // The queries are rows as well, so that their codes lie in memory; they do not pass.
    using built = graphOf(all, {
      metric,
      parameters: { elements: 'int8', efConstruct: 8, m: 4 },
      insert: rowCount,
    })
    const scans = new Scans(built)
    const sketches = all.map((_, row) => sketchAt(built, row))
    let [found, wanted, kept, passed] = [0, 0, 0, 0]
    for (const [index, query] of queries.entries()) {
      const view = [16, 32, 48][index % 3]!
      const limit = Math.floor(view / 2)
      const passing = sampledBits(rowCount, [0.4, 0.7, 0.95][index % 3]!, seed + index)
      const rows = rowsOf(passing)
      const own = scans.bySketches(query, view, limit, passing)
      const model = keptOf(sketches, metric, codesAt(built, rowCount + index), rows, view)
      // Few enough to be compared as they are.
      expect(own, `${index}, ${context}`).toEqual(scans.byCodes(query, view, limit, bitsOf(model)))
      kept += model.length
      passed += rows.length
      const plain = new Set(scans.byCodes(query, view, limit, passing).map((key) => key >> 32n))
      found += own.filter((key) => plain.has(key >> 32n)).length
      wanted += own.length
    }
    expect(found / wanted, context).toBeGreaterThan(0.985)
    if (kind === 'clusters that lie apart') expect(kept / passed, context).toBeLessThan(0.5)
    await scans.close()
  })
})

describe('a scan in which most rows may be among the best', () => {
  // More than there is room for.
  const many = 6_000
  const normal = mixtureOf({ rows: many + 3, dimensions, clusters: 1, sigma: 0.1, seed })

  test('of which sketches say nothing compares all', async () => {
    const rows = normal.map((row, at) => (at < many ? row.map((value) => value * 1e-17) : row))
    await compared(rows, (scans, query, passing) => scans.byCodes(query, 16, 8, passing))
  })

  test('of which each is nearer than all before forgets those that are out', async () => {
    const rows = normal.map((row, at) => row.map((value) => value * (at + 1)))
    await compared(rows, (scans, query, passing, built, at) => {
      const sketches = rows.map((_, row) => sketchAt(built, row))
      const kept = keptOf(sketches, 'dot', codesAt(built, at), rowsOf(passing), 16)
      expect(kept.length).toBeLessThan(2_000)
      return scans.byCodes(query, 16, 8, bitsOf(kept, many))
    })
  })

  async function compared(
    rows: readonly Float32Array[],
    expected: (
      scans: Scans,
      query: Float32Array,
      passing: Uint32Array,
      built: BuiltGraph,
      at: number,
    ) => readonly bigint[],
  ): Promise<void> {
    const parameters = { elements: 'int8', efConstruct: 4, m: 4 } as const
    using built = graphOf(rows, { metric: 'dot', parameters, insert: many })
    const scans = new Scans(built, many)
    const passing = sampledBits(many, 0.95, seed)
    for (let at = many; at < rows.length; at++) {
      const query = rows[at]!
      const own = scans.bySketches(query, 16, 8, passing)
      expect(own, context).toEqual(expected(scans, query, passing, built, at))
    }
    await scans.close()
  }
})

function rowsOf(bits: Uint32Array): number[] {
  return Array.from({ length: bits.length * 32 }, (_, row) => row).filter(
    (row) => ((bits[row >>> 5]! >>> (row & 31)) & 1) === 1,
  )
}

function bitsOf(rows: readonly number[], count = rowCount): Uint32Array {
  const bits = new Uint32Array(Math.ceil(count / 32))
  for (const row of rows) bits[row >>> 5]! |= 1 << (row & 31)
  return bits
}
