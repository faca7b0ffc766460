import type { Literal } from '../../../../index.ts'
import { dataTypes, isIntegerType, isTextType, typeName } from '../../schema/data-types.ts'
import { ends, ExpressionError } from '../filter-error.ts'
import type { ArithmeticOperator, EqualityOperator, RelationalOperator } from '../grammar/syntax.ts'

const int64Max = (1n << 63n) - 1n

export const nameOfType = (type: number): string => (type === 0 ? 'None' : typeName(type))
export const isFloatType = (type: number): boolean => type === dataTypes.Float || type === dataTypes.Double
export const isNumericType = (type: number): boolean => isIntegerType(type) || isFloatType(type)

export const intLiteral = (value: bigint | number): Literal => ({
  kind: 'literal',
  type: 'int',
  value: shortest(value),
})
export const doubleLiteral = (value: number): Literal => ({ kind: 'literal', type: 'double', value })
export const boolLiteral = (value: boolean): Literal => ({ kind: 'literal', type: 'bool', value })
export const textLiteral = (value: string): Literal => ({ kind: 'literal', type: 'text', value })

function shortest(value: bigint | number): bigint | number {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number + 0 : value
}

/** Decimal, 0x, 0b, and octal with a leading 0. @throws ExpressionError beyond 64 bits */
export function parseInteger(text: string, isNegated = false): Literal {
  const isOctal = /^0[0-7]+$/.test(text)
  const value = BigInt(isOctal ? `0o${text.slice(1)}` : text)
  if (value > int64Max && !(isNegated && value === int64Max + 1n)) {
    const isJustBeyond = value === int64Max + 1n
    const what = `strconv.ParseInt: parsing "${text}": value out of range`
    throw new ExpressionError(isJustBeyond ? `int64 overflow: ${text}` : what, ends.number)
  }
  return intLiteral(isNegated ? -value : value)
}

/** @throws ExpressionError beyond doubles */
export function parseFloating(text: string): Literal {
  const hex = /^0x([\da-f]*)\.?([\da-f]*)p([+-]?\d+)$/i.exec(text)
  const value =
    hex === null
      ? Number(text)
      : Number(BigInt(`0x${hex[1]!}${hex[2]!}`)) * 2 ** (Number(hex[3]) - 4 * hex[2]!.length)
  if (Number.isFinite(value)) return doubleLiteral(value)
  throw new ExpressionError(`strconv.ParseFloat: parsing "${text}": value out of range`, ends.number)
}

const escapes: Readonly<Record<string, string>> = {
  a: '\u0007',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  '"': '"',
  "'": "'",
}
const escape = /\\(?:x([\da-fA-F]{2})|([0-7]{3})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|(.))|\\|[^\\]+/gsu

