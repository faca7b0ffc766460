// The kinds of tokens under the names that messages give them; those that can begin an expression in the order of messages.
const begin = [
  "'('",
  "'['",
  "'{'",
  'EXISTS',
  'TEXTMATCH',
  'PHRASEMATCH',
  'RANDOMSAMPLE',
  'MATCH_ALL',
  'MATCH_ANY',
  'MATCH_LEAST',
  'MATCH_MOST',
  'MATCH_EXACT',
  'ISO',
  "'+'",
  "'-'",
  "'~'",
  'NOT',
  'EmptyArray',
  'JSONContains',
  'JSONContainsAll',
  'JSONContainsAny',
  'ArrayContains',
  'ArrayContainsAll',
  'ArrayContainsAny',
  'ArrayLength',
  'ElementFilter',
  'STEuqals',
  'STTouches',
  'STOverlaps',
  'STCrosses',
  'STContains',
  'STIntersects',
  'STWithin',
  'STDWithin',
  'STIsValid',
  'BooleanConstant',
  'IntegerConstant',
  'FloatingConstant',
  'Identifier',
  "'$meta'",
  'StringLiteral',
  'JSONIdentifier',
  'StructIndexFieldIdentifier',
  'StructFieldIdentifier',
  'StructSubFieldIdentifier',
] as const

type Other =
  | "')'"
  | "']'"
  | "'}'"
  | "','"
  | "'<'"
  | "'<='"
  | "'>'"
  | "'>='"
  | "'=='"
  | "'!='"
  | 'LIKE'
  | 'INTERVAL'
  | 'MINIMUM_SHOULD_MATCH'
  | 'THRESHOLD'
  | "'=~'"
  | "'!~'"
  | "'='"
  | "'*'"
  | "'/'"
  | "'%'"
  | "'**'"
  | "'<<'"
  | "'>>'"
  | "'&'"
  | "'|'"
  | "'^'"
  | 'AND'
  | 'OR'
  | 'ISNULL'
  | 'ISNOTNULL'
  | 'IN'
  | 'EOF'

export type TokenKind = (typeof begin)[number] | Other

export interface Token {
  readonly kind: TokenKind
  readonly text: string
  /** From 1. */
  readonly line: number
  /** In characters, from 0. */
  readonly column: number
}

const beginning: ReadonlySet<TokenKind> = new Set(begin)

export function beginsExpression(kind: TokenKind): boolean {
  return beginning.has(kind)
}

/** What messages say is expected where an expression begins; for the arguments of a call, `)` as well. */
export const expressionStart = `{${begin.join(', ')}}`
export const argumentStart = `{'(', ')', ${begin.slice(1).join(', ')}}`

const functions = {
  EXISTS: 'exists',
  TEXTMATCH: 'text_match',
  PHRASEMATCH: 'phrase_match',
  RANDOMSAMPLE: 'random_sample',
  MATCH_ALL: 'match_all',
  MATCH_ANY: 'match_any',
  MATCH_LEAST: 'match_least',
  MATCH_MOST: 'match_most',
  MATCH_EXACT: 'match_exact',
  ISO: 'iso',
  INTERVAL: 'interval',
  MINIMUM_SHOULD_MATCH: 'minimum_should_match',
  THRESHOLD: 'threshold',
  LIKE: 'like',
  IN: 'in',
  NOT: 'not',
  AND: 'and',
  OR: 'or',
  JSONContains: 'json_contains',
  JSONContainsAll: 'json_contains_all',
  JSONContainsAny: 'json_contains_any',
  ArrayContains: 'array_contains',
  ArrayContainsAll: 'array_contains_all',
  ArrayContainsAny: 'array_contains_any',
  ArrayLength: 'array_length',
  ElementFilter: 'element_filter',
  STEuqals: 'st_equals',
  STTouches: 'st_touches',
  STOverlaps: 'st_overlaps',
  STCrosses: 'st_crosses',
  STContains: 'st_contains',
  STIntersects: 'st_intersects',
  STWithin: 'st_within',
  STDWithin: 'st_dwithin',
  STIsValid: 'st_isvalid',
} as const satisfies Partial<Record<TokenKind, string>>

/** Words with a meaning of their own: all lower or all upper case. */
export const keywords: ReadonlyMap<string, TokenKind> = new Map<string, TokenKind>([
  ...Object.entries(functions).flatMap(([kind, word]): [string, TokenKind][] => [
    [word, kind as TokenKind],
    [word.toUpperCase(), kind as TokenKind],
  ]),
  ...['true', 'True', 'TRUE', 'false', 'False', 'FALSE'].map((word): [string, TokenKind] => [
    word,
    'BooleanConstant',
  ]),
])

/** Signs, the longer ones first. */
export const signs: readonly (readonly [string, TokenKind])[] = [
  ...(["'<='", "'>='", "'=='", "'!='", "'=~'", "'!~'", "'**'", "'<<'", "'>>'"] as const).map(
    (kind): [string, TokenKind] => [kind.slice(1, -1), kind],
  ),
  ['&&', 'AND'],
  ['||', 'OR'],
  ['!', 'NOT'],
  ...(["'('", "')'", "'['", "']'", "'{'", "'}'", "','", "'<'", "'>'", "'='"] as const).map(
    (kind): [string, TokenKind] => [kind.slice(1, -1), kind],
  ),
  ...(["'+'", "'-'", "'~'", "'*'", "'/'", "'%'", "'&'", "'|'", "'^'"] as const).map(
    (kind): [string, TokenKind] => [kind.slice(1, -1), kind],
  ),
]
