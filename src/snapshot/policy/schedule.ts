import { Cron } from 'croner'
import { DatabaseError } from '../../errors/database-error.ts'

/**
 * A clock that was set back by no more than this is waited for: what ran at 02:00 does not run again because the time
 * was corrected to 01:59. One that was set back further would leave a policy idle for long, and is followed.
 */
const clockStepMs = 600_000

/** Shorthands for whole texts; `@reboot` is none: it has no times. */
const shorthands = ['@yearly', '@annually', '@monthly', '@weekly', '@daily', '@midnight', '@hourly']

/** When something runs: cron text of five fields (six with seconds in front), read in a timezone. */
export class Schedule {
  readonly text: string
  readonly timezone: string
  readonly #cron: Cron

  /** @throws request-invalid */
  constructor(text: string, timezone = 'UTC') {
    checkTimezone(timezone)
    this.text = text
    this.timezone = timezone
    this.#cron = parseCron(text, timezone)
  }

  /** The first run after `time`, in milliseconds since the epoch; undefined if there is none any more. */
  next(time: number): number | undefined {
    return this.#cron.nextRun(new Date(time))?.getTime()
  }

  /**
   * The run that is due now: any number of runs that were missed since `doneAt`, up to which everything has been done,
   * is one. Undefined if nothing is due.
   */
  due(doneAt: number, now: number): number | undefined {
    const next = this.next(doneAt)
    return next !== undefined && next <= now ? next : undefined
  }
}

/** From where on runs are looked for, when everything up to `doneAt` has been done and the clock says `now`. */
export function anchorOf(doneAt: number, now: number): number {
  return doneAt > now + clockStepMs ? now : doneAt
}

function parseCron(text: string, timezone: string): Cron {
  const fields = text.trim().split(/\s+/).length
  const isShorthand = shorthands.includes(text.trim().toLowerCase())
  if (!isShorthand && fields !== 5 && fields !== 6)
    throw invalidSchedule(text, `it has ${fields} fields, not five (or six with seconds)`)
  try {
    return checkRuns(new Cron(text.trim(), { timezone, paused: true }), text)
  } catch (error) {
    if (error instanceof DatabaseError) throw error
    throw invalidSchedule(text, error instanceof Error ? error.message : String(error), error)
  }
}

/** Any time will do: a schedule that never runs, such as the 30th of February, never runs after it either. */
function checkRuns(cron: Cron, text: string): Cron {
  if (cron.nextRun(new Date(0)) === null) throw invalidSchedule(text, 'it names no time that exists')
  return cron
}

function invalidSchedule(text: string, why: string, cause?: unknown): DatabaseError {
  return new DatabaseError(
    'request-invalid',
    `Cannot use schedule "${text}": ${why}`,
    { schedule: text },
    cause,
  )
}

/** @throws request-invalid */
export function checkTimezone(timezone: string): void {
  try {
    new Intl.DateTimeFormat('en', { timeZone: timezone })
  } catch (error) {
    throw new DatabaseError(
      'request-invalid',
      `Cannot use timezone "${timezone}": it is no IANA name such as UTC or Europe/Berlin`,
      { timezone },
      error,
    )
  }
}
