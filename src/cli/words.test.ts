import { describe, expect, test } from 'vitest'
import { progressText } from './follow-job.ts'
import { facts, table } from './table.ts'
import { bytesText, durationText, parseBytes, parseDuration, parsePairs, timeText } from './words.ts'

describe('words', () => {
  test('bytes and times as people read them', () => {
    expect([0, 1023, 1024, 15_000_000, 5e12].map(bytesText)).toEqual([
      '0 B',
      '1023 B',
      '1.00 KiB',
      '14.3 MiB',
      '4.55 TiB',
    ])
    expect([20, 1000, 61_000, 3_600_000, 93_784_000].map(durationText)).toEqual([
      '20ms',
      '1s',
      '1m 1s',
      '1h',
      '1d 2h',
    ])
    expect([null, 0].map(timeText)).toEqual(['-', '1970-01-01T00:00:00Z'])
  })

  test('what people write is read, and what makes no sense is refused', () => {
    expect(['0', '90s', '36h', '1d12h', '2w'].map(parseDuration)).toEqual([
      0, 90_000, 129_600_000, 129_600_000, 1_209_600_000,
    ])
    for (const text of ['', '5', 'h', '1.5h', '-1h', '1h x'])
      expect(() => parseDuration(text)).toThrow('duration')
    expect(['500', '64KiB', '2GiB'].map((text) => parseBytes('--rate', text))).toEqual([500, 65_536, 2 ** 31])
    for (const text of ['', 'MiB', '1MB', '-1']) expect(() => parseBytes('--rate', text)).toThrow('--rate')
    expect(parsePairs('label', ['a=b=c', 'd='])).toEqual({ a: 'b=c', d: '' })
    expect(() => parsePairs('label', ['=b'])).toThrow('label')
  })

  test('tables are aligned, and nothing in them moves the cursor', () => {
    const rows = [
      { name: 'grün', n: 5 },
      { name: 'a\x1b[2Jb', n: 1234 },
    ]
    const text = table(rows, [
      { title: 'NAME', text: ({ name }) => name },
      { title: 'N', text: ({ n }) => String(n), isNumber: true },
    ])
    expect(text.split('\n')).toEqual(['NAME          N', 'grün          5', 'a\\x1b[2Jb  1234'])
    expect(
      facts([
        ['a', '1'],
        ['long', ''],
        ['bcd', '2'],
      ]),
    ).toBe('a    1\nbcd  2')
  })

  test('progress says what is known', () => {
    const job = { kind: 'verify', done: 512, total: 2048, unit: 'bytes', ratePerSecond: 1024, etaMs: 90_000 }
    expect(progressText(job as never)).toBe('verify  25 %  512 B of 2.00 KiB  1.00 KiB/s  1m 30s left')
    const unknown = { ...job, total: null, unit: 'points', ratePerSecond: null, etaMs: null }
    expect(progressText(unknown as never)).toBe('verify  512 points')
  })
})
