import { keywords, signs, type Token, type TokenKind } from './token.ts'

const space = /[ \t\r\n]+/y
const string = `(?:u8|[uUL])?(?:"(?:[^"\\\\\\r\\n]|\\\\(?:\\r\\n|[^\\r]))*"|'(?:[^'\\\\\\r\\n]|\\\\(?:\\r\\n|[^\\r]))*')`
const word = '[A-Za-z_][A-Za-z_0-9]*'
const index = '(?:0|[1-9][0-9]*)'
const exponent = '[eE][+-]?[0-9]+'

/** Of the patterns that fit the longest wins, of equally long ones the first. */
const patterns: readonly (readonly [RegExp, TokenKind])[] = (
  [
    ['is null|IS NULL', 'ISNULL'],
    ['is not null|IS NOT NULL', 'ISNOTNULL'],
    ['\\[[ \\t\\r\\n]*\\]', 'EmptyArray'],
    [`(?:[0-9]*\\.[0-9]+|[0-9]+\\.)(?:${exponent})?|[0-9]+${exponent}`, 'FloatingConstant'],
    ['0[xX](?:[0-9a-fA-F]*\\.[0-9a-fA-F]+|[0-9a-fA-F]+\\.?)[pP][+-]?[0-9]+', 'FloatingConstant'],
    ['0[xX][0-9a-fA-F]+|0[bB][01]+|0[0-7]*|[1-9][0-9]*', 'IntegerConstant'],
    [word, 'Identifier'],
    ['\\$meta', "'$meta'"],
    [string, 'StringLiteral'],
    [`(?:${word}|\\$meta)(?:\\[(?:${string}|${index})\\])+`, 'JSONIdentifier'],
    [`${word}\\[${index}\\]\\[${word}\\]`, 'StructIndexFieldIdentifier'],
    [`${word}\\[${word}\\]`, 'StructFieldIdentifier'],
    [`\\$\\[${word}\\]`, 'StructSubFieldIdentifier'],
  ] as const
).map(([source, kind]) => [new RegExp(source, 'y'), kind])

// How far into a token the text is looked at before it turns out to be none.
const broken = /"(?:[^"\\\r\n]|\\[^\r\n])*|'(?:[^'\\\r\n]|\\[^\r\n])*|\$(?:m(?:e(?:ta?)?)?)?|\./y

export interface LexicalError {
  readonly line: number
  readonly column: number
  readonly text: string
}

/** The tokens of a filter, one after the other; what is none is told and passed over. */
export class Lexer {
  readonly #text: string
  readonly #onError: (error: LexicalError) => void
  #at = 0
  #line = 1
  #column = 0

  constructor(text: string, onError: (error: LexicalError) => void) {
    this.#text = text
    this.#onError = onError
  }

  /** At the end, always the same token. */
  next(): Token {
    for (;;) {
      this.#pass(this.#match(space) ?? '')
      const place = { line: this.#line, column: this.#column }
      if (this.#at >= this.#text.length) return { kind: 'EOF', text: '<EOF>', ...place }
      const found = this.#find()
      const text = found?.text ?? this.#brokenText()
      this.#pass(text)
      if (found !== undefined) return { ...found, ...place }
      this.#onError({ text, ...place })
    }
  }

  #find(): { readonly text: string; readonly kind: TokenKind } | undefined {
    let best: { readonly text: string; readonly kind: TokenKind } | undefined
    for (const [pattern, kind] of patterns) {
      const text = this.#match(pattern)
      if (text !== undefined && text.length > (best?.text.length ?? 0)) best = { text, kind }
    }
    if (best?.kind === 'Identifier') return { text: best.text, kind: keywords.get(best.text) ?? 'Identifier' }
    if (best !== undefined) return best
    const sign = signs.find(([text]) => this.#text.startsWith(text, this.#at))
    return sign === undefined ? undefined : { text: sign[0], kind: sign[1] }
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at
    return pattern.exec(this.#text)?.[0]
  }

  /** Up to and with the character that no token has there. */
  #brokenText(): string {
    const begun = this.#match(broken) ?? ''
    const wrong = this.#text.codePointAt(this.#at + begun.length)
    return wrong === undefined ? begun : begun + String.fromCodePoint(wrong)
  }

  #pass(text: string): void {
    this.#at += text.length
    for (const character of text) {
      if (character === '\n') {
        this.#line += 1
        this.#column = 0
      } else this.#column += 1
    }
  }
}
