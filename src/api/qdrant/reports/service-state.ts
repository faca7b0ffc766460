import type { LevelledLogger } from '../../../runtime/logger.ts'
import { RequestStatistics } from './request-statistics.ts'
import { SlowRequests } from './slow-requests.ts'

export type LogLevel = Pick<LevelledLogger, 'level' | 'setLevel'>

/** What the pages about the server itself tell of, beside its database. */
export class ServiceState {
  readonly requests = new RequestStatistics()
  readonly slowRequests = new SlowRequests()
  /** Milliseconds since 1970. */
  readonly startedAt: number
  /** Undefined if nothing is logged. */
  readonly log: LogLevel | undefined

  constructor(startedAt: number, log: LogLevel | undefined) {
    this.startedAt = startedAt
    this.log = log
  }
}
