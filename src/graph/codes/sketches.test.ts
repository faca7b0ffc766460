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
  /** Of each component, 0 and 1 or 0 to 3: the higher, the greater it is. */
  readonly levels: readonly number[]
  readonly square: number
  readonly factor: number
  readonly error: number
  readonly sum: number
}

/** What a row of codes is to be sketched as. */
function sketchOf(codes: Int8Array, scale: number, squares: number, bits: number): Sketch {
  const inner = Math.floor(f(Math.sqrt(f(squares / codes.length))))
  const isOuter = (code: number): boolean => bits === 2 && Math.abs(code) > inner
  const levels = Array.from(codes, (code, at) => {
    const sign = Number(code > 0 || (code === 0 && at % 2 === 0))
    if (bits === 1) return sign
    return isOuter(code) ? 3 * sign : 1 + sign
  })
  const along = codes.reduce((all, code) => all + Math.abs(code) * (isOuter(code) ? 3 : 1), 0)
  const outers = codes.filter(isOuter).length
  const square = f(f(scale * scale) * squares)
  const factor = along === 0 ? f(scale * 0) : f(scale * f(squares / f(along)))
  const mean = f(1 + f((8 * outers) / codes.length))
  const rest = f(f(f(factor * factor) * mean) - f(square / codes.length))
  const error = f(Math.sqrt(Number.isNaN(rest) ? rest : Math.max(rest, 0)))
  const sum = levels.reduce((all, level) => all + level, 0)
  const none = Number.NaN
  // Without a number, or next to nothing.
  if (squares !== 0 && !(square >= f(1e-28)))
    return { levels, square: none, factor: none, error: none, sum: none }
  return { levels, square, factor, error, sum }
}

function memoryOf({ graph }: BuiltGraph) {
  const view = new DataView(graph.arena.memory.buffer)
  const record = readGraphRecord(new Uint32Array(view.buffer, graph.address, graphFields.length))
  const addressOf = (blocks: number, shift: number, bytes: number, row: number): number =>
    (view.getUint32(blocks + (row >>> shift) * 4, true) + row * bytes) >>> 0
  return { view, record, addressOf }
}

/** The codes of a row as they lie in memory. */
function codesAt(built: BuiltGraph, row: number) {
  const { view, record, addressOf } = memoryOf(built)
  const at = addressOf(record.blocks, record.blockShift, record.rowBytes, row)
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
  const { sketchBlocks, sketchBlockShift, sketchBytes, sketchBits } = record
  const length = Math.ceil(built.column.dimensions / 16) * 16
  const signBytes = Math.ceil(length / 64) * 8
  const at = addressOf(sketchBlocks, sketchBlockShift, sketchBytes, row)
  const tail = at + sketchBits * signBytes
  const bit = (plane: number, place: number) =>
    (view.getUint8(at + plane * signBytes + (place >> 3)) >> (place & 7)) & 1
  const level = (place: number) => (sketchBits === 1 ? bit(0, place) : 2 * bit(0, place) + bit(1, place))
  for (let place = length; place < signBytes * 8; place++)
    if (level(place) > 0) throw new Error('a bit of no component')
  return {
    levels: Array.from({ length }, (_, place) => level(place)),
    square: view.getFloat32(tail, true),
    factor: view.getFloat32(tail + 4, true),
    error: view.getFloat32(tail + 8, true),
    sum: view.getFloat32(tail + 12, true),
  }
}

