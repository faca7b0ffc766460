import {
  parseDatetime,
  type Condition,
  type Decay,
  type Expression,
  type Formula,
  type FormulaDefaults,
  type GeoPoint,
  type JsonObject,
  type JsonValue,
} from '../../../../index.ts'
import {
  DecodeError,
  absentOr,
  float,
  isArray,
  isObject,
  numberOf,
  object,
  optional,
  required,
  struct,
  text,
  type Decoder,
} from '../../decode.ts'
import { invalid, wrongInput } from '../../failures.ts'
import { WireError } from '../../wire-error.ts'
import { filterOf } from '../filters.ts'
import { payloadPath } from '../payload-path.ts'
import { formulaVariable } from './formula-variable.ts'

/** An expression whose names and texts have not been looked at. @throws WireError 400 */
type Given = () => Expression

const formulaStruct = struct('FormulaQuery', {
  formula: required((value: JsonValue) => value),
  defaults: absentOr(object, {}),
})

/** `field`: what the validator calls the query. */
export function formulaQuery(field: string): Decoder<() => Formula> {
  return (value) => {
    const given = formulaStruct(isObject(value) ? value : null)
    const expression = expressionOf(given.formula, field)
    const defaults = defaultsOf(given.defaults, `${field}.defaults`)
    return () => ({ expression: expression(), defaults })
  }
}

function expressionOf(value: JsonValue, field: string): Given {
  const constant = numberOf(value)
  if (constant !== undefined) return () => constant
  if (typeof value === 'string') return variableOf(value)
  if (!isObject(value)) throw noExpression()
  const condition = conditionOf(value, field)
  if (condition !== undefined) return () => ({ kind: 'condition', condition })
  // The first form that fits counts, as for serde; what does not fit may be another one.
  for (const [name, decode] of Object.entries(forms)) {
    if (!Object.hasOwn(value, name)) continue
    try {
      return decode(value[name]!, `${field}.${name}`)
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error
    }
  }
  throw noExpression()
}

const noExpression = (): DecodeError => new DecodeError('no expression', 'after')

function conditionOf(value: JsonObject, field: string): Condition | undefined {
  const place = 'condition'
  try {
    const filter = filterOf(place)({ must: [value] })
    return filter.must?.[0]
  } catch (error) {
    if (error instanceof DecodeError) return undefined
    if (!(error instanceof WireError)) throw error
    throw new WireError(error.status, error.text.replace(`${place}.must[0]`, field))
  }
}

function variableOf(name: string): Given {
  return () => {
    const variable = formulaVariable(name)
    if (typeof variable === 'object' && 'fault' in variable) {
      throw failed(`failed to parse variable ID ${name}: ${variable.fault}`)
    }
    return variable
  }
}

const failed = (why: string): WireError => wrongInput(`Validation failed: ${why}`)

type Form = (value: JsonValue, field: string) => Given

/** In the order in which they are tried. */
const forms: Readonly<Record<string, Form>> = {
  geo_distance: (value) => {
    const { origin, to } = geoDistance(value)
    return () => ({ kind: 'geo-distance', origin, path: to })
  },
  datetime: (value) => {
    const at = text(value)
    return () => {
      if (parseDatetime(at) === undefined) throw failed(`failed to parse date-time ${at}: ${whyNoTime(at)}`)
      return { kind: 'datetime', at }
    }
  },
  datetime_key: (value) => {
    const path = payloadPath(value)
    return () => ({ kind: 'datetime-value', path })
  },
  mult: (value, field) => {
    const parts = several(value, field)
    return () => ({ kind: 'product', of: parts.map((part) => part()) })
  },
  sum: (value, field) => {
    const parts = several(value, field)
    return () => ({ kind: 'sum', of: parts.map((part) => part()) })
  },
  neg: unary('neg'),
  abs: unary('abs'),
  div: (value, field) => {
    const { left, right, by_zero_default: byZero } = quotient(value)
    const [a, b] = [expressionOf(left, `${field}.left`), expressionOf(right, `${field}.right`)]
    return () => ({ kind: 'quotient', left: a(), right: b(), ...(byZero === undefined ? {} : { byZero }) })
  },
  sqrt: unary('sqrt'),
  pow: (value, field) => {
    const given = power(value)
    const base = expressionOf(given.base, `${field}.base`)
    const exponent = expressionOf(given.exponent, `${field}.exponent`)
    return () => ({ kind: 'power', base: base(), exponent: exponent() })
  },
  exp: unary('exp'),
  log10: unary('log10'),
  ln: unary('ln'),
  lin_decay: decay('linear'),
  exp_decay: decay('exponential'),
  gauss_decay: decay('gauss'),
}