/** What a literal in quotes stands for; `\x` and octal escapes are bytes of UTF-8. @throws ExpressionError */
export function parseText(literal: string): string {
  const start = literal.search(/["']/) + 1
  const body = literal.slice(start, -1)
  if (!body.includes('\\')) return body
  const parts: Buffer[] = []
  for (const [whole, hex, octal, short, long, single] of body.matchAll(escape)) {
    if (!whole.startsWith('\\')) parts.push(Buffer.from(whole))
    else if (hex !== undefined || octal !== undefined) parts.push(Buffer.from([byteOf(hex, octal)]))
    else if (short !== undefined || long !== undefined) parts.push(Buffer.from(characterOf(short ?? long!)))
    else if (single !== undefined && Object.hasOwn(escapes, single)) parts.push(Buffer.from(escapes[single]!))
    else throw invalidSyntax()
  }
  return Buffer.concat(parts).toString('utf8')
}

/** A pattern in quotes: a backslash is the pattern's own, but before the quote and another backslash. */
export function parsePattern(literal: string): string {
  const start = literal.search(/["']/) + 1
  const quote = literal[start - 1]!
  return literal
    .slice(start, -1)
    .replace(/\\([^])/g, (whole, next: string) => (next === quote || next === '\\' ? next : whole))
}

function byteOf(hex: string | undefined, octal: string | undefined): number {
  const byte = hex === undefined ? parseInt(octal!, 8) : parseInt(hex, 16)
  if (byte > 0xff) throw invalidSyntax()
  return byte
}

function characterOf(hex: string): string {
  const code = parseInt(hex, 16)
  if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) throw invalidSyntax()
  return String.fromCodePoint(code)
}

function invalidSyntax(): ExpressionError {
  return new ExpressionError('invalid syntax', ends.number)
}

export function typeOf(literal: Literal): number {
  const { Bool, Int64, Double, VarChar, Array } = dataTypes
  return { bool: Bool, int: Int64, double: Double, text: VarChar, list: Array }[literal.type]
}

/** Of a list: the type that all its elements have, 0 if there is none. */
export function elementTypeOf(literal: Literal): number {
  if (literal.type !== 'list') return 0
  const types = new Set(literal.items.map(typeOf))
  return types.size === 1 ? [...types][0]! : 0
}

/** A literal as the original shows it in its reasons. */
export function shownValue(literal: Literal): string {
  switch (literal.type) {
    case 'bool':
      return `bool_val:${literal.value}`
    case 'int':
      return `int64_val:${literal.value}`
    case 'double':
      return `float_val:${literal.value}`
    case 'text':
      return `string_val:${JSON.stringify(literal.value)}`
    case 'list': {
      const items = literal.items.map((item) => `array:{${shownValue(item)}}`)
      const isSame = new Set(literal.items.map(typeOf)).size <= 1
      const element = elementTypeOf(literal)
      const end = [
        ...(isSame ? ['same_type:true'] : []),
        ...(element === 0 ? [] : [`element_type:${nameOfType(element)}`]),
      ]
      return `array_val:{${[...items, ...end].join('  ')}}`
    }
  }
}

/** The literal as a value of the type, undefined if it is none: an integer is no text, and a fraction no integer. */
export function castTo(type: number, literal: Literal): Literal | undefined {
  if (type === dataTypes.JSON) return literal
  if (type === dataTypes.Array) return literal.type === 'list' ? literal : undefined
  if (isTextType(type)) return literal.type === 'text' ? literal : undefined
  if (type === dataTypes.Bool) return literal.type === 'bool' ? literal : undefined
  if (isFloatType(type)) {
    return literal.type === 'double'
      ? literal
      : literal.type === 'int'
        ? doubleLiteral(Number(literal.value))
        : undefined
  }
  return isIntegerType(type) && literal.type === 'int' ? literal : undefined
}

/** @throws ExpressionError */
export function mustCast(type: number, literal: Literal): Literal {
  const found = castTo(type, literal)
  if (found !== undefined) return found
  throw new ExpressionError(`cannot cast value to ${nameOfType(type)}, value: ${shownValue(literal)}`)
}

/** What an operator makes of two numbers. @throws ExpressionError */
export function calculate(operator: ArithmeticOperator | '**', left: Literal, right: Literal): Literal {
  const isNumber = (literal: Literal): boolean => literal.type === 'int' || literal.type === 'double'
  if (!isNumber(left) || !isNumber(right)) {
    throw new ExpressionError(`operator '${operator}' can only be used between numbers`)
  }
  const [a, b] = [left, right] as readonly { readonly value: number | bigint }[] as [
    { value: number | bigint },
    { value: number | bigint },
  ]
  if ((operator === '/' || operator === '%') && Number(b.value) === 0) {
    throw new ExpressionError('division or modulus by zero')
  }
  const isWhole = left.type === 'int' && right.type === 'int'
  if (isWhole && (operator !== '**' || b.value >= 0))
    return intLiteral(ofIntegers(operator, BigInt(a.value), BigInt(b.value)))
  if (operator === '%') throw new ExpressionError('modulo can only apply on integer types')
  const value = ofDoubles(operator, Number(a.value), Number(b.value))
  if (!Number.isFinite(value)) throw new ExpressionError(`the result of '${operator}' is beyond a double`)
  return doubleLiteral(value)
}

function ofIntegers(operator: ArithmeticOperator | '**', a: bigint, b: bigint): bigint {
  switch (operator) {
    case '+':
      return BigInt.asIntN(64, a + b)
    case '-':
      return BigInt.asIntN(64, a - b)
    case '*':
      return BigInt.asIntN(64, a * b)
    case '/':
      return BigInt.asIntN(64, a / b)
    case '%':
      return a % b
    case '**':
      return power(a, b)
  }
}

/** Modulo 2^64 at every step: the exponent may be anything. */
function power(base: bigint, exponent: bigint): bigint {
  let result = 1n
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) result = BigInt.asIntN(64, result * base)
    base = BigInt.asIntN(64, base * base)
  }
  return result
}

function ofDoubles(operator: ArithmeticOperator | '**', a: number, b: number): number {
  switch (operator) {
    case '+':
      return a + b
    case '-':
      return a - b
    case '*':
      return a * b
    case '/':
      return a / b
    case '%':
      return a % b
    case '**':
      return a ** b
  }
}

/** Undefined if the two cannot be compared. */
export function compareConstants(
  operator: RelationalOperator | EqualityOperator,
  left: Literal,
  right: Literal,
): boolean | undefined {
  const order = orderOf(left, right)
  if (order === undefined) return undefined
  switch (operator) {
    case '==':
      return order === 0
    case '!=':
      return order !== 0
    case '<':
      return order < 0
    case '<=':
      return order <= 0
    case '>':
      return order > 0
    case '>=':
      return order >= 0
  }
}

function orderOf(left: Literal, right: Literal): number | undefined {
  if (left.type === 'list' || right.type === 'list') return undefined
  if (left.type === 'text' && right.type === 'text') {
    return Buffer.compare(Buffer.from(left.value), Buffer.from(right.value))
  }
  const isText = left.type === 'text' || right.type === 'text'
  if (isText || (left.type === 'bool') !== (right.type === 'bool')) return undefined
  return left.value < right.value ? -1 : left.value > right.value ? 1 : 0
}
