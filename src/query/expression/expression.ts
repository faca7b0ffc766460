import type { SpatialRelation } from '../geometry/topology.ts'
import type { TextParams } from '../tokens.ts'

/*
 * A filter as an expression over one payload, as plain data. A test is true, false or unknown: unknown where a column that
 * it asks is null or absent. `not` keeps what is unknown, and a row passes only if the whole is true.
 */

/** Exact keys and indexes, without syntax. A number is an index of an array, and the key of that text in an object. */
export type ValuePath = readonly (string | number)[]

export type ScalarType = 'bool' | 'int' | 'float' | 'double' | 'text'

/** A value of the payload. */
export interface Reference {
  readonly kind: 'reference'
  readonly path: ValuePath
  /**
   * What the value is read as; one of another type counts as not there. `float` has the precision of 32 bits. `json` is
   * whatever stands there, and null or an object is nothing that can be compared. `moment` is an RFC 3339 text as an
   * integer: microseconds since the epoch.
   */
  readonly type: ScalarType | 'moment' | 'list' | 'json'
  /** Of the elements of a list. */
  readonly element?: ScalarType
  /** For a list of objects: what stands under this key in each of them, as a list. */
  readonly each?: string
  /** How many steps of the path name the column: null or nothing there makes a test unknown, further down false. Default 1. */
  readonly columnSteps?: number
}

export type Literal =
  | { readonly kind: 'literal'; readonly type: 'bool'; readonly value: boolean }
  | { readonly kind: 'literal'; readonly type: 'int'; readonly value: number | bigint }
  | { readonly kind: 'literal'; readonly type: 'double'; readonly value: number }
  | { readonly kind: 'literal'; readonly type: 'text'; readonly value: string }
  | { readonly kind: 'literal'; readonly type: 'list'; readonly items: readonly Literal[] }

export type ArithmeticOperator = '+' | '-' | '*' | '/' | '%'

/**
 * `int`: 64 bits, wrapping, division towards zero. `float`: 32 bits. `json`: as `int` if both sides are integers, otherwise
 * as `double`. What divides an integer by zero is not there.
 */
export interface Arithmetic {
  readonly kind: 'arithmetic'
  readonly operator: ArithmeticOperator
  readonly type: 'int' | 'float' | 'double' | 'json'
  readonly left: Operand
  readonly right: Operand
}

/** How many elements a list has; 0 for other JSON. */
export interface Length {
  readonly kind: 'length'
  readonly of: Reference
}

/**
 * A moment so much later, in UTC, in microseconds since the epoch: months are those of the calendar, and a day that a month
 * does not have is one of the next month. Negative numbers are earlier.
 */
export interface Shifted {
  readonly kind: 'shifted'
  readonly of: Reference
  readonly months: number
  readonly days: number
  readonly seconds: number
}

export type Operand = Reference | Literal | Arithmetic | Length | Shifted

export type ComparisonOperator = '==' | '!=' | '<' | '<=' | '>' | '>='

/**
 * Numbers compare by their exact values, texts by code points, lists by their elements. Sides of different types, and what
 * is not there, are neither equal nor ordered; `!=` is true of them for JSON and false for elements of a typed list.
 */
export interface Comparison {
  readonly kind: 'compare'
  readonly operator: ComparisonOperator
  readonly left: Operand
  readonly right: Operand
}

export type RowExpression =
  | { readonly kind: 'constant'; readonly value: boolean }
  | { readonly kind: 'and' | 'or'; readonly operands: readonly RowExpression[] }
  | { readonly kind: 'not'; readonly operand: RowExpression }
  | Comparison
  | { readonly kind: 'in'; readonly operand: Operand; readonly values: readonly Literal[] }
  /** `%` is any text, `_` one character; a backslash takes the next character as it is. */
  | { readonly kind: 'like'; readonly of: Reference; readonly pattern: string }
  /** True if the pattern occurs somewhere in the text. The syntax is that of RE2: no references back, no looking around. */
  | { readonly kind: 'regex'; readonly of: Reference; readonly pattern: string }
  /** Never unknown. */
  | { readonly kind: 'is-null'; readonly of: Reference }
  /** True unless there is nothing, null, an empty list or object, or one that holds nothing but these. Never unknown. */
  | { readonly kind: 'exists'; readonly of: Reference }
  /** Whether a list has one, or all, of the values among its elements. */
  | {
      readonly kind: 'contains'
      readonly of: Reference
      readonly mode: 'any' | 'all'
      readonly values: readonly Literal[]
    }
  /**
   * Whether so many elements of a list pass a test, at least (default 0) and at most (default all). In the test an element
   * is what a payload is elsewhere. Elements for which it is unknown do not count. Null is a list without elements.
   */
  | {
      readonly kind: 'elements'
      readonly of: Reference
      readonly test: RowExpression
      readonly least?: number
      readonly most?: number
    }
  /** At least `minimum` (default 1) of the text's different tokens. */
  | {
      readonly kind: 'text-match'
      readonly of: Reference
      readonly text: string
      readonly params: TextParams
      readonly minimum?: number
    }
  /** The text's tokens in their order; they may be `slop` positions (default 0) out of place. */
  | {
      readonly kind: 'phrase-match'
      readonly of: Reference
      readonly text: string
      readonly params: TextParams
      readonly slop?: number
    }
  /**
   * How the geometry under `of`, a well-known text, lies to another one (DE-9IM, in the plane). What is no geometry is
   * unknown, here and below.
   */
  | {
      readonly kind: 'spatial'
      readonly of: Reference
      readonly relation: SpatialRelation
      readonly geometry: string
    }
  /** Whether a geometry of longitudes and latitudes is at most so far from a point of them, itself a well-known text. */
  | {
      readonly kind: 'spatial-distance'
      readonly of: Reference
      readonly point: string
      readonly meters: number
    }
  /** Whether rings do not cross themselves or each other, and the like. */
  | { readonly kind: 'valid-geometry'; readonly of: Reference }
  /** About this share of all points, 0 to 1: the same ones for the same seed. */
  | { readonly kind: 'sample'; readonly share: number; readonly seed: number }
