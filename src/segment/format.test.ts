import { describe, expect, test } from 'vitest'
import { vectorFileNames, parseSegmentInfo } from './format.ts'

const nameOf = (vector: string): string => vectorFileNames([vector]).get(vector)!

describe('file names of vectors', () => {
  test('say which vector they hold, where a file name can', () => {
    expect(nameOf('')).toBe('_')
    expect(nameOf('image')).toBe('image')
    expect(nameOf('_')).toBe('%5F')
    expect(nameOf('_x')).toBe('%5Fx')
    expect(nameOf('.hidden')).toBe('%2Ehidden')
    expect(nameOf('~x')).toBe('%7Ex')
    expect(nameOf('a/b\\c*d')).toBe('a%2Fb%5Cc%2Ad')
    expect(nameOf('größe')).toBe('gr%C3%B6%C3%9Fe')
  })

  test('are a hash where they would be too long or cannot be written', () => {
    expect(nameOf('x'.repeat(93))).toBe(`${'x'.repeat(93)}`)
    expect(nameOf('x'.repeat(94))).toMatch(/^~[0-9a-f]{16}$/)
    expect(nameOf('\ud800')).toMatch(/^~[0-9a-f]{16}$/)
    expect(nameOf('\ud800')).not.toBe(nameOf('\ud801'))
  })

  test('differ by more than upper and lower case, whatever the order they come in', () => {
    const names = vectorFileNames(['text', 'Text', 'TEXT'])
    expect(new Set([...names.values()].map((name) => name.toLowerCase())).size).toBe(3)
    expect([...vectorFileNames(['TEXT', 'text', 'Text'])].sort()).toEqual([...names].sort())
  })

  test('are printable, short and visible for any vector', () => {
    const vectors = [
      '..',
      '...',
      ' ',
      '\u0000',
      'CON',
      "it's (a) test!",
      '☃'.repeat(40),
      'é'.repeat(11),
      '*'.repeat(50),
    ]
    for (const vector of vectors) expect(nameOf(vector)).toMatch(/^[!-\-0-[\]-~][!-.0-[\]-~]{0,99}$/)
  })
})

describe('parseSegmentInfo', () => {
  const sha256 = 'ab'.repeat(32)
  const info = {
    id: '11111111-2222-4333-8444-555555555555',
    rowCount: 3,
    minSeq: 1,
    maxSeq: 9,
    formatVersion: 1,
    files: [
      { name: '_', bytes: 64, sha256, vector: '' },
      { name: 'rows.parquet', bytes: 1_000, sha256 },
    ],
  }

  test('gives back what was written', () => {
    expect(parseSegmentInfo(JSON.parse(JSON.stringify(info)))).toEqual(info)
  })

  test('leaves out what it does not know', () => {
    expect(parseSegmentInfo({ ...info, colour: 'red' })).toEqual(info)
  })

  const rows = info.files[1]!
  test.each([
    ['nothing', undefined],
    ['a list', [info]],
    ['an id that is no UUID', { ...info, id: '../../etc' }],
    ['a fraction of a row', { ...info, rowCount: 1.5 }],
    ['more rows than numbers', { ...info, rowCount: 2 ** 32 }],
    ['numbers the wrong way round', { ...info, minSeq: 10 }],
    ['a number as text', { ...info, maxSeq: '9' }],
    ['no files', { ...info, files: undefined }],
    ['no rows', { ...info, files: [info.files[0]] }],
    ['rows that are a vector', { ...info, files: [{ ...rows, vector: 'a' }] }],
    ['a file twice', { ...info, files: [rows, rows] }],
    ['a vector twice', { ...info, files: [rows, info.files[0], { ...info.files[0], name: 'x' }] }],
    ['a file in another folder', { ...info, files: [rows, { ...rows, name: '../rows.parquet' }] }],
    ['a hidden file', { ...info, files: [rows, { ...rows, name: '.rows' }] }],
    ['a long name', { ...info, files: [rows, { ...rows, name: 'x'.repeat(101) }] }],
    ['a negative length', { ...info, files: [{ ...rows, bytes: -1 }] }],
    ['a short checksum', { ...info, files: [{ ...rows, sha256: 'ab' }] }],
  ])('refuses %s', (_, value) => {
    expect(() => parseSegmentInfo(value)).toThrow(expect.objectContaining({ code: 'manifest-corrupt' }))
  })

  test('refuses a later version, whatever else there is', () => {
    expect(() => parseSegmentInfo({ formatVersion: 2 })).toThrow(
      expect.objectContaining({ code: 'version-unsupported' }),
    )
  })
})
