import type { JsonValue } from '../../encoding/json.ts'
import { DatabaseError } from '../../errors/database-error.ts'
import { compileFilter, type FilterRow, type FilterSchema } from '../compile-filter.ts'
import { parseDatetime } from '../datetime.ts'
import { distanceOf, geoPointOf } from '../geo.ts'
import { isArray, parsePath, valuesAt } from '../payload-path.ts'
import { numberOf } from '../values.ts'
import type { Decay, Expression, Formula, FormulaDefaults } from './formula.ts'

/** A point as a formula sees it. */
export interface FormulaRow extends FilterRow {
  /** What the prefetch gave this point; undefined if it did not find it. */
  score(prefetch: number): number | undefined
}

type Evaluate = (row: FormulaRow) => number

interface Context {
  readonly schema: FilterSchema
  readonly defaults: FormulaDefaults
}

/**
 * A formula made ready to be computed for rows. Giving a score may throw formula-failed: a value is absent or of another
 * kind, or a number is not finite.
 * @throws filter-invalid, request-invalid
 */
export function compileFormula(formula: Formula, schema: FilterSchema): Evaluate {
  const evaluate = compile(formula.expression, { schema, defaults: formula.defaults ?? {} })
  return (row) => {
    const exact = evaluate(row)
    const score = Math.fround(exact)
    if (!Number.isFinite(score)) throw notFinite(`${shown(exact)} as f32`, score)
    return score
  }
}

function compile(expression: Expression, context: Context): Evaluate {
  if (typeof expression === 'number') {
    const constant = Math.fround(expression)
    return () => constant
  }
  switch (expression.kind) {
    case 'score': {
      const { prefetch = 0 } = expression
      const absent = context.defaults.scores?.[prefetch] ?? 0
      return (row) => row.score(prefetch) ?? absent
    }
    case 'value':
      return payloadReader(expression.path, 'number', numberOf, context)
    case 'condition': {
      const predicate = compileFilter({ must: [expression.condition] }, context.schema)
      return (row) => Number(predicate.test(row))
    }
    case 'geo-distance': {
      const { origin } = expression
      const read = payloadReader(expression.path, 'geo point', geoPointOf, context)
      return (row) => distanceOf(origin, read(row))
    }
    case 'datetime': {
      const at = secondsOf(expression.at)
      if (at === undefined) throw invalid('datetime', expression.at, 'an RFC 3339 text')
      return () => at
    }
    case 'datetime-value':
      return payloadReader(expression.path, 'datetime', secondsOf, context)
    case 'decay':
      return compileDecay(expression, context)
    default:
      return compileArithmetic(expression, context)
  }
}

type Arithmetic = Extract<
  Expression,
  { kind: 'sum' | 'product' | 'quotient' | 'power' | 'neg' | 'abs' | 'sqrt' | 'exp' | 'log10' | 'ln' }
>

function compileArithmetic(expression: Arithmetic, context: Context): Evaluate {
  switch (expression.kind) {
    case 'sum': {
      const parts = expression.of.map((part) => compile(part, context))
      return (row) => parts.reduce((sum, part) => sum + part(row), 0)
    }
    case 'product': {
      const parts = expression.of.map((part) => compile(part, context))
      return (row) => product(parts, row)
    }
    case 'quotient':
      return compileQuotient(expression, context)
    case 'power': {
      const base = compile(expression.base, context)
      const exponent = compile(expression.exponent, context)
      return (row) => {
        const [b, e] = [base(row), exponent(row)]
        return finite(b ** e, () => `${shown(b)}^${shown(e)}`)
      }
    }
    default: {
      const of = compile(expression.of, context)
      const apply = functions[expression.kind]
      return (row) => apply(of(row))
    }
  }
}

const functions: Readonly<Record<'neg' | 'abs' | 'sqrt' | 'exp' | 'log10' | 'ln', (x: number) => number>> = {
  neg: (x) => -x,
  abs: Math.abs,
  sqrt: (x) => finite(Math.sqrt(x), () => `√${shown(x)}`),
  exp: (x) => finite(Math.exp(x), () => `exp(${shown(x)})`),
  log10: (x) => finite(Math.log10(x), () => `log10(${shown(x)})`),
  ln: (x) => finite(Math.log(x), () => `ln(${shown(x)})`),
}

