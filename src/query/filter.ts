import type { PointId } from '../ids/point-id.ts'
import type { RowExpression } from './expression/expression.ts'

/** All of `must`, at least one of `should` (if there are any), none of `mustNot`, at least n of `minShould`. */
export interface Filter {
  readonly must?: readonly Condition[]
  readonly should?: readonly Condition[]
  readonly mustNot?: readonly Condition[]
  readonly minShould?: { readonly conditions: readonly Condition[]; readonly minCount: number }
}

export type MatchValue = string | number | bigint | boolean

export type Match =
  | { readonly value: MatchValue }
  | { readonly any: readonly (string | number | bigint)[] }
  | { readonly except: readonly (string | number | bigint)[] }
  | { readonly text: string }
  | { readonly textAny: string }
  | { readonly phrase: string }
  | { readonly prefix: string }

export interface Range<T> {
  readonly gt?: T
  readonly gte?: T
  readonly lt?: T
  readonly lte?: T
}

/** Degrees, WGS 84. */
export interface GeoPoint {
  readonly lon: number
  readonly lat: number
}

/** What is asked of the value under `path` (`a.b`, `a[].b`, `a[0]`, `"quoted"`); several tests of one condition are alternatives as in Qdrant. */
export interface FieldCondition {
  readonly kind: 'field'
  readonly path: string
  readonly match?: Match
  readonly range?: Range<number>
  /** RFC 3339 text. */
  readonly datetimeRange?: Range<string>
  readonly geoBoundingBox?: { readonly topLeft: GeoPoint; readonly bottomRight: GeoPoint }
  /** Radius in metres. */
  readonly geoRadius?: { readonly center: GeoPoint; readonly radius: number }
  /** Rings are closed: the first point equals the last. */
  readonly geoPolygon?: {
    readonly exterior: readonly GeoPoint[]
    readonly interiors?: readonly (readonly GeoPoint[])[]
  }
  readonly valuesCount?: Range<number>
  readonly isEmpty?: boolean
  readonly isNull?: boolean
}

export type Condition =
  | FieldCondition
  | { readonly kind: 'is-empty'; readonly path: string }
  | { readonly kind: 'is-null'; readonly path: string }
  | { readonly kind: 'has-id'; readonly ids: readonly PointId[] }
  | { readonly kind: 'has-vector'; readonly name: string }
  | { readonly kind: 'nested'; readonly path: string; readonly filter: Filter }
  | { readonly kind: 'slice'; readonly index: number; readonly total: number }
  | { readonly kind: 'filter'; readonly filter: Filter }
  | { readonly kind: 'expression'; readonly expression: RowExpression }
