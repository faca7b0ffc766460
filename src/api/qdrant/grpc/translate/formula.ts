import type { JsonObject, JsonValue } from '../../../../index.ts'
import { required } from './calls.ts'
import type { Fields } from './fields.ts'
import { conditionOf } from './filters.ts'
import { geoPointOf, given, jsonMap } from './values.ts'

/** @throws StatusError */
export function formulaOf(formula: Fields): JsonObject {
  const expression = required(formula.sub('expression'), 'missing field: expression')
  return { formula: expressionOf(expression), defaults: jsonMap(formula, 'defaults') }
}

function expressionOf(expression: Fields): JsonValue {
  const kind = required(expression.which(...Object.keys(kinds)), 'missing field: variant')
  return kinds[kind]!(expression, kind)
}

type Translate = (expression: Fields, kind: string) => JsonValue

const ofOne: Translate = (expression, kind) => ({ [kind]: expressionOf(expression.sub(kind)!) })
const ofText: Translate = (expression, kind) => ({ [kind]: expression.words(kind) })
const ofSeveral: Translate = (expression, kind) => ({
  [kind]: expression.sub(kind)!.subs(kind).map(expressionOf),
})

const ofDecay: Translate = (expression, kind) => {
  const decay = expression.sub(kind)!
  const target = decay.sub('target')
  return {
    [kind]: given({
      x: operand(decay, 'x'),
      target: target && expressionOf(target),
      scale: decay.float('scale'),
      midpoint: decay.float('midpoint'),
    }),
  }
}

const kinds: Readonly<Record<string, Translate>> = {
  constant: (expression) => expression.float('constant')!,
  variable: (expression) => expression.words('variable'),
  condition: (expression) => conditionOf(expression.sub('condition')!),
  geo_distance: (expression) => {
    const distance = expression.sub('geo_distance')!
    const origin = geoPointOf(required(distance.sub('origin'), 'missing field: origin'))
    return { geo_distance: { origin, to: distance.words('to') } }
  },
  datetime: ofText,
  datetime_key: ofText,
  mult: ofSeveral,
  sum: ofSeveral,
  div: (expression) => {
    const division = expression.sub('div')!
    const [left, right] = [operand(division, 'left'), operand(division, 'right')]
    return { div: given({ left, right, by_zero_default: division.float('by_zero_default') }) }
  },
  neg: ofOne,
  abs: ofOne,
  sqrt: ofOne,
  pow: (expression) => {
    const power = expression.sub('pow')!
    return { pow: { base: operand(power, 'base'), exponent: operand(power, 'exponent') } }
  },
  exp: ofOne,
  log10: ofOne,
  ln: ofOne,
  exp_decay: ofDecay,
  gauss_decay: ofDecay,
  lin_decay: ofDecay,
}

function operand(expression: Fields, name: string): JsonValue {
  return expressionOf(required(expression.sub(name), `missing field: ${name}`))
}
