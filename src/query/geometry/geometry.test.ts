import { describe, expect, test } from 'vitest'
import { Geometry, GeometryReader } from './geometry.ts'
import type { SpatialRelation } from './topology.ts'

const relations: readonly SpatialRelation[] = [
  ...(['equals', 'touches', 'overlaps', 'crosses'] as const),
  ...(['contains', 'intersects', 'within'] as const),
]

const holding = (a: string, b: string): string =>
  relations.filter((relation) => new Geometry(a).isRelated(relation, new Geometry(b))).join(' ')

const box = (x: number, y: number, size = 2): string =>
  `POLYGON ((${x} ${y}, ${x + size} ${y}, ${x + size} ${y + size}, ${x} ${y + size}, ${x} ${y}))`

const rings = (x: number, y: number, size?: number): string => box(x, y, size).replace('POLYGON ', '')
const mixed = `GEOMETRYCOLLECTION (${box(0, 0, 4)}, LINESTRING (1 1, 2 2), POINT (3 3), POINT (9 9))`
const nested = `MULTIPOLYGON (${rings(0, 0, 4)}, ${rings(0, 0, 3)})`

describe('how two geometries lie to one another', () => {
  test.each([
    ['POINT (1 1)', 'POINT (1 1)', 'equals contains intersects within'],
    ['POINT (1 1)', 'POINT (1 2)', ''],
    [box(0, 0), 'POINT (1 1)', 'contains intersects'],
    ['POINT (1 1)', box(0, 0), 'intersects within'],
    // On the edge.
    [box(0, 0), 'POINT (0 1)', 'touches intersects'],
    [box(0, 0), 'POINT (5 5)', ''],
    [box(0, 0), box(1, 1), 'overlaps intersects'],
    [box(0, 0), box(2, 0), 'touches intersects'],
    [box(0, 0), box(2, 2), 'touches intersects'],
    [box(0, 0, 5), box(1, 1), 'contains intersects'],
    [box(0, 0), 'POLYGON ((2 2, 0 2, 0 0, 2 0, 2 2))', 'equals contains intersects within'],
    ['LINESTRING (0 0, 2 2)', 'LINESTRING (0 2, 2 0)', 'crosses intersects'],
    ['LINESTRING (0 0, 2 2)', 'LINESTRING (2 2, 3 3)', 'touches intersects'],
    ['LINESTRING (0 0, 2 2)', 'LINESTRING (1 1, 3 3)', 'overlaps intersects'],
    ['LINESTRING (0 0, 2 2)', 'LINESTRING (2 2, 1 1, 0 0)', 'equals contains intersects within'],
    ['LINESTRING (-1 1, 3 1)', box(0, 0), 'crosses intersects'],
    ['POLYGON ((0 0, 9 0, 9 9, 0 9, 0 0), (1 1, 8 1, 8 8, 1 8, 1 1))', 'POINT (4 4)', ''],
    [
      `MULTIPOLYGON (((0 0, 1 0, 1 1, 0 0)), ((5 5, 6 5, 6 6, 5 5)))`,
      'POINT (5.5 5.2)',
      'contains intersects',
    ],
    ['MULTIPOINT (1 1, 9 9)', box(0, 0), 'crosses intersects'],
    ['GEOMETRYCOLLECTION (POINT (1 1), LINESTRING (3 3, 4 4))', 'POINT (1 1)', 'contains intersects'],
    // Parts that lie within one another, or on one another.
    [mixed, mixed, 'equals contains intersects within'],
    [mixed, 'POINT (1 1)', 'contains intersects'],
    ['POINT (1 1)', mixed, 'intersects within'],
    [nested, box(-1, -1, 20), 'intersects within'],
    ['POINT (1 1)', nested, 'intersects within'],
    ['POINT EMPTY', 'LINESTRING EMPTY', 'equals'],
    ['POINT EMPTY', box(0, 0), ''],
  ])('%s and %s', (a, b, expected) => {
    expect(holding(a, b)).toBe(expected)
  })
})

test.each([
  ['POINT (1 1)', true],
  ['POINT EMPTY', true],
  ['LINESTRING (0 0, 0 0)', false],
  [box(0, 0), true],
  ['POLYGON ((0 0, 10 10, 10 0, 0 10, 0 0))', false],
  ['POLYGON ((0 0, 4 0, 4 4, 0 4, 0 0), (5 5, 6 5, 6 6, 5 5))', false],
])('%s is valid: %s', (text, expected) => {
  expect(new Geometry(text).isValid()).toBe(expected)
})

test('a broken geometry has an answer as well', () => {
  expect(() => holding('POLYGON ((0 0, 10 10, 10 0, 0 10, 0 0))', box(1, 1))).not.toThrow()
})

test('metres to a point', () => {
  const meters = (text: string, x: number, y: number): number =>
    new Geometry(text).metersTo(new Geometry(`POINT (${x} ${y})`), [x, y])
  expect(meters('POINT (0 0)', 0, 0)).toBe(0)
  // A degree of a meridian.
  expect(meters('POINT (0 1)', 0, 0)).toBeCloseTo((Math.PI * 6_371_000) / 180, 3)
  expect(meters('POINT (1 60)', 0, 60)).toBeCloseTo(55_597, 0)
  expect(meters('POINT (179.5 0)', -179.5, 0)).toBeCloseTo((Math.PI * 6_371_000) / 180, 3)
  expect(meters(box(0, 0), 1, 1)).toBe(0)
  expect(meters(box(1, 0), 0, 0)).toBeCloseTo(111_320, 3)
  expect(meters('POINT EMPTY', 0, 0)).toBe(Infinity)
  expect(meters('POLYGON EMPTY', 0, 0)).toBe(Infinity)
})

test('the last geometries are not read again', () => {
  const reader = new GeometryReader()
  const first = reader.read('POINT (1 1)')
  expect(reader.read('no geometry')).toBeUndefined()
  expect(reader.read('POINT (1 1)')).toBe(first)
  for (let i = 0; i < 10; i++) reader.read(`POINT (${i} 2)`)
  expect(reader.read('POINT (1 1)')).not.toBe(first)
})
