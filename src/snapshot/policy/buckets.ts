export const bucketRules = ['hourly', 'daily', 'weekly', 'monthly', 'yearly'] as const
export type BucketRule = (typeof bucketRules)[number]

const dayMs = 86_400_000

/** Names the hour, day, … that a time falls into, as the calendar of a timezone has it. Equal names: the same bucket. */
export class Buckets {
  readonly #format: Intl.DateTimeFormat

  constructor(timezone: string) {
    this.#format = new Intl.DateTimeFormat('en-US', {
      timeZone: timezone,
      calendar: 'gregory',
      numberingSystem: 'latn',
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      timeZoneName: 'longOffset',
    })
  }

  /** `time` in milliseconds since the epoch. */
  namesOf(time: number): Readonly<Record<BucketRule, string>> {
    const parts = new Map<string, string>()
    for (const { type, value } of this.#format.formatToParts(time)) parts.set(type, value)
    const part = (name: string): string => parts.get(name)!
    const month = `${part('year')}-${part('month')}`
    const day = `${month}-${part('day')}`
    return {
      // With the offset: when clocks go back, 02:10 before and after are two hours.
      hourly: `${day} ${part('hour')} ${part('timeZoneName')}`,
      daily: day,
      weekly: mondayOf(Number(part('year')), Number(part('month')), Number(part('day'))),
      monthly: month,
      yearly: part('year'),
    }
  }
}

/** Weeks begin on Monday, and the one around New Year is one week. */
function mondayOf(year: number, month: number, day: number): string {
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  const daysSinceMonday = (date.getUTCDay() + 6) % 7
  return new Date(date.getTime() - daysSinceMonday * dayMs).toISOString().slice(0, 10)
}
