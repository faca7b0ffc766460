import type { SpatialRelation } from '../../../../index.ts'
import type { Parser } from './parser.ts'
import type { Name, Node } from './syntax.ts'
import { argumentStart, beginsExpression, type TokenKind } from './token.ts'

/** What begins with a word of its own and has its operands in parentheses. */
export function parseFunction(parser: Parser, kind: TokenKind): Node {
  switch (kind) {
    case 'TEXTMATCH':
      return parseTextMatch(parser)
    case 'PHRASEMATCH':
      return parsePhraseMatch(parser)
    case 'RANDOMSAMPLE': {
      const first = begin(parser)
      return close(parser, () => {
        const share = parser.expression()
        return (): Node => ({ kind: 'sample', share, ...parser.span(first, share) })
      })
    }
    case 'JSONContains':
    case 'ArrayContains':
      return parseContains(parser, 'one')
    case 'JSONContainsAll':
    case 'ArrayContainsAll':
      return parseContains(parser, 'all')
    case 'JSONContainsAny':
    case 'ArrayContainsAny':
      return parseContains(parser, 'any')
    case 'ArrayLength':
      return parseLength(parser)
    case 'ElementFilter':
      return parseElements(parser, 'filter')
    case 'MATCH_ALL':
    case 'MATCH_ANY':
      return parseElements(parser, kind === 'MATCH_ALL' ? 'all' : 'any')
    case 'MATCH_LEAST':
      return parseElements(parser, 'least')
    case 'MATCH_MOST':
      return parseElements(parser, 'most')
    case 'MATCH_EXACT':
      return parseElements(parser, 'exact')
    case 'STEuqals':
    case 'STTouches':
    case 'STOverlaps':
    case 'STCrosses':
    case 'STContains':
    case 'STIntersects':
    case 'STWithin':
      return parseSpatial(parser, relations[kind])
    case 'STDWithin':
      return parseNear(parser)
    case 'STIsValid': {
      const first = begin(parser)
      return close(parser, () => {
        const field = parser.expect('Identifier', (next) => next === "')'").text
        return (): Node => ({ kind: 'valid-geometry', field, ...parser.span(first) })
      })
    }
    case 'Identifier':
      return parseCall(parser)
    default:
      return parseUnsupported(parser, parser.peek().text.toLowerCase())
  }
}

const relations = {
  STEuqals: 'equals',
  STTouches: 'touches',
  STOverlaps: 'overlaps',
  STCrosses: 'crosses',
  STContains: 'contains',
  STIntersects: 'intersects',
  STWithin: 'within',
} as const satisfies Partial<Record<TokenKind, SpatialRelation>>

function parseSpatial(parser: Parser, relation: SpatialRelation): Node {
  const first = begin(parser)
  return close(parser, () => {
    const field = parser.expect('Identifier', (kind) => kind === "','").text
    parser.expect("','", beginsExpression)
    const geometry = parser.expression()
    return () => ({ kind: 'spatial', relation, field, geometry, ...parser.span(first, geometry) })
  })
}

function parseNear(parser: Parser): Node {
  const first = begin(parser)
  return close(parser, () => {
    const field = parser.expect('Identifier', (kind) => kind === "','").text
    parser.expect("','", beginsExpression)
    const point = parser.expression()
    parser.expect("','", beginsExpression)
    const meters = parser.expression()
    return () => ({ kind: 'spatial-distance', field, point, meters, ...parser.span(first, point, meters) })
  })
}

/** Passes over the name and the parenthesis behind it. */
function begin(parser: Parser): number {
  const first = parser.position
  parser.take()
  parser.expect("'('", beginsExpression)
  return first
}

/** Parses up to the closing parenthesis; the node is made when that has been taken. */
function close(parser: Parser, parse: () => () => Node): Node {
  return parser.within("')'", () => {
    const make = parse()
    parser.expect("')'", (kind) => kind === 'EOF')
    return make()
  })
}

function parseContains(parser: Parser, mode: 'one' | 'all' | 'any'): Node {
  const first = begin(parser)
  return close(parser, () => {
    const operand = parser.expression()
    parser.expect("','", beginsExpression)
    const value = parser.expression()
    return () => ({ kind: 'contains', mode, operand, value, ...parser.span(first, operand, value) })
  })
}

