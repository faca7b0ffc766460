import { describe, expect, test } from 'vitest'
import { GeometryError, parseWkt } from './wkt.ts'

const square = [
  [0, 0],
  [1, 0],
  [1, 1],
  [0, 0],
]

describe('well-known text', () => {
  test.each([
    ['POINT (1 2)', { kind: 'Point', at: [1, 2] }],
    [' point(-1.5e-3 +2.)', { kind: 'Point', at: [-0.0015, 2] }],
    ['POINT Z (1 2 3)', { kind: 'Point', at: [1, 2] }],
    ['POINTZM(1 2 3 4)', { kind: 'Point', at: [1, 2] }],
    ['POINT (1 2 3)', { kind: 'Point', at: [1, 2] }],
    ['POINT EMPTY', { kind: 'Point', at: undefined }],
    [
      'LINESTRING (0 0, 1 1 )',
      {
        kind: 'LineString',
        line: [
          [0, 0],
          [1, 1],
        ],
      },
    ],
    ['POLYGON ((0 0, 1 0, 1 1, 0 0))', { kind: 'Polygon', rings: [square] }],
    ['MULTIPOINT (1 2, (3 4), EMPTY)', { kind: 'MultiPoint', points: [[1, 2], [3, 4], undefined] }],
    [
      'MULTILINESTRING ((0 0, 1 1), EMPTY)',
      {
        kind: 'MultiLineString',
        lines: [
          [
            [0, 0],
            [1, 1],
          ],
          [],
        ],
      },
    ],
    ['MULTIPOLYGON (((0 0, 1 0, 1 1, 0 0)))', { kind: 'MultiPolygon', polygons: [[square]] }],
    ['MULTIPOLYGON EMPTY', { kind: 'MultiPolygon', polygons: [] }],
    [
      'GEOMETRYCOLLECTION (POINT (1 2), GEOMETRYCOLLECTION EMPTY)',
      {
        kind: 'GeometryCollection',
        shapes: [
          { kind: 'Point', at: [1, 2] },
          { kind: 'GeometryCollection', shapes: [] },
        ],
      },
    ],
  ])('%s', (text, shape) => {
    expect(parseWkt(text)).toEqual(shape)
  })

  test.each([
    ...[
      '',
      'INVALID WKT STRING',
      'POINT',
      'POINT ()',
      'POINT (1)',
      'POINT (1 2',
      'POINT (1 2) x',
      'POINT (1, 2)',
    ],
    ...[
      'POINT (abc def)',
      'POINT (1 2 3 4 5)',
      'POINT (NaN 1)',
      'POINT (1e400 2)',
      'POINT Z (1 2)',
      'POINT (1.2.3 4)',
    ],
    ...[
      'LINESTRING (0 0)',
      'LINESTRING (0 0, 1 1 1)',
      'LINESTRING ()',
      'SRID=4326;POINT (1 2)',
      'POINT (1 2))',
    ],
    ...[
      'POLYGON ((0 0, 1 1))',
      'POLYGON ((0 0, 1 0, 1 1, 0 1))',
      'POLYGON (0 0, 1 0, 1 1, 0 0)',
      'CIRCLE (0 0, 1 1)',
    ],
    `${'GEOMETRYCOLLECTION ('.repeat(60)}POINT (1 2)${')'.repeat(60)}`,
  ])('%j is none', (text) => {
    expect(() => parseWkt(text)).toThrow(GeometryError)
  })
})
