import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { planRetention, type Keep, type RetainedSnapshot } from './retention.ts'

const hourMs = 3_600_000
const dayMs = 24 * hourMs

type Draft = Partial<Omit<RetainedSnapshot, 'createdAt'>> & { readonly at: string }

/** In order of creation: the n-th has id n. */
function snapshots(drafts: readonly (Draft | string)[]): RetainedSnapshot[] {
  return drafts.map((draft, index) => {
    const { at, ...rest } = typeof draft === 'string' ? { at: draft } : draft
    const createdAt = Date.parse(at)
    return {
      id: `${index + 1}`,
      seq: index + 1,
      createdAt,
      isHeld: false,
      isVerified: false,
      isGood: true,
      ...rest,
    }
  })
}

function plan(list: readonly RetainedSnapshot[], keep: Keep, timezone = 'UTC', at?: string) {
  const now = at === undefined ? Math.max(0, ...list.map(({ createdAt }) => createdAt)) : Date.parse(at)
  return planRetention(list, keep, { now, timezone })
}

const keptIds = (list: readonly RetainedSnapshot[], keep: Keep, timezone = 'UTC', at?: string): string[] =>
  plan(list, keep, timezone, at)
    .kept.map(({ id }) => id)
    .reverse()

function daily(from: string, count: number, stepMs = dayMs): RetainedSnapshot[] {
  return snapshots(
    Array.from({ length: count }, (_, n) => new Date(Date.parse(from) + n * stepMs).toISOString()),
  )
}

describe('each rule', () => {
  test('without rules everything stays', () => {
    expect(plan(daily('2026-01-01T00:00:00Z', 3), {})).toEqual({
      kept: [
        { id: '3', rules: ['newest-good', 'no-rules'] },
        { id: '2', rules: ['no-rules'] },
        { id: '1', rules: ['no-rules'] },
      ],
      deleted: [],
    })
  })

  test('last keeps the newest ones; the oldest is deleted first', () => {
    const result = plan(daily('2026-01-01T00:00:00Z', 5), { last: 2 })
    expect(result.kept).toEqual([
      { id: '5', rules: ['newest-good', 'last'] },
      { id: '4', rules: ['last'] },
    ])
    expect(result.deleted).toEqual(['1', '2', '3'])
  })

  test('a bucket keeps its newest one, and buckets without one do not count', () => {
    const list = snapshots([
      '2026-01-01T01:00:00Z',
      '2026-01-01T23:00:00Z',
      '2026-01-05T01:00:00Z',
      '2026-01-05T23:00:00Z',
      '2026-01-20T01:00:00Z',
      '2026-01-20T02:00:00Z',
    ])
    expect(keptIds(list, { daily: 3 })).toEqual(['2', '4', '6'])
    expect(keptIds(list, { daily: 2 })).toEqual(['4', '6'])
    expect(keptIds(list, { hourly: 3 })).toEqual(['4', '5', '6'])
  })

  test('months and years end where the calendar says, leap days included', () => {
    const list = snapshots([
      '2027-12-31T23:59:59Z',
      '2028-01-31T23:59:59Z',
      '2028-02-28T12:00:00Z',
      '2028-02-29T12:00:00Z',
      '2028-03-01T00:00:00Z',
    ])
    expect(keptIds(list, { monthly: 10 })).toEqual(['1', '2', '4', '5'])
    expect(keptIds(list, { yearly: 10 })).toEqual(['1', '5'])
  })

  test('weeks begin on Monday, also around New Year', () => {
    // 2026-12-28 is a Monday; the week goes on to Sunday, 2027-01-03.
    const list = snapshots([
      '2026-12-27T23:00:00Z',
      '2026-12-28T01:00:00Z',
      '2027-01-03T23:00:00Z',
      '2027-01-04T00:00:00Z',
    ])
    expect(keptIds(list, { weekly: 10 })).toEqual(['1', '3', '4'])
  })

  test('maximal age alone keeps what is younger', () => {
    const list = daily('2026-01-01T00:00:00Z', 10)
    expect(keptIds(list, { maxAgeMs: 3 * dayMs })).toEqual(['7', '8', '9', '10'])
    expect(keptIds(list, { maxAgeMs: 3 * dayMs }, 'UTC', '2026-06-01T00:00:00Z')).toEqual(['10'])
  })

  test('maximal age cuts the buckets, but not the last n', () => {
    const list = daily('2026-01-01T00:00:00Z', 10)
    expect(keptIds(list, { daily: 8, maxAgeMs: 2 * dayMs })).toEqual(['8', '9', '10'])
    const later = '2026-06-01T00:00:00Z'
    expect(keptIds(list, { last: 4, daily: 8, maxAgeMs: 2 * dayMs }, 'UTC', later)).toEqual([
      '7',
      '8',
      '9',
      '10',
    ])
    expect(keptIds(list, { last: 2, maxAgeMs: 4 * dayMs })).toEqual(['6', '7', '8', '9', '10'])
  })
})

