import { describe, expect, test } from 'vitest'
import { isDatabaseError } from '../../errors/database-error.ts'
import { anchorOf, Schedule } from './schedule.ts'

const at = (text: string): number => Date.parse(text)

function runs(text: string, timezone: string, from: string, count: number): string[] {
  const schedule = new Schedule(text, timezone)
  const times: string[] = []
  let time = at(from)
  for (let n = 0; n < count; n++) {
    const next = schedule.next(time)
    if (next === undefined) break
    times.push(new Date(next).toISOString())
    time = next
  }
  return times
}

function refusal(text: string, timezone = 'UTC'): string {
  try {
    new Schedule(text, timezone)
  } catch (error) {
    if (isDatabaseError(error, 'request-invalid')) return error.message
    throw error
  }
  return 'accepted'
}

describe('the times of a schedule', () => {
  test('a run at the very moment is not after it', () => {
    expect(runs('0 * * * *', 'UTC', '2026-01-01T00:00:00.000Z', 2)).toEqual([
      '2026-01-01T01:00:00.000Z',
      '2026-01-01T02:00:00.000Z',
    ])
    expect(runs('0 * * * *', 'UTC', '2025-12-31T23:59:59.999Z', 1)).toEqual(['2026-01-01T00:00:00.000Z'])
  })

  test('six fields have seconds in front; shorthands are known', () => {
    expect(runs('*/20 * * * * *', 'UTC', '2026-01-01T00:00:50Z', 2)).toEqual([
      '2026-01-01T00:01:00.000Z',
      '2026-01-01T00:01:20.000Z',
    ])
    expect(runs('@weekly', 'UTC', '2026-01-01T00:00:00Z', 1)).toEqual(['2026-01-04T00:00:00.000Z'])
  })

  test('the end of the month', () => {
    expect(runs('0 3 31 * *', 'UTC', '2026-01-31T03:00:00Z', 3)).toEqual([
      '2026-03-31T03:00:00.000Z',
      '2026-05-31T03:00:00.000Z',
      '2026-07-31T03:00:00.000Z',
    ])
    expect(runs('0 3 L * *', 'UTC', '2028-01-31T03:00:00Z', 2)).toEqual([
      '2028-02-29T03:00:00.000Z',
      '2028-03-31T03:00:00.000Z',
    ])
    expect(runs('0 3 29 2 *', 'UTC', '2026-01-01T00:00:00Z', 1)).toEqual(['2028-02-29T03:00:00.000Z'])
  })
})

describe('when the clocks change', () => {
  test('a time that a day does not have runs once, at the first moment after the gap', () => {
    expect(runs('30 2 * * *', 'Europe/Berlin', '2026-03-28T02:00:00Z', 2)).toEqual([
      '2026-03-29T01:00:00.000Z',
      '2026-03-30T00:30:00.000Z',
    ])
  })

  test('a time that a day has twice runs once', () => {
    expect(runs('30 2 * * *', 'Europe/Berlin', '2026-10-24T12:00:00Z', 2)).toEqual([
      '2026-10-25T00:30:00.000Z',
      '2026-10-26T01:30:00.000Z',
    ])
  })

  test('what repeats follows real time', () => {
    const hours = (from: string) =>
      runs('0 * * * *', 'Europe/Berlin', from, 30).map((time, index, all) =>
        index === 0 ? 0 : at(time) - at(all[index - 1]!),
      )
    for (const from of ['2026-03-28T20:10:00Z', '2026-10-24T20:10:00Z'])
      expect(new Set(hours(from).slice(1))).toEqual(new Set([3_600_000]))
  })
})

describe('what is due', () => {
  const hourly = new Schedule('0 * * * *')
  const done = at('2026-01-01T10:00:00Z')

  test('nothing before its time', () => {
    expect(hourly.due(done, done)).toBeUndefined()
    expect(hourly.due(done, at('2026-01-01T10:59:59.999Z'))).toBeUndefined()
  })

  test('a run at its time, and one for all that were missed', () => {
    expect(hourly.due(done, at('2026-01-01T11:00:00Z'))).toBe(at('2026-01-01T11:00:00Z'))
    const later = at('2026-02-01T11:30:00Z')
    expect(hourly.due(done, later)).toBe(at('2026-01-01T11:00:00Z'))
    expect(hourly.due(later, later)).toBeUndefined()
  })

  test('a clock that was corrected by a little does not repeat a run', () => {
    for (const back of [1, 60_000, 600_000]) {
      expect(anchorOf(done, done - back)).toBe(done)
      expect(hourly.due(done, done - back)).toBeUndefined()
    }
  })

  test('a clock that was set back by a year does not stop the policy for a year', () => {
    const now = at('2025-01-01T09:30:00Z')
    expect(anchorOf(done, now)).toBe(now)
    expect(hourly.due(anchorOf(done, now), at('2025-01-01T10:00:00Z'))).toBe(at('2025-01-01T10:00:00Z'))
  })
})

describe('what is no schedule', () => {
  test('is refused with a reason', () => {
    expect(refusal('')).toContain('fields')
    expect(refusal('* * * *')).toContain('4 fields')
    expect(refusal('* * * * * * 2030')).toContain('7 fields')
    expect(refusal('61 * * * *')).toContain('61')
    expect(refusal('0 0 30 2 *')).toContain('no time that exists')
    expect(refusal('2026-01-01T00:00:00')).toContain('fields')
    expect(refusal('@reboot')).toContain('fields')
    expect(refusal('0 0 * * *', 'Mars/Base')).toContain('Mars/Base')
    expect(refusal('0 0 * * *', 'America/New_York')).toBe('accepted')
  })
})
