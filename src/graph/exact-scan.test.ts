import { afterAll, describe, expect, test } from 'vitest'
import { seededRandom, type Random } from '../runtime/random.ts'
import { VectorColumn, type Metric, type VectorHits } from './vector-column.ts'
import { VectorMemory } from './vector-memory.ts'

const seed = 20_261_121
const metrics = ['dot', 'euclid', 'manhattan', 'cosine', 'jaccard'] as const
const memory = new VectorMemory()

type Rows = readonly (Float32Array | undefined)[]

interface Search {
  readonly query: Float32Array
  readonly metric: Metric
  readonly limit: number
  readonly passing?: Uint32Array
  readonly rowCount?: number
}

// What the kernels must agree with: plain loops in double precision. With small whole numbers both are exact, so scores and
// order must be the same to the bit; with other numbers scores agree within what float32 can hold.

function oracleScore(metric: Metric, a: Float32Array, b: Float32Array): number {
  let dot = 0
  let first = 0
  let second = 0
  let squared = 0
  let steps = 0
  for (let i = 0; i < a.length; i++) {
    const x = a[i]!
    const y = b[i]!
    dot += x * y
    first += x * x
    second += y * y
    squared += (x - y) * (x - y)
    steps += Math.abs(x - y)
  }
  switch (metric) {
    case 'dot':
      return Math.fround(dot)
    case 'euclid':
      return Math.fround(Math.sqrt(squared))
    case 'manhattan':
      return Math.fround(steps)
    case 'cosine': {
      if (first === 0 || second === 0) return 0
      return Math.fround(dot / Math.fround(Math.fround(Math.sqrt(first)) * Math.fround(Math.sqrt(second))))
    }
    case 'jaccard':
      return squared + dot === 0 ? 0 : Math.fround(squared / (squared + dot))
  }
}

function isDescending(metric: Metric): boolean {
  return metric === 'dot' || metric === 'cosine'
}

function passes(bits: Uint32Array | undefined, row: number): boolean {
  return bits === undefined || (((bits[row >>> 5] ?? 0) >>> (row & 31)) & 1) === 1
}

function oracle(rows: Rows, search: Search): { row: number; score: number }[] {
  const sign = isDescending(search.metric) ? -1 : 1
  const hits: { row: number; score: number }[] = []
  // Large rows are few that come back again and again.
  const known = new Map<Float32Array, number>()
  rows.slice(0, search.rowCount).forEach((vector, row) => {
    if (vector === undefined || !passes(search.passing, row)) return
    const score = known.get(vector) ?? oracleScore(search.metric, vector, search.query)
    known.set(vector, score)
    hits.push({ row, score })
  })
  hits.sort((a, b) => {
    if (Number.isNaN(a.score) || Number.isNaN(b.score)) {
      return Number(Number.isNaN(a.score)) - Number(Number.isNaN(b.score)) || a.row - b.row
    }
    return a.score === b.score ? a.row - b.row : sign * (a.score < b.score ? -1 : 1)
  })
  return hits.slice(0, search.limit)
}

function columnOf(dimensions: number, rows: Rows, of = memory): VectorColumn {
  const column = new VectorColumn(dimensions, 0, of)
  for (const row of rows) column.append(row)
  return column
}

function randomRows(
  random: Random,
  count: number,
  dimensions: number,
  value: () => number,
  absent = 0,
): (Float32Array | undefined)[] {
  const vector = () => Float32Array.from({ length: dimensions }, value)
  return Array.from({ length: count }, () => (random.next() < absent ? undefined : vector()))
}

function randomBits(random: Random, rows: number, share: number): Uint32Array {
  const bits = new Uint32Array(Math.ceil(rows / 32))
  for (let row = 0; row < rows; row++) if (random.next() < share) bits[row >>> 5]! |= 1 << (row & 31)
  return bits
}

function pairs({ rows, scores }: VectorHits): { row: number; score: number }[] {
  return [...rows].map((row, index) => ({ row, score: scores[index]! }))
}

function expectExact(column: VectorColumn, rows: Rows, search: Search, context: string): void {
  expect(pairs(column.search(search)), context).toEqual(oracle(rows, search))
}