describe('rules together', () => {
  test('one snapshot may be kept by several, and says which', () => {
    const list = daily('2026-01-30T12:00:00Z', 4)
    expect(plan(list, { last: 1, daily: 2, monthly: 2, yearly: 1 })).toEqual({
      kept: [
        { id: '4', rules: ['newest-good', 'last', 'daily', 'monthly', 'yearly'] },
        { id: '3', rules: ['daily'] },
        { id: '2', rules: ['monthly'] },
      ],
      deleted: ['1'],
    })
  })

  test('applied each day, grandfather-father-son settles', () => {
    const keep: Keep = { last: 2, daily: 7, weekly: 4, monthly: 6, yearly: 2 }
    let list: RetainedSnapshot[] = []
    for (const next of daily('2024-01-01T03:00:00Z', 3 * 366)) {
      list.push(next)
      const { deleted } = plan(list, keep)
      list = list.filter(({ id }) => !deleted.includes(id))
    }
    const days = list.map(({ createdAt }) => new Date(createdAt).toISOString().slice(0, 10))
    expect(days).toEqual([
      '2026-08-31',
      '2026-09-30',
      '2026-10-31',
      '2026-11-30',
      '2026-12-13',
      '2026-12-20',
      '2026-12-27',
      '2026-12-28',
      '2026-12-29',
      '2026-12-30',
      '2026-12-31',
      '2027-01-01',
      '2027-01-02',
    ])
  })
})

describe('in the timezone of the policy', () => {
  test('a day begins at its midnight', () => {
    const list = snapshots(['2026-06-01T21:59:00Z', '2026-06-01T22:01:00Z'])
    expect(keptIds(list, { daily: 5 })).toEqual(['2'])
    expect(keptIds(list, { daily: 5 }, 'Europe/Berlin')).toEqual(['1', '2'])
    expect(keptIds(list, { daily: 5 }, 'Asia/Kathmandu')).toEqual(['2'])
  })

  test('the day that clocks go forward has 23 hours, the day that they go back 25', () => {
    const everyHour = (from: string, count: number) => daily(from, count, hourMs)
    // Two local days each, midnight to midnight, a snapshot at the first minute of each hour.
    const spring = everyHour('2026-03-28T23:01:00Z', 23)
    const autumn = everyHour('2026-10-24T22:01:00Z', 25)
    for (const list of [spring, autumn]) {
      expect(keptIds(list, { hourly: 100 }, 'Europe/Berlin')).toHaveLength(list.length)
      expect(keptIds(list, { daily: 100 }, 'Europe/Berlin')).toEqual([String(list.length)])
    }
  })
})

describe('what is never deleted', () => {
  test('held snapshots and the newest one that was verified', () => {
    const list = snapshots([
      { at: '2026-01-01T00:00:00Z', isVerified: true },
      { at: '2026-01-02T00:00:00Z', isVerified: true },
      { at: '2026-01-03T00:00:00Z', isHeld: true },
      '2026-01-04T00:00:00Z',
      '2026-01-05T00:00:00Z',
    ])
    expect(plan(list, { last: 1 })).toEqual({
      kept: [
        { id: '5', rules: ['newest-good', 'last'] },
        { id: '3', rules: ['held'] },
        { id: '2', rules: ['newest-verified'] },
      ],
      deleted: ['1', '4'],
    })
  })

  test('a damaged snapshot takes no place of a good one', () => {
    const list = snapshots([
      '2026-01-01T00:00:00Z',
      '2026-01-02T00:00:00Z',
      '2026-01-03T00:00:00Z',
      { at: '2026-01-03T12:00:00Z', isGood: false },
      { at: '2026-01-04T00:00:00Z', isGood: false },
    ])
    expect(keptIds(list, { last: 2 })).toEqual(['2', '3', '4', '5'])
    expect(keptIds(list, { daily: 2 })).toEqual(['2', '3'])
    expect(keptIds(list, { maxAgeMs: 1 })).toContain('3')
  })

  test('order is that of creation, whatever the clock said', () => {
    // The clock ran a year ahead for two snapshots, then was set back.
    const list = snapshots([
      '2026-01-01T00:00:00Z',
      '2027-01-01T00:00:00Z',
      '2027-01-02T00:00:00Z',
      '2026-01-02T00:00:00Z',
      '2026-01-03T00:00:00Z',
    ])
    expect(keptIds(list, { last: 2 })).toEqual(['4', '5'])
    expect(keptIds(list, { daily: 3 })).toEqual(['3', '4', '5'])
    const now = '2026-01-03T00:00:00Z'
    expect(keptIds(list, { maxAgeMs: dayMs }, 'UTC', now)).toEqual(['2', '3', '4', '5'])
  })
})

