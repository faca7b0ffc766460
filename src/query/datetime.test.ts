import { describe, expect, test } from 'vitest'
import { parseDatetime } from './datetime.ts'

const noon = Date.UTC(2024, 2, 1, 12) * 1_000

describe('parseDatetime', () => {
  test.each([
    ['2024-03-01T12:00:00Z', noon],
    ['2024-03-01t12:00:00z', noon],
    ['2024-03-01 12:00:00', noon],
    ['2024-03-01T12:00', noon],
    [' 2024-03-01T14:00:00+0200 ', noon],
    ['2024-03-01T07:00:00-05:00', noon],
    ['2024-03-01T12:00:00.123456789Z', noon + 123_456],
    ['2024-03-01T12:00:00.5', noon + 500_000],
    ['2024-03-01T11:59:60Z', noon],
    ['2024-03-01', noon - 12 * 3_600_000_000],
    ['1969-12-31T23:59:59Z', -1_000_000],
    ['0050-01-01', Date.parse('0050-01-01T00:00:00Z') * 1_000],
  ])('%s', (text, micros) => {
    expect(parseDatetime(text)).toBe(micros)
  })

  test.each([
    '',
    'yesterday',
    '2024',
    '2024-03',
    '2024-13-01',
    '2024-02-30',
    '2024-03-01T25:00:00Z',
    '2024-03-01T12Z',
    '2024-03-01T12:00:61Z',
    '2024-03-01T12:00:00+99:00',
    '01.03.2024',
    '12:00:00',
  ])('%j is no time', (text) => {
    expect(parseDatetime(text)).toBeUndefined()
  })
})
