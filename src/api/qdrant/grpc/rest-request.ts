import type { JsonValue } from '../../../index.ts'

/** What a message says, where a request of the REST API says it. */
export interface RestRequest {
  /** What stands for names in the route's pattern, besides the collection's. */
  readonly params?: Readonly<Record<string, string>>
  readonly query?: Readonly<Record<string, string>>
  /** The value that the body would have parsed to. */
  readonly body?: JsonValue
}
