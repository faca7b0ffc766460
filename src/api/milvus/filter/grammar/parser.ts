import { ends, ExpressionError } from '../filter-error.ts'
import { Lexer } from './lexer.ts'
import { parseFunction } from './functions.ts'
import type { ArithmeticOperator, Node, RelationalOperator, Span } from './syntax.ts'
import { beginsExpression, expressionStart, type Token, type TokenKind } from './token.ts'

// From the loosest to the tightest.
const precedences = {
  OR: 1,
  AND: 2,
  "'|'": 3,
  "'^'": 4,
  "'&'": 5,
  "'=='": 6,
  "'!='": 6,
  "'<'": 7,
  "'<='": 7,
  "'>'": 7,
  "'>='": 7,
  // A chain such as 1 < x < 5, from its first sign on.
  range: 8,
  IN: 9,
  NOT: 9,
  "'<<'": 10,
  "'>>'": 10,
  "'+'": 11,
  "'-'": 11,
  "'*'": 12,
  "'/'": 12,
  "'%'": 12,
  unary: 13,
  "'**'": 14,
  "'!~'": 15,
  "'=~'": 16,
  LIKE: 17,
  EXISTS: 18,
} as const
type Infix = Exclude<keyof typeof precedences, 'range' | 'unary' | 'EXISTS'>

const depthMax = 1000

/** Leaves the expression in which an error was told; the one around goes on, and may tell of another. */
class Unreadable extends Error {}

export interface ParsedFilter {
  readonly root: Node
  /** The text of a node's tokens, without spaces. */
  readonly textOf: (node: Span) => string
}

/**
 * Reads a filter. Of several errors the last one is told, as the original does.
 * @throws ExpressionError with line and column
 */
export function parseFilter(text: string): ParsedFilter {
  const parser = new Parser(text)
  const root = parser.parse()
  return { root, textOf: (node) => parser.textOf(node) }
}

export class Parser {
  readonly #text: string
  readonly #lexer: Lexer
  readonly #tokens: Token[] = []
  readonly #closers: TokenKind[] = []
  #at = 0
  #nesting = 0
  #isRecovering = false
  #recoveredAt = -1
  #error: string | undefined

