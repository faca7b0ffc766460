import type { JsonObject } from '../encoding/json.ts'
import type { PointId } from '../ids/point-id.ts'
import type { Filter } from '../query/filter.ts'

/** A write that selects points and changes or removes them; logged as JSON, exact numbers included. */
export type PointsOperation = {
  readonly collection: string
  /** Left out: the default one; null: all that there are by then. */
  readonly partition?: string | readonly string[] | null
  /** What the front door remembers of the collection from then on. Left out: what it did. */
  readonly settings?: JsonObject
  readonly select: Selection
} & (
  | { readonly op: 'delete' }
  | PayloadChange
  | { readonly op: 'delete-vectors'; readonly names: readonly string[] }
)

/** What becomes of the payload of a point. */
export type PayloadChange =
  /** Merged into what a path reaches; into the whole payload without one. */
  | { readonly op: 'set-payload'; readonly payload: JsonObject; readonly path?: string }
  | { readonly op: 'overwrite-payload'; readonly payload: JsonObject }
  | { readonly op: 'delete-payload'; readonly paths: readonly string[] }
  | { readonly op: 'clear-payload' }

export type Selection = { readonly ids: readonly PointId[] } | { readonly filter: Filter }
