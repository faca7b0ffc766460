import { describe, expect, test } from 'vitest'
import { microsecondsOf, momentOn, momentText, MomentError, parseMoment, storedMoment } from './moment.ts'

describe('a moment', () => {
  test.each([
    ['2024-12-31T22:00:00Z', 'America/New_York', '2024-12-31T22:00:00Z'],
    ['2024-12-31 22:00:00Z', 'America/New_York', '2024-12-31T22:00:00Z'],
    ['2024-12-31 22:00:00', 'America/New_York', '2025-01-01T03:00:00Z'],
    ['2024-07-01T22:00:00', 'America/New_York', '2024-07-02T02:00:00Z'],
    ['2024-12-31T22:00:00.5', 'Asia/Shanghai', '2024-12-31T14:00:00.5Z'],
    ['2024-12-31 22:00:00+08', 'UTC', '2024-12-31T14:00:00Z'],
    ['2024-12-31T22:00:00.1234567-08:00', 'UTC', '2025-01-01T06:00:00.123456Z'],
    ['0000-01-01 00:00:00', 'UTC', '0000-01-01T00:00:00Z'],
    ['0050-03-01 00:00:00', 'UTC', '0050-03-01T00:00:00Z'],
    ['1969-12-31T23:59:59.25Z', 'UTC', '1969-12-31T23:59:59.25Z'],
    // In UTC these years would have no four digits.
    ['9999-12-31T23:00:00-05:00', 'UTC', '9999-12-31T23:00:00-05:00'],
    ['0000-01-01T00:00:00+08:00', 'UTC', '0000-01-01T00:00:00+08:00'],
  ])('%s in %s', (text, zone, stored) => {
    expect(storedMoment(text, zone)).toBe(stored)
    const { seconds, microseconds } = parseMoment(text, zone)
    expect(momentOn('UTC', stored)).toEqual({ seconds, microseconds, offset: 0 })
  })

  test.each([
    ...[
      '',
      'timestamp',
      '1234',
      '2024-13-01T00:00:00Z',
      '2023-02-29T00:00:00Z',
      '2024-01-01',
      '2024-01-01T24:00:00Z',
    ],
    ...['2024-01-01T00:00:60Z', '2024-01-01T00:00Z', ' 2024-01-01T00:00:00Z', '2024-01-01T00:00:00 Z'],
    ...['2024-01-01T00:00:00+15:00', '2024-01-01T00:00:00-13:00', '2024-01-01T00:00:00+05:60'],
  ])('%j is none', (text) => {
    expect(() => parseMoment(text, 'UTC')).toThrow(MomentError)
  })

  test.each([
    ['UTC', '2024-12-31T22:00:00Z'],
    ['Asia/Shanghai', '2025-01-01T06:00:00+08:00'],
    ['America/New_York', '2024-12-31T17:00:00-05:00'],
    ['Europe/London', '2024-12-31T22:00:00Z'],
    ['Asia/Kathmandu', '2025-01-01T03:45:00+05:45'],
  ])('is told on the clocks of %s', (zone, text) => {
    expect(momentText(momentOn(zone, '2024-12-31T22:00:00Z')!)).toBe(text)
  })

  test('clocks are changed within a year', () => {
    const inNewYork = (text: string): string => momentText(momentOn('America/New_York', text)!)
    expect(inNewYork('2024-03-10T06:59:59Z')).toBe('2024-03-10T01:59:59-05:00')
    expect(inNewYork('2024-03-10T07:00:00Z')).toBe('2024-03-10T03:00:00-04:00')
    expect(inNewYork('0001-01-01T12:00:00Z')).toBe('0001-01-01T07:03:58-04:56')
  })

  test('microseconds are exact far from now', () => {
    expect(microsecondsOf(parseMoment('9999-12-31T23:59:59.999999Z', 'UTC'))).toBe(253402300799999999n)
    expect(microsecondsOf(parseMoment('2024-01-01T00:00:00.000001Z', 'UTC'))).toBe(1704067200000001)
  })
})
