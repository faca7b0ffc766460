import type { VectorInput } from '../../../collection/types.ts'
import type { JsonObject, JsonValue } from '../../../encoding/json.ts'
import type { PointId } from '../../../ids/point-id.ts'

/** Vectors by name, `''` for the unnamed one, as a client gave them: not normalised, not rounded, indices in any order. */
export type WalVectors = Readonly<Record<string, VectorInput>>

export interface WalPoint {
  readonly id: PointId
  readonly vectors: WalVectors
  readonly payload: JsonObject
}

/** What an entry of the log does. Filters and modes are resolved into ids before they are logged. */
export type WalOperation =
  /** Each replaces the point of its id. */
  | { readonly op: 'upsert'; readonly points: readonly WalPoint[] }
  | { readonly op: 'delete'; readonly ids: readonly PointId[] }
  | {
      readonly op: 'set-payload'
      readonly ids: readonly PointId[]
      readonly payload: JsonObject
      /** What it is merged into; the whole payload if left out. */
      readonly path?: string
    }
  | { readonly op: 'overwrite-payload'; readonly ids: readonly PointId[]; readonly payload: JsonObject }
  | { readonly op: 'delete-payload'; readonly ids: readonly PointId[]; readonly paths: readonly string[] }
  | { readonly op: 'clear-payload'; readonly ids: readonly PointId[] }
  | { readonly op: 'update-vectors'; readonly points: readonly Omit<WalPoint, 'payload'>[] }
  | { readonly op: 'delete-vectors'; readonly ids: readonly PointId[]; readonly names: readonly string[] }
  | { readonly op: 'create-vector'; readonly name: string; readonly config: JsonObject }
  | { readonly op: 'delete-vector'; readonly name: string }
  | { readonly op: 'create-index'; readonly field: string; readonly schema: JsonValue }
  | { readonly op: 'delete-index'; readonly field: string }