/** All limits that matter, with and without bitsets of all densities, over part of the rows and all. */
function searches(random: Random, rows: number, query: Float32Array, metric: Metric): Search[] {
  const bits = [0, 0.01, 0.3, 1].map((share) => randomBits(random, rows, share))
  // Shorter than the rows, and longer: the bits beyond must not count.
  bits.push(randomBits(random, rows >>> 1, 0.7), new Uint32Array(Math.ceil(rows / 32) + 3).fill(0xffffffff))
  const limits = [0, 1, 10, rows, rows + 100]
  const all: Search[] = []
  for (const limit of limits) {
    all.push({ query, metric, limit }, { query, metric, limit, rowCount: Math.floor(random.next() * rows) })
    for (const passing of bits) all.push({ query, metric, limit, passing })
  }
  all.push({ query, metric, limit: 5, passing: bits[2]!, rowCount: rows - 1 })
  return all
}

describe('whole numbers: scores and order are exact', () => {
  const dimensions = [...Array.from({ length: 40 }, (_, index) => index + 1), 64, 128, 1_536]
  test.each(dimensions)('%i dimensions', (size) => {
    const random = seededRandom(seed + size)
    // Few values: many rows have equal scores.
    const value = () => Math.floor(random.next() * 7) - 3
    const count = size > 40 ? 150 : 211
    const rows = randomRows(random, count, size, value, 0.1)
    const column = columnOf(size, rows)
    const query = Float32Array.from({ length: size }, value)
    for (const metric of metrics) {
      for (const search of searches(random, count, query, metric)) {
        const { limit, passing, rowCount } = search
        const context = `seed ${seed}: ${metric}, limit ${limit}, ${passing?.length ?? 'no'} words, ${rowCount ?? 'all'} rows`
        expectExact(column, rows, search, context)
      }
    }
    column.dispose()
  })
})

describe('other numbers: scores agree within float32', () => {
  test.each([1, 3, 16, 100, 128, 1_536])('%i dimensions', (size) => {
    const random = seededRandom(seed + size)
    const value = () => (random.next() - 0.5) * 10 ** Math.floor(random.next() * 4)
    const rows = randomRows(random, 500, size, value)
    const column = columnOf(size, rows)
    const query = Float32Array.from({ length: size }, value)
    for (const metric of metrics) {
      const found = pairs(column.search({ query, metric, limit: 500 }))
      expect(found.length).toBe(500)
      const scores = column.score(
        query,
        metric,
        Uint32Array.from({ length: 500 }, (_, row) => row),
      )
      // Not a bit of a score depends on how its row was found, and beside which others.
      const filtered = column.search({ query, metric, limit: 500, passing: randomBits(random, 500, 0.5) })
      expect(pairs(filtered).filter(({ row, score }) => scores[row] !== score)).toEqual([])
      const reversed = column.score(
        query,
        metric,
        Uint32Array.from({ length: 499 }, (_, i) => 498 - i),
      )
      expect(reversed.toReversed()).toEqual(scores.subarray(0, 499))
      let last = isDescending(metric) ? Infinity : -Infinity
      for (const { row, score } of found) {
        const tolerance = 1e-6 * magnitude(metric, rows[row]!, query)
        const difference = Math.abs(score - oracleScore(metric, rows[row]!, query))
        expect(difference, `seed ${seed}: ${metric}, row ${row}`).toBeLessThanOrEqual(tolerance)
        expect(score).toBe(scores[row])
        expect(isDescending(metric) ? score <= last : score >= last).toBe(true)
        last = score
      }
    }
    column.dispose()
  })
})

/** What the rounding errors of a score are relative to. */
function magnitude(metric: Metric, a: Float32Array, b: Float32Array): number {
  if (metric === 'dot') return a.reduce((sum, value, index) => sum + Math.abs(value * b[index]!), 1e-30)
  if (metric === 'cosine') return 1
  return metric === 'jaccard' ? 4 : oracleScore(metric, a, b)
}

