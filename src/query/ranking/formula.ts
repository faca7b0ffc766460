import type { JsonValue } from '../../encoding/json.ts'
import type { Condition, GeoPoint } from '../filter.ts'

/** Computes a score from earlier scores and from the payload. A number is itself, in single precision. */
export type Expression =
  | number
  /** What a prefetch gave the point; the first one by default. */
  | { readonly kind: 'score'; readonly prefetch?: number }
  /** A number in the payload. */
  | { readonly kind: 'value'; readonly path: string }
  /** 1 where the point passes, 0 elsewhere. */
  | { readonly kind: 'condition'; readonly condition: Condition }
  /** Metres between `origin` and the point in the payload. */
  | { readonly kind: 'geo-distance'; readonly origin: GeoPoint; readonly path: string }
  /** Seconds since the epoch of an RFC 3339 text. */
  | { readonly kind: 'datetime'; readonly at: string }
  /** The same of a text in the payload. */
  | { readonly kind: 'datetime-value'; readonly path: string }
  /** Of none: 0. */
  | { readonly kind: 'sum'; readonly of: readonly Expression[] }
  /** Of none: 1. What comes after a zero is not computed. */
  | { readonly kind: 'product'; readonly of: readonly Expression[] }
  | { readonly kind: 'neg' | 'abs' | 'sqrt' | 'exp' | 'log10' | 'ln'; readonly of: Expression }
  /** Zero divided by anything is zero; `byZero` is what another number divided by zero gives. */
  | {
      readonly kind: 'quotient'
      readonly left: Expression
      readonly right: Expression
      readonly byZero?: number
    }
  | { readonly kind: 'power'; readonly base: Expression; readonly exponent: Expression }
  | Decay

/** 1 at the target, `midpoint` at the distance `scale` from it, and falling further. */
export interface Decay {
  readonly kind: 'decay'
  /** `linear` ends at 0. */
  readonly shape: 'linear' | 'exponential' | 'gauss'
  readonly of: Expression
  /** Default 0. */
  readonly target?: Expression
  /** Above 0. Default 1. */
  readonly scale?: number
  /** Between 0 and 1; `linear` may have these, too. Default 0.5. */
  readonly midpoint?: number
}

/** Instead of what a point does not have. */
export interface FormulaDefaults {
  /** By path, as the expression writes it. */
  readonly values?: Readonly<Record<string, JsonValue>>
  /** By prefetch. Default 0. */
  readonly scores?: Readonly<Record<number, number>>
}

export interface Formula {
  readonly expression: Expression
  readonly defaults?: FormulaDefaults
}