describe('the sketch of a row', () => {
  test.each([64, 100, 128, 255, 256, 300, 384, 777])('%i dimensions', (dimensions) => {
    const bits = dimensions < 256 ? 2 : 1
    const randomRow = (scale: number) =>
      Float32Array.from({ length: dimensions }, () => (random.next() - 0.5) * scale)
    const rows = [1, 1e-13, 1e-17, 1e-30, 1e18, 3e38].map(randomRow)
    rows.push(
      randomRow(1).map((value, at) => (at % 9 === 0 ? value : 0)),
      new Float32Array(dimensions),
    )
    rows.push(randomRow(1).fill(Number.NaN, 3, 4), randomRow(1).fill(-Infinity, 7, 8))
    for (const metric of ['dot', 'euclid'] as const) {
      using built = graphOf(rows, { metric, parameters: { elements: 'int8' } })
      using plain = graphOf(rows, { metric, isFine: true })
      expect(plain.graph.hasSketches).toBe(dimensions < 256)
      rows.forEach((_, row) => {
        const { codes, scale, squares } = codesAt(built, row)
        const model = sketchOf(codes, scale, squares, bits)
        expect(sketchAt(built, row), `row ${row}, ${context}`).toEqual(model)
        if (dimensions < 256) expect(sketchAt(plain, row), `row ${row} of vectors, ${context}`).toEqual(model)
      })
    }
  })

  test('there is none of short rows, of other codes, or for metrics of other sums', () => {
    expect(sketchBytesOf('int8', 'euclid', 63)).toBe(0)
    expect(sketchBytesOf('bfloat16', 'euclid', 768)).toBe(0)
    expect(sketchBytesOf('int8', 'manhattan', 768)).toBe(0)
    expect(sketchBytesOf('int8', 'jaccard', 768)).toBe(0)
    expect([256, 768, 1_536].map((size) => sketchBytesOf('int8', 'cosine', size))).toEqual([48, 128, 208])
    expect(sketchBytesOf('float32', 'euclid', 256)).toBe(0)
    expect([64, 128, 200].map((size) => sketchBytesOf('float32', 'cosine', size))).toEqual([32, 48, 80])
  })

  test('there is none of vectors that codes do not tell apart', () => {
    const rows = mixtureOf({ rows: 40, dimensions: 64, clusters: 4, sigma: 0.3, seed })
    using fine = graphOf(rows)
    expect(fine.graph.hasSketches).toBe(true)
    const huge = rows.map((row) => row.map((value, at) => (at === 3 ? value * 1_000 : value)))
    using coarse = graphOf(huge)
    expect(coarse.graph.hasSketches).toBe(false)
    expect(coarse.graph.record().sketchBlocks).toBe(0)
  })

  test('rows that are appended have one, too', () => {
    const rows = mixtureOf({ rows: 900, dimensions: 96, clusters: 9, sigma: 0.3, seed })
    for (const drops of [false, true]) {
      using built = graphOf(rows.slice(0, 300), { parameters: { elements: drops ? 'int8' : 'float32' } })
      if (drops) built.graph.dropCodes()
      for (const row of rows.slice(300)) built.column.append(row)
      expect(built.graph.grow()).toBe(true)
      // The first rows decide on the centre.
      using twin = graphOf(rows.slice(0, 300), { parameters: { elements: 'int8' } })
      for (const row of rows.slice(300)) twin.column.append(row)
      twin.graph.grow()
      rows.forEach((_, row) => {
        const { codes, scale, squares } = codesAt(twin, row)
        expect(sketchAt(built, row), `row ${row}`).toEqual(sketchOf(codes, scale, squares, 2))
      })
    }
  })

  test('a graph of long vectors whose codes are dropped has none', () => {
    using built = graphOf([new Float32Array(256).fill(1)], { parameters: { elements: 'int8' } })
    expect(built.graph.record().sketchBytes).toBe(48)
    built.graph.dropCodes()
    expect(built.graph.hasSketches).toBe(false)
    expect([built.graph.record().sketchBlocks, built.graph.record().sketchBytes]).toEqual([0, 0])
  })

  test('one of short vectors keeps them', () => {
    const rows = mixtureOf({ rows: 60, dimensions: 100, clusters: 4, sigma: 0.3, seed })
    using built = graphOf(rows, { parameters: { elements: 'int8' } })
    const before = rows.map((_, row) => sketchAt(built, row))
    const bytes = built.graph.bytes
    built.graph.dropCodes()
    expect(built.graph.bytes).toBeLessThan(bytes)
    expect(rows.map((_, row) => sketchAt(built, row))).toEqual(before)
  })
})

const rowCount = 3_000
const queryCount = 12
function mixture(clusters: number, sigma: number, dimensions: number): Float32Array[] {
  return mixtureOf({ rows: rowCount + queryCount, dimensions, clusters, sigma, seed })
}