function parseLength(parser: Parser): Node {
  const first = begin(parser)
  return close(parser, () => {
    const start = parser.position
    const token = parser.peek()
    if (
      token.kind !== 'Identifier' &&
      token.kind !== 'JSONIdentifier' &&
      token.kind !== 'StructFieldIdentifier'
    ) {
      const expected = '{Identifier, JSONIdentifier, StructFieldIdentifier}'
      throw parser.fail(token, `mismatched input '${token.text}' expecting ${expected}`)
    }
    parser.take()
    const kind =
      token.kind === 'Identifier' ? 'identifier' : token.kind === 'JSONIdentifier' ? 'path' : 'struct'
    const operand: Name = { kind, text: token.text, ...parser.span(start) }
    return () => ({ kind: 'length', operand, ...parser.span(first, operand) })
  })
}

function parseTextMatch(parser: Parser): Node {
  const first = begin(parser)
  return close(parser, () => {
    const field = parser.expect('Identifier', (kind) => kind === "','").text
    parser.expect("','", beginsExpression)
    const text = parser.expression()
    const minimum = parser.peek().kind === "','" ? parseMinimum(parser) : undefined
    return () => ({ kind: 'text-match', field, text, minimum, ...parser.span(first, text) })
  })
}

function parseMinimum(parser: Parser): string {
  parser.take()
  parser.expect('MINIMUM_SHOULD_MATCH', (kind) => kind === "'='")
  parser.expect("'='", (kind) => kind === 'IntegerConstant')
  return parser.expect('IntegerConstant', (kind) => kind === "')'").text
}

function parsePhraseMatch(parser: Parser): Node {
  const first = begin(parser)
  return close(parser, () => {
    const field = parser.expect('Identifier', (kind) => kind === "','").text
    parser.expect("','", beginsExpression)
    const text = parser.expression()
    let slop: Node | undefined
    if (parser.peek().kind === "','") {
      parser.take()
      slop = parser.expression()
    }
    return () => ({ kind: 'phrase-match', field, text, slop, ...parser.span(first, text, slop) })
  })
}

type Quantity = Extract<Node, { kind: 'elements' }>['quantity']

const counted: ReadonlySet<Quantity> = new Set(['least', 'most', 'exact'])

function parseElements(parser: Parser, quantity: Quantity): Node {
  const first = begin(parser)
  return close(parser, () => {
    const struct = parser.expect('Identifier', (kind) => kind === "','").text
    parser.expect("','", beginsExpression)
    const test = parser.expression()
    const threshold = counted.has(quantity) ? parseThreshold(parser) : undefined
    return () => ({ kind: 'elements', quantity, struct, test, threshold, ...parser.span(first, test) })
  })
}

function parseThreshold(parser: Parser): string {
  parser.expect("','", (kind) => kind === 'THRESHOLD')
  parser.expect('THRESHOLD', (kind) => kind === "'='")
  parser.expect("'='", (kind) => kind === 'IntegerConstant')
  return parser.expect('IntegerConstant', (kind) => kind === "')'").text
}

function parseCall(parser: Parser): Node {
  const name = parser.peek().text
  const first = begin(parser)
  return close(parser, () => {
    const found: Node[] = []
    parser.checkStart(argumentStart, "')'")
    while (parser.peek().kind !== "')'") {
      found.push(parser.expression())
      if (parser.peek().kind !== "','") break
      parser.take()
    }
    return () => ({ kind: 'call', name, arguments: found, ...parser.span(first, ...found) })
  })
}

/** Takes all of it, so that the reason is what is not supported and not where it stopped. */
function parseUnsupported(parser: Parser, what: string): Node {
  const first = parser.position
  let open = 0
  do {
    const { kind } = parser.take()
    if (kind === "'('") open += 1
    if (kind === "')'") open -= 1
    if (kind === 'EOF') break
  } while (open > 0 || !isEnd(parser.peek().kind))
  return { kind: 'unsupported', what, ...parser.span(first) }
}

function isEnd(kind: TokenKind): boolean {
  return kind === 'EOF' || kind === 'AND' || kind === 'OR' || kind === "')'"
}
