import type { SpatialRelation } from '../../../../index.ts'

/** Which tokens a node is made of: the first and the last one. */
export interface Span {
  readonly first: number
  readonly last: number
  /** How many nodes are above one another. */
  readonly depth: number
  /** In parentheses. */
  readonly isClosed?: true
}

export type RelationalOperator = '<' | '<=' | '>' | '>='
export type EqualityOperator = '==' | '!='
export type ArithmeticOperator = '+' | '-' | '*' | '/' | '%'

type Worded<K extends string> = K extends string ? { readonly kind: K; readonly text: string } : never

/** A name, with or without brackets behind it. */
export type Name = Span & Worded<'identifier' | 'path' | 'struct'>

/** A filter as it is written, before anybody asks what its names are. */
export type Node = Span &
  (
    | Worded<'integer' | 'float' | 'boolean' | 'string' | 'identifier' | 'path' | 'struct'>
    | { readonly kind: 'template'; readonly name: string }
    /** `ISO '…'` and `INTERVAL '…'`: the literals. */
    | { readonly kind: 'moment' | 'interval'; readonly text: string }
    | { readonly kind: 'array'; readonly items: readonly Node[] }
    | { readonly kind: 'exists'; readonly operand: Node }
    | { readonly kind: 'is-null'; readonly operand: Name; readonly isNegated: boolean }
    | { readonly kind: 'like'; readonly operand: Node; readonly pattern: Node }
    | { readonly kind: 'regex'; readonly operand: Node; readonly pattern: Node; readonly isNegated: boolean }
    | {
        readonly kind: 'text-match'
        readonly field: string
        readonly text: Node
        readonly minimum: string | undefined
      }
    | {
        readonly kind: 'phrase-match'
        readonly field: string
        readonly text: Node
        readonly slop: Node | undefined
      }
    | {
        readonly kind: 'spatial'
        readonly relation: SpatialRelation
        readonly field: string
        readonly geometry: Node
      }
    | {
        readonly kind: 'spatial-distance'
        readonly field: string
        readonly point: Node
        readonly meters: Node
      }
    | { readonly kind: 'valid-geometry'; readonly field: string }
    | { readonly kind: 'sample'; readonly share: Node }
    | {
        readonly kind: 'contains'
        readonly mode: 'one' | 'all' | 'any'
        readonly operand: Node
        readonly value: Node
      }
    | { readonly kind: 'length'; readonly operand: Name }
    /** Of an array of structs: how many have to pass the test. `filter` is any, and these are what is found. */
    | {
        readonly kind: 'elements'
        readonly quantity: 'filter' | 'all' | 'any' | 'least' | 'most' | 'exact'
        readonly struct: string
        readonly test: Node
        readonly threshold: string | undefined
      }
    | { readonly kind: 'call'; readonly name: string; readonly arguments: readonly Node[] }
    /** What the grammar knows and this door does not. */
    | { readonly kind: 'unsupported'; readonly what: string }
    | { readonly kind: 'unary'; readonly operator: '+' | '-' | '~' | '!'; readonly operand: Node }
    | { readonly kind: 'power'; readonly left: Node; readonly right: Node }
    | { readonly kind: 'shift'; readonly left: Node; readonly right: Node }
    | {
        readonly kind: 'bits'
        readonly name: 'BitAnd' | 'BitXor' | 'BitOr'
        readonly left: Node
        readonly right: Node
      }
    | {
        readonly kind: 'arithmetic'
        readonly operator: ArithmeticOperator
        readonly left: Node
        readonly right: Node
      }
    | { readonly kind: 'in'; readonly operand: Node; readonly list: Node; readonly isNegated: boolean }
    | {
        readonly kind: 'compare'
        readonly operator: RelationalOperator | EqualityOperator
        readonly left: Node
        readonly right: Node
      }
    /** `low < operand <= high`, or the other way round. */
    | {
        readonly kind: 'range'
        readonly operand: Name
        readonly low: Node
        readonly high: Node
        readonly isLowInside: boolean
        readonly isHighInside: boolean
      }
    | { readonly kind: 'and'; readonly operands: readonly Node[] }
    | { readonly kind: 'or'; readonly operands: readonly Node[] }
  )