const anything = (value: JsonValue): JsonValue => value
const quotient = struct('DivParams', {
  left: required(anything),
  right: required(anything),
  by_zero_default: optional(float('f32')),
})
const power = struct('PowParams', { base: required(anything), exponent: required(anything) })
const decayParams = struct('DecayParams', {
  x: required(anything),
  target: optional(anything),
  scale: optional(float('f32')),
  midpoint: optional(float('f32')),
})
const geoPoint: Decoder<GeoPoint> = (value) => {
  const point = struct('GeoPoint', { lon: required(float('f64')), lat: required(float('f64')) })(value)
  if (Math.abs(point.lon) > 180 || Math.abs(point.lat) > 90) throw new DecodeError('not on earth', 'after')
  return point
}
const geoDistance = struct('GeoDistance', { origin: required(geoPoint), to: required(payloadPath) })

function several(value: JsonValue, field: string): Given[] {
  if (!isArray(value)) throw noExpression()
  return value.map((part, index) => expressionOf(part, `${field}[${index}]`))
}

function unary(kind: 'neg' | 'abs' | 'sqrt' | 'exp' | 'log10' | 'ln'): Form {
  return (value, field) => {
    const of = expressionOf(value, field)
    return () => ({ kind, of: of() })
  }
}

function decay(shape: Decay['shape']): Form {
  return (value, field) => {
    const { x, target, scale, midpoint } = decayParams(value)
    const of = expressionOf(x, `${field}.x`)
    const to = target === undefined ? undefined : expressionOf(target, `${field}.target`)
    return () => {
      const params = {
        ...(scale === undefined ? {} : { scale }),
        ...(midpoint === undefined ? {} : { midpoint }),
      }
      checkDecay(shape, params)
      return { kind: 'decay', shape, of: of(), ...(to === undefined ? {} : { target: to() }), ...params }
    }
  }
}

function checkDecay(
  shape: Decay['shape'],
  { scale = 1, midpoint = 0.5 }: { scale?: number; midpoint?: number },
): void {
  if (!(scale > 0)) throw failed(`Decay scale should be non-zero positive, got ${scale}.`)
  if (shape === 'linear') {
    if (midpoint >= 0 && midpoint <= 1) return
    throw failed(`Linear decay midpoint should be in the range [0.0, 1.0], got ${midpoint}.`)
  }
  if (midpoint > 0 && midpoint < 1) return
  throw failed(`Decay midpoint should be in the range (0.0, 1.0), got ${midpoint}.`)
}

/** @throws WireError 422 */
function defaultsOf(given: JsonObject, field: string): FormulaDefaults {
  const values: [string, JsonValue][] = []
  const scores: [number, number][] = []
  for (const name of Object.keys(given)) {
    const variable = formulaVariable(name)
    if (typeof variable === 'object' && 'fault' in variable) throw invalid(`${field}: ${variable.fault}`)
    const value = given[name]!
    if (typeof variable === 'object' && variable.kind === 'score') {
      const number = numberOf(value)
      if (number === undefined) {
        throw invalid(`${field}: Validation error: Score default must be a number [{}]`)
      }
      scores.push([variable.prefetch ?? 0, number])
    } else values.push([name, value])
  }
  return { values: Object.fromEntries(values), scores: Object.fromEntries(scores) }
}

/** In the words of the library that reads times there. */
export function whyNoTime(text: string): string {
  return text === '' ? 'premature end of input' : 'input contains invalid characters'
}
