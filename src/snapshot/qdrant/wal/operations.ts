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

/** What is done to the points that pass a filter. */
export type FilteredChange =
  | { readonly op: 'delete' }
  | { readonly op: 'set-payload'; readonly payload: JsonObject; readonly path?: string }
  | { readonly op: 'overwrite-payload'; readonly payload: JsonObject }
  | { readonly op: 'delete-payload'; readonly paths: readonly string[] }
  | { readonly op: 'clear-payload' }
  | { readonly op: 'delete-vectors'; readonly names: readonly string[] }

export type UpsertMode = 'upsert' | 'insert_only' | 'update_only'

/** What an entry of the log does. Servers from 1.19 on resolve filters and modes into ids before they log; older ones do not. */
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
  | {
      readonly op: 'update-vectors'
      readonly points: readonly Omit<WalPoint, 'payload'>[]
      /** Points that do not pass it are passed over. */
      readonly condition?: JsonObject
    }
  | { readonly op: 'delete-vectors'; readonly ids: readonly PointId[]; readonly names: readonly string[] }
  /** The filter is in the form of the REST API. */
  | { readonly op: 'by-filter'; readonly filter: JsonObject; readonly change: FilteredChange }
  /** Points that are there are replaced if they pass the condition. */
  | {
      readonly op: 'upsert-if'
      readonly points: readonly WalPoint[]
      readonly condition: JsonObject
      readonly mode: UpsertMode
    }
  | { readonly op: 'create-vector'; readonly name: string; readonly config: JsonObject }
  | { readonly op: 'delete-vector'; readonly name: string }
  | { readonly op: 'create-index'; readonly field: string; readonly schema: JsonValue }
  | { readonly op: 'delete-index'; readonly field: string }