test('rows of several chunks are ranked together, whatever lies at their boundaries', () => {
  const random = seededRandom(seed)
  // Rows of 20,000 bytes: the chunks after the first few hold 209, which is no multiple of 32.
  const size = 5_000
  const value = () => Math.floor(random.next() * 3) - 1
  const different = randomRows(random, 20, size, value)
  const rows = Array.from({ length: 700 }, (_, row) => (row % 13 === 5 ? undefined : different[row % 20]))
  const column = columnOf(size, rows)
  const { chunks } = column.image()
  expect(chunks.length).toBeGreaterThan(4)
  expect(chunks.some((chunk) => chunk.rows % 32 !== 0)).toBe(true)
  const query = Float32Array.from({ length: size }, value)
  for (const metric of metrics) {
    for (const search of searches(random, 700, query, metric)) {
      expectExact(column, rows, search, `seed ${seed}: ${metric}, limit ${search.limit}`)
    }
  }
  column.dispose()
})

test('a single row that passes is found, wherever it is', () => {
  const random = seededRandom(seed)
  const value = () => Math.floor(random.next() * 9) - 4
  const size = 6_000
  const rows = randomRows(random, 400, size, value)
  const column = columnOf(size, rows)
  const query = Float32Array.from({ length: size }, value)
  for (let row = 0; row < 400; row++) {
    const passing = new Uint32Array(13)
    passing[row >>> 5] = 1 << (row & 31)
    const { rows: found, scores } = column.search({ query, metric: 'manhattan', limit: 3, passing })
    expect([...found]).toEqual([row])
    expect(scores[0]).toBe(oracleScore('manhattan', rows[row]!, query))
  }
  column.dispose()
})

test('columns over several arenas are ranked and scored as one', () => {
  const random = seededRandom(seed)
  const arenas = new VectorMemory({ arenaBytesMax: 24 * 2 ** 20 })
  const size = 30_000
  const value = () => Math.floor(random.next() * 3) - 1
  const different = randomRows(random, 7, size, value)
  const rows = Array.from({ length: 140 }, (_, row) => (row % 11 === 3 ? undefined : different[row % 7]))
  const column = columnOf(size, rows, arenas)
  expect(new Set(column.image().chunks.map((chunk) => chunk.memory)).size).toBeGreaterThan(1)
  const query = Float32Array.from({ length: size }, value)
  const shuffled = Uint32Array.from({ length: 300 }, () => Math.floor(random.next() * 140))
  for (const metric of metrics) {
    for (const search of searches(random, 140, query, metric)) {
      expectExact(column, rows, search, `seed ${seed}: ${metric}, limit ${search.limit}`)
    }
    const expected = [...shuffled].map((row) =>
      rows[row] === undefined ? Number.NaN : oracleScore(metric, rows[row], query),
    )
    expect([...column.score(query, metric, shuffled)]).toEqual(expected)
  }
  column.dispose()
})

test('more rows can be ranked than the largest heap holds', () => {
  const count = 300_000
  const column = new VectorColumn(1, count, memory)
  const valueOf = (row: number) => (row * 7_919) % 65_536
  for (let row = 0; row < count; row++) column.append(Float32Array.of(valueOf(row)))
  const byScore = Array.from({ length: count }, (_, row) => row).sort(
    (a, b) => valueOf(b) - valueOf(a) || a - b,
  )
  for (const limit of [262_144, 262_145, count]) {
    const { rows, scores } = column.search({ query: Float32Array.of(2), metric: 'dot', limit })
    expect(rows.length).toBe(limit)
    expect(rows.findIndex((row, index) => row !== byScore[index])).toBe(-1)
    expect(scores.findIndex((score, index) => score !== 2 * valueOf(rows[index]!))).toBe(-1)
  }
  column.dispose()
})