const snapshotArbitrary = fc.record({
  createdAt: fc.integer({ min: Date.UTC(2025, 0, 1), max: Date.UTC(2027, 0, 1) }),
  isHeld: fc.boolean(),
  isVerified: fc.boolean(),
  isGood: fc.boolean(),
})
const count = fc.integer({ min: 1, max: 5 })
const keepArbitrary = fc.record(
  {
    last: count,
    hourly: count,
    daily: count,
    weekly: count,
    monthly: count,
    yearly: count,
    maxAgeMs: fc.integer({ min: 1, max: 400 * dayMs }),
  },
  { requiredKeys: [] },
)

describe('whatever the rules and the clock', () => {
  const timezone = fc.constantFrom('UTC', 'Europe/Berlin', 'America/St_Johns', 'Pacific/Apia')
  const cases = fc.tuple(
    fc.array(snapshotArbitrary, { maxLength: 40 }).map((list) =>
      list.map((one, index) => ({
        ...one,
        isGood: one.isGood || one.isVerified,
        id: `${index}`,
        seq: index,
      })),
    ),
    keepArbitrary,
    fc.integer({ min: Date.UTC(2025, 0, 1), max: Date.UTC(2030, 0, 1) }),
    timezone,
  )

  test('held ones, the newest verified, the newest good and the last n stay', () => {
    fc.assert(
      fc.property(cases, ([list, keep, now, zone]) => {
        const { kept, deleted } = planRetention(list, keep, { now, timezone: zone })
        expect([...kept.map(({ id }) => id), ...deleted].sort()).toEqual(list.map(({ id }) => id).sort())
        const gone = new Set(deleted)
        const newestFirst = [...list].reverse()
        for (const { id, isHeld } of list) expect(isHeld && gone.has(id)).toBe(false)
        const verified = newestFirst.find(({ isVerified }) => isVerified)
        const good = newestFirst.find(({ isGood }) => isGood)
        expect(verified !== undefined && gone.has(verified.id)).toBe(false)
        expect(good !== undefined && gone.has(good.id)).toBe(false)
        for (const { id } of newestFirst.slice(0, keep.last ?? 0)) expect(gone.has(id)).toBe(false)
        const lastGood = newestFirst.filter(({ isGood }) => isGood).slice(0, keep.last ?? 0)
        for (const { id } of lastGood) expect(gone.has(id)).toBe(false)
      }),
    )
  })

  test('a second look deletes nothing more', () => {
    fc.assert(
      fc.property(cases, ([list, keep, now, zone]) => {
        const first = planRetention(list, keep, { now, timezone: zone })
        const rest = list.filter(({ id }) => !first.deleted.includes(id))
        expect(planRetention(rest, keep, { now, timezone: zone }).deleted).toEqual([])
      }),
    )
  })

  test('every kept one has a reason, and a bucket rule keeps no more than it says', () => {
    fc.assert(
      fc.property(cases, ([list, keep, now, zone]) => {
        const { kept } = planRetention(list, keep, { now, timezone: zone })
        for (const { rules } of kept) expect(rules.length).toBeGreaterThan(0)
        for (const rule of ['hourly', 'daily', 'weekly', 'monthly', 'yearly'] as const) {
          const count = kept.filter(({ rules }) => rules.includes(rule)).length
          expect(count).toBeLessThanOrEqual(keep[rule] ?? 0)
        }
      }),
    )
  })
})