function product(parts: readonly Evaluate[], row: FormulaRow): number {
  let result = 1
  for (const part of parts) {
    const factor = part(row)
    if (factor === 0) return 0
    result *= factor
  }
  return result
}

function compileQuotient(
  { left, right, byZero }: Extract<Expression, { kind: 'quotient' }>,
  context: Context,
): Evaluate {
  const dividend = compile(left, context)
  const divisor = compile(right, context)
  return (row) => {
    const a = dividend(row)
    if (a === 0) return 0
    const b = divisor(row)
    if (b === 0 && byZero !== undefined) return byZero
    return finite(a / b, () => `${shown(a)}/${shown(b)}`)
  }
}

function compileDecay(decay: Decay, context: Context): Evaluate {
  const { scale = 1, midpoint = 0.5, shape } = decay
  if (!(scale > 0)) throw invalid('scale', scale, 'above 0')
  const isInside = shape === 'linear' ? midpoint >= 0 && midpoint <= 1 : midpoint > 0 && midpoint < 1
  if (!isInside) throw invalid('midpoint', midpoint, 'between 0 and 1')
  const of = compile(decay.of, context)
  const target = compile(decay.target ?? 0, context)
  const distance = (row: FormulaRow): number => Math.abs(of(row) - target(row))
  switch (shape) {
    case 'linear':
      return (row) => Math.max(0, 1 - ((1 - midpoint) / scale) * distance(row))
    case 'exponential':
      return (row) => Math.exp((Math.log(midpoint) / scale) * distance(row))
    case 'gauss':
      return (row) => Math.exp((Math.log(midpoint) / scale ** 2) * distance(row) ** 2)
  }
}

/** The first value under the path, or the default; a list of one counts as what it holds. */
function payloadReader<T>(
  path: string,
  expected: string,
  read: (value: JsonValue) => T | undefined,
  { defaults, schema }: Context,
): (row: FormulaRow) => T {
  const steps = parsePath(path)
  // What an index does not hold is not there, as in Qdrant, which asks it rather than the payload.
  const isIndexed = Object.hasOwn(schema.payloadIndexes ?? {}, path)
  const isMissing = (value: JsonValue | undefined): boolean =>
    isIndexed && (isArray(value) ? value.every((one) => read(one) === undefined) : value === null)
  const absent =
    defaults.values !== undefined && Object.hasOwn(defaults.values, path) ? defaults.values[path] : undefined
  return (row) => {
    const [first] = valuesAt(row.payload(), steps)
    const value = first === undefined || isMissing(first) ? absent : first
    const known = isArray(value) && value.length === 1 ? value[0] : value
    const found = known === undefined ? undefined : read(known)
    if (found !== undefined) return found
    const state = known === undefined ? 'there is none, nor a default' : 'it is of another kind'
    throw new DatabaseError(
      'formula-failed',
      `Cannot compute the formula: "${path}" must be a ${expected}, and ${state}`,
      {
        reason: 'value',
        path,
        expected,
        ...(known === undefined ? {} : { value: known }),
      },
    )
  }
}

function secondsOf(value: JsonValue): number | undefined {
  const microseconds = typeof value === 'string' ? parseDatetime(value) : undefined
  return microseconds === undefined ? undefined : microseconds / 1e6
}

function finite(value: number, expression: () => string): number {
  if (Number.isFinite(value)) return value
  throw notFinite(expression(), value)
}

function notFinite(expression: string, value: number): DatabaseError {
  const text = `Cannot compute the formula: ${expression} = ${shown(value)} is not finite`
  return new DatabaseError('formula-failed', text, { reason: 'not-finite', expression, value: shown(value) })
}

function invalid(name: string, value: number | string, expected: string): DatabaseError {
  const text = `Cannot use the formula: ${name} is ${value}, not ${expected}`
  return new DatabaseError('request-invalid', text, { [name]: value })
}

/** All digits, without an exponent. */
function shown(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? 'inf' : '-inf'
  const text = String(value)
  const parts = /^(-?)(\d)(?:\.(\d+))?e([+-]\d+)$/.exec(text)
  if (parts === null) return text
  const [, sign = '', whole, decimals = '', exponent] = parts
  const digits = whole! + decimals
  const places = Number(exponent)
  if (places < 0) return `${sign}0.${'0'.repeat(-places - 1)}${digits}`
  return sign + digits.padEnd(places + 1, '0')
}