/** Rows of a kind, the last of which are queries. */
const kinds: Readonly<Record<string, (dimensions: number) => Float32Array[]>> = {
  'clusters that lie apart': (size) => mixture(150, 0.3, size),
  'few clusters': (size) => mixture(6, 0.1, size),
  'one cluster': (size) => mixture(1, 1, size),
  'few components that are not zero': (size) =>
    mixture(60, 0.5, size).map((row) => row.map((value) => (value > 1.2 ? value : 0))),
  'heavy tails': (size) => mixture(60, 0.5, size).map((row) => row.map((value) => value ** 3)),
  'few distinct rows': (size) =>
    mixture(60, 0.5, size).map((row, at, all) => (at < rowCount ? all[at % 70]! : row)),
  'sums beyond float32': (size) => mixture(60, 0.5, size).map((row) => row.map((value) => value * 1e19)),
  'next to nothing': (size) => mixture(60, 0.5, size).map((row) => row.map((value) => value * 1e-21)),
  zeros: (size) => mixture(60, 0.5, size).map((row, at) => (at % 3 === 0 ? row.fill(0) : row)),
  'rows without a number': (size) =>
    mixture(60, 0.5, size).map((row, at) =>
      at < rowCount && at % 5 === 0 ? row.fill(Number.NaN, 1, 2) : row,
    ),
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
  bits: number,
): number[] {
  const step = f(steps * f(Math.sqrt(f(code.squares / code.codes.length))))
  const inverse = f(1 / step)
  const places = Array.from(code.codes, (value) =>
    Math.min(15, Math.max(0, Math.floor(f(f(value * inverse) + 8)))),
  )
  const all = places.reduce((sum, place) => sum + place, 0)
  const length = f(code.scale * f(Math.sqrt(code.squares)))
  const offset = (bits === 1 ? 1 : 3) * (7.5 * places.length - all)
  const estimates = rows.map((row) => {
    const { levels, square, factor, error, sum } = sketches[row]!
    let along = 0
    for (let at = 0; at < levels.length; at++) along += levels[at]! * places[at]!
    const signed = f(f(2 * along - 15 * sum) + offset)
    const product = f(factor * f(f(step * code.scale) * signed))
    const off = f(error * f(f(deviationsOf(view)) * length))
    const root = f(Math.sqrt(square))
    const [estimate, deviation] =
      metric === 'euclid'
        ? [f(square - f(2 * product)), f(2 * off)]
        : metric === 'dot'
          ? [-product, off]
          : [f(-product / root), f(off / root)]
    return { row, estimate, least: f(estimate - deviation) }
  })
  // What is no number is worse than all that is one.
  const worst = estimates
    .map(({ estimate }) => estimate)
    .sort((a, b) => (Number.isNaN(a) ? 1 : Number.isNaN(b) ? -1 : a - b))[view - 1]!
  return estimates.filter(({ least }) => Number.isNaN(worst) || !(least > worst)).map(({ row }) => row)
}

const shapes = [
  { elements: 'int8', dimensions: 256 },
  { elements: 'int8', dimensions: 112 },
  { elements: 'float32', dimensions: 112 },
] as const
const everyScan = (['euclid', 'dot', 'cosine'] as const).flatMap((metric) =>
  shapes.map((shape) => ({ metric, ...shape })),
)

describe.each(everyScan)('a scan by sketches, $metric, $elements, $dimensions', (shape) => {
  const { metric, elements, dimensions } = shape
  const bits = dimensions < 256 ? 2 : 1

  test.each(Object.keys(kinds))('%s', async (kind) => {
    const all = kinds[kind]!(dimensions)
    const queries = all.slice(rowCount)
    // The queries are rows as well, so that their codes lie in memory; they do not pass.
    const place = { metric, insert: rowCount, isFine: true }
    using coded = graphOf(all, { ...place, parameters: { elements: 'int8', efConstruct: 8, m: 4 } })
    using built = graphOf(all, { ...place, parameters: { elements, efConstruct: 8, m: 4 } })
    const scans = new Scans(built)
    const sketches = all.map((_, row) => sketchAt(built, row))
    let [found, wanted, kept, passed] = [0, 0, 0, 0]
    for (const [index, query] of queries.entries()) {
      const view = [16, 32, 48][index % 3]!
      const limit = Math.floor(view / 2)
      const passing = sampledBits(rowCount, [0.4, 0.7, 0.95][index % 3]!, seed + index)
      const rows = rowsOf(passing)
      const own = scans.bySketches(query, view, limit, passing)
      const model = keptOf(sketches, metric, codesAt(coded, rowCount + index), rows, view, bits)
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
  const normal = mixtureOf({ rows: many + 3, dimensions: 256, clusters: 1, sigma: 0.1, seed })

  test('of which sketches say nothing compares all', async () => {
    const rows = normal.map((row, at) => (at < many ? row.map((value) => value * 1e-17) : row))
    await compared(rows, (scans, query, passing) => scans.byCodes(query, 16, 8, passing))
  })

  test('of which each is nearer than all before forgets those that are out', async () => {
    const rows = normal.map((row, at) => row.map((value) => value * (at + 1)))
    await compared(rows, (scans, query, passing, built, at) => {
      const sketches = rows.map((_, row) => sketchAt(built, row))
      const kept = keptOf(sketches, 'dot', codesAt(built, at), rowsOf(passing), 16, 1)
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
