import type { Literal, Reference, RowExpression, Shifted, TextParams } from '../../../../index.ts'
import type { ArithmeticOperator, Span } from '../grammar/syntax.ts'

/** What a filter has to know of a field. */
export interface FilterField {
  readonly name: string
  /** A number of Milvus' DataType. */
  readonly dataType: number
  /** Of arrays. */
  readonly elementType?: number
  readonly isPrimaryKey?: boolean
  /** True if text_match and phrase_match may ask it. */
  readonly isMatchEnabled?: boolean
  /** How its texts become tokens. */
  readonly analyzer?: TextParams
}

/** An array of structs. */
export interface FilterStruct {
  readonly name: string
  /** By their names within the struct: of type Array or ArrayOfVector. */
  readonly fields: readonly FilterField[]
}

export interface FilterSchema {
  /** The time zone of moments that name none. Default UTC. */
  readonly timeZone?: string
  readonly fields: readonly FilterField[]
  /** Default none. */
  readonly structs?: readonly FilterStruct[]
  readonly hasDynamicField: boolean
}

export type Templates = ReadonlyMap<string, Literal>

export interface Column {
  readonly kind: 'column'
  readonly dataType: number
  readonly elementType: number
  /** The name itself, without brackets behind it; a dynamic key is always part of something. */
  readonly isWhole: boolean
  readonly reference: Reference
  readonly field: FilterField | undefined
}

export interface Arithmetic {
  readonly kind: 'arithmetic'
  readonly dataType: number
  readonly operator: ArithmeticOperator
  readonly left: Meaning
  readonly right: Meaning
}

export interface Moment {
  readonly kind: 'moment'
  /** Microseconds since the epoch. */
  readonly literal: Literal
}

/** A time to add to a moment. */
export interface Interval {
  readonly kind: 'interval'
  readonly by: Omit<Shifted, 'kind' | 'of'>
}

export interface ShiftedColumn {
  readonly kind: 'shifted'
  readonly operand: Shifted
}

/** What can be asked of a row. What depends on the values of templates is made when these are known. */
export interface Predicate {
  readonly kind: 'predicate'
  readonly build: (scope: BuildScope) => RowExpression
  readonly isSample?: true
  /** Which of a row's structs are meant. */
  readonly elements?: (scope: BuildScope) => ElementTest
  /** The primary keys that it is a list of. */
  readonly keys?: (scope: BuildScope) => readonly Literal[]
}

/** In the test a struct is what a payload is elsewhere. */
export interface ElementTest {
  readonly struct: string
  readonly test: RowExpression
}

export interface BuildScope {
  readonly templates: Templates
  readonly seed: number
}

export type Meaning =
  | { readonly kind: 'constant'; readonly literal: Literal }
  | { readonly kind: 'template'; readonly name: string }
  | Column
  | Arithmetic
  | { readonly kind: 'length'; readonly reference: Reference }
  | Moment
  | Interval
  | ShiftedColumn
  | Predicate

export interface Scope {
  readonly schema: FilterSchema
  /** Set within a test of its structs. */
  readonly struct?: FilterStruct
  /** The text of a node without its spaces. */
  readonly textOf: (node: Span) => string
}