describe('numbers that are none', () => {
  const special = [Number.NaN, Infinity, -Infinity, 0, -0, 1, -1]
  const random = seededRandom(seed)
  const pick = () => special[Math.floor(random.next() ** 2 * special.length)]!

  test.each([1, 2, 3, 4, 5, 17])('NaN comes last, infinities where they belong: %i dimensions', (size) => {
    const rows = randomRows(
      random,
      200,
      size,
      () => (random.next() < 0.5 / size ? pick() : Math.round(random.next() * 4)),
      0.1,
    )
    const column = columnOf(size, rows)
    const queries = [() => 1, () => Math.round(random.next()), () => -0, pick]
    for (const query of queries.map((value) => Float32Array.from({ length: size }, value))) {
      for (const metric of metrics) {
        for (const limit of [1, 7, 200]) {
          const search = { query, metric, limit, passing: randomBits(random, 200, 0.8) }
          const context = `seed ${seed}: ${metric}, limit ${limit}, query ${query.join()}`
          // -0 and 0 are the same score.
          const found = pairs(column.search(search)).map(({ row, score }) => ({ row, score: score + 0 }))
          const expected = oracle(rows, search).map(({ row, score }) => ({ row, score: score + 0 }))
          expect(found, context).toEqual(expected)
        }
      }
    }
    column.dispose()
  })

  test('all bit patterns of NaN are worth the same', () => {
    const column = new VectorColumn(1, 0, memory)
    for (const bits of [0x7fc00000, 0xffc00000, 0x7f800001, 0xffffffff, 0x7fffffff]) {
      column.append(new Float32Array(new Uint32Array([bits]).buffer))
    }
    column.append(Float32Array.of(-Infinity))
    const query = Float32Array.of(1)
    expect([...column.search({ query, metric: 'dot', limit: 9 }).rows]).toEqual([5, 0, 1, 2, 3, 4])
    expect([...column.search({ query, metric: 'dot', limit: 2 }).rows]).toEqual([5, 0])
    expect([...column.search({ query, metric: 'euclid', limit: 3 }).rows]).toEqual([5, 0, 1])
    column.dispose()
  })

  test('scores of zero are equal, whatever the signs', () => {
    const column = new VectorColumn(2, 0, memory)
    const signs = [
      [-0, 1],
      [0, -1],
      [-1e-30, 1e-30],
      [0, 0],
      [-0, -0],
      [1e-30, 0],
    ] as const
    for (const [a, b] of signs) column.append(Float32Array.of(a, b))
    for (const query of [Float32Array.of(1e-30, 0), Float32Array.of(-1e-30, -0), Float32Array.of(-0, -0)]) {
      const { rows, scores } = column.search({ query, metric: 'dot', limit: 9 })
      expect([...rows]).toEqual([0, 1, 2, 3, 4, 5])
      expect([...scores].every((score) => Object.is(score, 0))).toBe(true)
    }
    column.dispose()
  })

  test('sums too large for float32 become infinite and stay in order', () => {
    const column = new VectorColumn(8, 0, memory)
    for (const value of [3e38, -3e38, 1, 3e38]) column.append(new Float32Array(8).fill(value))
    const query = new Float32Array(8).fill(1)
    const hits = column.search({ query, metric: 'dot', limit: 4 })
    expect(pairs(hits)).toEqual([
      { row: 0, score: Infinity },
      { row: 3, score: Infinity },
      { row: 2, score: 8 },
      { row: 1, score: -Infinity },
    ])
    column.dispose()
  })
})

describe('cosine of vectors of any length', () => {
  test('vectors without length have the score 0, as rows and as queries', () => {
    const rows = [
      Float32Array.of(0, 0),
      Float32Array.of(-0, 0),
      Float32Array.of(-3, 0),
      Float32Array.of(2e-30, 0),
    ]
    const column = columnOf(2, rows)
    expect([...column.score(Float32Array.of(1, 0), 'cosine', Uint32Array.of(0, 1, 2, 3))]).toEqual([
      0, 0, -1, 0,
    ])
    const { scores } = column.search({ query: Float32Array.of(-0, 0), metric: 'cosine', limit: 9 })
    expect([...scores].every((score) => Object.is(score, 0))).toBe(true)
    column.dispose()
  })

  test('long and short vectors are compared by their directions', () => {
    const column = columnOf(2, [
      Float32Array.of(1e18, 1e18),
      Float32Array.of(3e-18, 0),
      Float32Array.of(0, -1),
    ])
    const { rows, scores } = column.search({ query: Float32Array.of(2e18, 0), metric: 'cosine', limit: 9 })
    expect([...rows]).toEqual([1, 0, 2])
    expect(scores[0]).toBeCloseTo(1, 6)
    expect(scores[1]).toBeCloseTo(Math.SQRT1_2, 6)
    expect(Object.is(scores[2], 0)).toBe(true)
    column.dispose()
  })

  test('a quotient too small for float32 is 0, not -0', () => {
    const column = columnOf(2, [Float32Array.of(1e-32, 1e18), Float32Array.of(-1e-32, 1e18)])
    const { rows, scores } = column.search({ query: Float32Array.of(1e-5, 0), metric: 'cosine', limit: 9 })
    expect([...rows]).toEqual([0, 1])
    expect([...scores].every((score) => Object.is(score, 0))).toBe(true)
    column.dispose()
  })
})