  constructor(text: string) {
    this.#text = text
    this.#lexer = new Lexer(text, ({ line, column, text: wrong }) => {
      this.#error = `line ${line}:${column} token recognition error at: '${wrong}'`
    })
  }

  parse(): Node {
    let root: Node | undefined
    try {
      root = this.expression()
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error
    }
    const isAtEnd = this.peek().kind === 'EOF'
    if (this.#error !== undefined) throw new ExpressionError(this.#error)
    if (root === undefined || !isAtEnd) throw new ExpressionError(`invalid expression: ${this.#text}`)
    return root
  }

  textOf({ first, last }: Span): string {
    return this.#tokens
      .slice(first, last + 1)
      .map(({ text }) => text)
      .join('')
  }

  peek(ahead = 0): Token {
    while (this.#tokens.length <= this.#at + ahead) this.#tokens.push(this.#lexer.next())
    return this.#tokens[this.#at + ahead]!
  }

  get position(): number {
    return this.#at
  }

  take(): Token {
    const token = this.peek()
    this.#isRecovering = false
    if (token.kind !== 'EOF') this.#at += 1
    return token
  }

  /** Takes a token of this kind. `follows`: what stands where it is missed tells whether it was only left out. */
  expect(kind: TokenKind, follows: (token: TokenKind) => boolean = () => false): Token {
    const token = this.peek()
    if (token.kind === kind) return this.take()
    if (this.peek(1).kind === kind) {
      this.report(token, `extraneous input '${token.text}' expecting ${kind}`)
      this.#at += 1
      return this.take()
    }
    if (follows(token.kind)) {
      this.report(token, `missing ${kind} at '${token.text}'`)
      return token
    }
    throw this.fail(token, `mismatched input '${token.text}' expecting ${kind}`)
  }

  report({ line, column }: Token, what: string): void {
    if (!this.#isRecovering) this.#error = `line ${line}:${column} ${what}`
    this.#isRecovering = true
  }

  fail(token: Token, what: string): Error {
    this.report(token, what)
    return new Unreadable()
  }

  /** Parses what stands between brackets. */
  within<T>(closer: TokenKind, parse: () => T): T {
    this.#closers.push(closer)
    try {
      return parse()
    } finally {
      this.#closers.pop()
    }
  }

  /** At the start of an expression: passes over one token that does not belong there. */
  checkStart(expected: string = expressionStart, alsoStarts?: TokenKind): void {
    const starts = (kind: TokenKind): boolean => beginsExpression(kind) || kind === alsoStarts
    const token = this.peek()
    if (starts(token.kind)) return
    if (!starts(this.peek(1).kind))
      throw this.fail(token, `mismatched input '${token.text}' expecting ${expected}`)
    this.report(token, `extraneous input '${token.text}' expecting ${expected}`)
    this.#at += 1
  }

  /** An expression of this precedence or a tighter one. An unreadable one ends where what is around it may go on. */
  expression(precedence = 1): Node {
    if (++this.#nesting > depthMax) throw tooDeep()
    try {
      return this.#infix(precedence)
    } catch (error) {
      if (!(error instanceof Unreadable) || this.#nesting === 1) throw error
      this.#recover()
      return { kind: 'unsupported', what: '', first: this.#at, last: this.#at, depth: 1 }
    } finally {
      this.#nesting -= 1
    }
  }

  #recover(): void {
    if (this.#recoveredAt === this.#at && this.peek().kind !== 'EOF') this.#at += 1
    for (;;) {
      const { kind } = this.peek()
      if (kind === 'EOF' || kind in precedences || this.#closers.includes(kind)) break
      this.#at += 1
    }
    this.#recoveredAt = this.#at
  }

  span(first: number, ...nodes: readonly (Node | undefined)[]): Span {
    const depth = 1 + Math.max(0, ...nodes.map((node) => node?.depth ?? 0))
    if (depth > depthMax) throw tooDeep()
    return { first, last: this.#at - 1, depth }
  }

  #infix(precedence: number): Node {
    this.checkStart()
    let left = this.#prefix()
    for (;;) {
      const { kind } = this.peek()
      if (!isInfix(kind)) return left
      const isRange = isRelational(kind) && this.#isRange(kind)
      const own = isRange && precedences.range >= precedence ? precedences.range : precedences[kind]
      if (own < precedence) return left
      if (isRelational(kind)) this.#checkBound()
      left = own === precedences.range ? this.#range(left) : this.#binary(left, kind)
    }
  }

  #prefix(): Node {
    const first = this.#at
    const { kind } = this.peek()
    switch (kind) {
      case "'+'":
      case "'-'":
      case "'~'":
      case 'NOT': {
        this.take()
        const operand = this.expression(precedences.unary)
        const operator = kind === 'NOT' ? '!' : (kind[1] as '+' | '-' | '~')
        return { kind: 'unary', operator, operand, ...this.span(first, operand) }
      }
      case 'EXISTS': {
        this.take()
        const operand = this.expression(precedences.EXISTS)
        return { kind: 'exists', operand, ...this.span(first, operand) }
      }
      default:
        return this.#primary()
    }
  }

  #primary(): Node {
    const first = this.#at
    const { kind, text } = this.peek()
    switch (kind) {
      case 'IntegerConstant':
        return this.#leaf('integer')
      case 'FloatingConstant':
        return this.#leaf('float')
      case 'BooleanConstant':
        return this.#leaf('boolean')
      case 'StringLiteral':
        return this.#leaf('string')
      case "'$meta'":
        return this.#leaf('identifier')
      case 'StructFieldIdentifier':
      case 'StructIndexFieldIdentifier':
      case 'StructSubFieldIdentifier':
        return this.#leaf('struct')
      case 'Identifier':
      case 'JSONIdentifier':
        return this.#named(kind)
      case 'EmptyArray':
        this.take()
        return { kind: 'array', items: [], ...this.span(first) }
      case "'('":
        return this.#parenthesized()
      case "'['":
        return this.#array()
      case "'{'":
        return this.#template()
      case 'ISO':
        return this.#timed('moment')
      default:
        if (!beginsExpression(kind)) throw this.fail(this.peek(), `no viable alternative at input '${text}'`)
        return parseFunction(this, kind)
    }
  }

  #leaf<K extends string>(kind: K): Span & { readonly kind: K; readonly text: string } {
    const first = this.#at
    const { text } = this.take()
    return { kind, text, ...this.span(first) }
  }

  #named(kind: 'Identifier' | 'JSONIdentifier'): Node {
    const first = this.#at
    const after = this.peek(1).kind
    if (kind === 'Identifier' && after === "'('") return parseFunction(this, kind)
    const operand = this.#leaf(kind === 'Identifier' ? 'identifier' : 'path')
    if (after !== 'ISNULL' && after !== 'ISNOTNULL') return operand
    this.take()
    return { kind: 'is-null', operand, isNegated: after === 'ISNOTNULL', ...this.span(first, operand) }
  }

  #timed(kind: 'moment' | 'interval'): Node {
    const first = this.#at
    this.take()
    const { text } = this.expect('StringLiteral')
    return { kind, text, ...this.span(first) }
  }

  #parenthesized(): Node {
    this.take()
    return this.within("')'", () => {
      const inner = this.expression()
      this.expect(
        "')'",
        (kind) => kind === 'EOF' || isInfix(kind) || this.#closers.slice(0, -1).includes(kind),
      )
      return { ...inner, isClosed: true }
    })
  }

  #array(): Node {
    const first = this.#at
    this.take()
    return this.within("']'", () => {
      const items = [this.expression()]
      for (;;) {
        const token = this.peek()
        const next = this.peek(1)
        if (token.kind === "','" && beginsExpression(next.kind)) {
          this.take()
          items.push(this.expression())
        } else if (token.kind === "','" && next.kind === "']'") {
          this.take()
        } else if (token.kind === "']'") {
          this.take()
          return { kind: 'array', items, ...this.span(first, ...items) }
        } else if (token.kind === "','") {
          throw this.fail(next, `no viable alternative at input ',${next.kind === 'EOF' ? '' : next.text}'`)
        } else throw this.fail(token, `extraneous input '${token.text}' expecting {',', ']'}`)
      }
    })
  }

  #template(): Node {
    const first = this.#at
    this.take()
    const name = this.expect('Identifier', (kind) => kind === "'}'").text
    this.expect("'}'", (kind) => kind === 'EOF' || isInfix(kind))
    return { kind: 'template', name, ...this.span(first) }
  }

  /** A sign of comparison that nothing can follow is told together with it. */
  #checkBound(): void {
    const sign = this.peek()
    const token = this.peek(1)
    if (beginsExpression(token.kind)) return
    const input = sign.text + (token.kind === 'EOF' ? '' : token.text)
    throw this.fail(token, `no viable alternative at input '${input}'`)
  }

  #isRange(kind: TokenKind): boolean {
    const operand = this.peek(1).kind
    const isName =
      operand === 'Identifier' ||
      operand === 'JSONIdentifier' ||
      operand === 'StructSubFieldIdentifier' ||
      operand === 'StructIndexFieldIdentifier'
    return isName && isRelational(this.peek(2).kind) && this.peek(2).kind[1] === kind[1]
  }

  #range(left: Node): Node {
    const one = this.take().text
    const { kind } = this.peek()
    const operand = this.#leaf(
      kind === 'Identifier' ? 'identifier' : kind === 'JSONIdentifier' ? 'path' : 'struct',
    )
    const two = this.take().text
    const right = this.expression(precedences.range + 1)
    const isReverse = one.startsWith('>')
    return {
      kind: 'range',
      operand,
      low: isReverse ? right : left,
      high: isReverse ? left : right,
      isLowInside: (isReverse ? two : one).endsWith('='),
      isHighInside: (isReverse ? one : two).endsWith('='),
      ...this.span(left.first, left, operand, right),
    }
  }

  #binary(left: Node, kind: Infix): Node {
    const { text } = this.take()
    if (kind === 'NOT') this.expect('IN', beginsExpression)
    const isInterval = (kind === "'+'" || kind === "'-'") && this.peek().kind === 'INTERVAL'
    const right = isInterval ? this.#timed('interval') : this.expression(precedences[kind] + 1)
    if (kind === 'AND' || kind === 'OR') return this.#logical(kind === 'AND' ? 'and' : 'or', left, right)
    const span = this.span(left.first, left, right)
    switch (kind) {
      case 'IN':
      case 'NOT':
        return { kind: 'in', operand: left, list: right, isNegated: kind === 'NOT', ...span }
      case 'LIKE':
        return { kind: 'like', operand: left, pattern: right, ...span }
      case "'=~'":
      case "'!~'":
        return { kind: 'regex', operand: left, pattern: right, isNegated: kind === "'!~'", ...span }
      case "'**'":
        return { kind: 'power', left, right, ...span }
      case "'<<'":
      case "'>>'":
        return { kind: 'shift', left, right, ...span }
      case "'&'":
      case "'|'":
      case "'^'":
        return {
          kind: 'bits',
          name: kind === "'&'" ? 'BitAnd' : kind === "'|'" ? 'BitOr' : 'BitXor',
          left,
          right,
          ...span,
        }
      case "'=='":
      case "'!='":
      case "'<'":
      case "'<='":
      case "'>'":
      case "'>='":
        return { kind: 'compare', operator: text as RelationalOperator | '==' | '!=', left, right, ...span }
      default:
        return { kind: 'arithmetic', operator: text as ArithmeticOperator, left, right, ...span }
    }
  }

  /** Chains of one operator are one node, so that thousands of them are not thousands deep. */
  #logical(kind: 'and' | 'or', left: Node, right: Node): Node {
    if (left.kind !== kind || left.isClosed === true) {
      return { kind, operands: [left, right], ...this.span(left.first, left, right) }
    }
    // The list is this parser's own until the chain ends: copies would make long chains slow.
    ;(left.operands as Node[]).push(right)
    return { ...left, last: this.#at - 1, depth: Math.max(left.depth, right.depth + 1) }
  }
}

function isInfix(kind: TokenKind): kind is Infix {
  return kind in precedences && kind !== 'EXISTS'
}

function isRelational(kind: TokenKind): boolean {
  return kind === "'<'" || kind === "'<='" || kind === "'>'" || kind === "'>='"
}

function tooDeep(): ExpressionError {
  return new ExpressionError(`the expression is nested more than ${depthMax} levels deep`, ends.plan)
}
