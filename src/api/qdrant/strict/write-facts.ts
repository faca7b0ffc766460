import type { Filter } from '../../../index.ts'
import type { GivenVectors } from '../translate/vectors.ts'

/** What strict mode wants to know of a write. */
export interface WriteFacts {
  readonly kind: 'upsert' | 'update-vectors' | 'set-payload' | 'other'
  /** Points that it brings or names by id; undefined if it names none. */
  readonly pointCount: number | undefined
  /** Of the points that it brings. */
  readonly vectors?: readonly GivenVectors[]
  /** The points that it means; of no effect where it names them. */
  readonly filter?: Filter | undefined
}