test('the Jaccard distance of sets: what they have in common of all that they have', () => {
  const column = columnOf(5, [
    Float32Array.of(1, 1, 0, 0, 1),
    Float32Array.of(0, 0, 1, 1, 0),
    Float32Array.of(1, 1, 1, 0, 0),
    new Float32Array(5),
  ])
  const rows = Uint32Array.of(0, 1, 2, 3)
  const query = Float32Array.of(1, 1, 0, 0, 1)
  expect([...column.score(query, 'jaccard', rows)]).toEqual([0, 1, 0.5, 1])
  expect([...column.score(new Float32Array(5), 'jaccard', rows)]).toEqual([1, 1, 1, 0])
  expect([...column.search({ query, metric: 'jaccard', limit: 2 }).rows]).toEqual([0, 2])
  column.dispose()
})

test('rows that were appended after the last growth of the memory are searched', () => {
  const column = new VectorColumn(2, 0, memory)
  const query = Float32Array.of(1, 0)
  for (let row = 0; row < 2_000; row++) {
    column.append(Float32Array.of(row, 0))
    if (row % 100 === 99) {
      const other = new VectorColumn(1_000, 500, memory)
      expect([...column.search({ query, metric: 'dot', limit: 2 }).rows]).toEqual([row, row - 1])
      other.dispose()
    }
  }
  column.dispose()
})

test('memory that another column left behind does not show', () => {
  const own = new VectorMemory()
  const noise = new VectorColumn(7, 0, own)
  for (let row = 0; row < 1_000; row++) noise.append(new Float32Array(7).fill(Number.NaN))
  noise.dispose()
  const rows = Array.from({ length: 900 }, (_, row) =>
    row % 3 === 0 ? undefined : Float32Array.of(row, 1, 2, 3, 4),
  )
  const column = columnOf(5, rows, own)
  for (const metric of metrics) {
    expectExact(column, rows, { query: Float32Array.of(1, 0, 0, 0, 0), metric, limit: 900 }, metric)
  }
})

test('a search of no rows has no hits', () => {
  const column = new VectorColumn(3, 0, memory)
  const query = Float32Array.of(1, 2, 3)
  const nothing = { rows: new Uint32Array(0), scores: new Float32Array(0) }
  expect(column.search({ query, metric: 'dot', limit: 10 })).toEqual(nothing)
  for (let row = 0; row < 40; row++) column.append(undefined)
  expect(column.search({ query, metric: 'dot', limit: 10 })).toEqual(nothing)
  expect(column.search({ query, metric: 'dot', limit: 10, rowCount: 0 })).toEqual(nothing)
  expect(column.score(query, 'dot', new Uint32Array(0))).toEqual(new Float32Array(0))
  column.dispose()
})

test('more rows are scored than fit into one call', () => {
  const random = seededRandom(seed)
  const value = () => Math.floor(random.next() * 9) - 4
  const rows = randomRows(random, 9_000, 6, value, 0.05)
  const column = columnOf(6, rows)
  const query = Float32Array.from({ length: 6 }, value)
  const asked = Uint32Array.from({ length: 9_500 }, () => Math.floor(random.next() * 9_000))
  for (const metric of metrics) {
    const scores = column.score(query, metric, asked)
    const wrong = [...asked].filter((row, index) => {
      const expected = rows[row] === undefined ? Number.NaN : oracleScore(metric, rows[row], query)
      return !Object.is(scores[index], expected)
    })
    expect(wrong, `seed ${seed}, ${metric}`).toEqual([])
  }
  column.dispose()
})

afterAll(() => {
  // The suites above give back what they take, kernel scratch apart.
  expect(memory.stats().bytesInUse).toBeLessThanOrEqual(4 * 2 ** 20)
})
