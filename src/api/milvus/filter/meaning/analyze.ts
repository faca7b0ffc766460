import type { Literal } from '../../../../index.ts'
import { dataTypes } from '../../schema/data-types.ts'
import { ends, ExpressionError } from '../filter-error.ts'
import type { Name, Node } from '../grammar/syntax.ts'
import { calculateMeanings } from './arithmetic.ts'
import { columnOf, pathColumn } from './columns.ts'
import { compareMeanings, predicate, refuseWholeArray, valueOf } from './comparisons.ts'
import {
  boolLiteral,
  calculate,
  doubleLiteral,
  intLiteral,
  parseFloating,
  parseInteger,
  parsePattern,
  parseText,
  textLiteral,
} from './constants.ts'
import { findPredicate, logicalMeaning } from './logic.ts'
import type { Column, Meaning, Moment, Predicate, Scope } from './meaning.ts'
import { intervalOf, isTimed, momentList, momentOf, momentRange } from './moments.ts'
import { elementsPredicate, structFieldColumn, testedStruct } from './structs.ts'
import { geometryColumn, nearTest, spatialTest, validTest } from './spatial.ts'
import {
  containsTest,
  existsTest,
  listTest,
  matchedField,
  nullTest,
  patternTest,
  rangeTest,
  sampleTest,
} from './tests.ts'

type NodeOf<K extends Node['kind']> = Extract<Node, { readonly kind: K }>

/** What a node of a filter asks of the rows of a schema. @throws ExpressionError */
export function analyze(node: Node, scope: Scope): Meaning {
  switch (node.kind) {
    case 'integer':
      return constant(parseInteger(node.text))
    case 'float':
      return constant(parseFloating(node.text))
    case 'boolean':
      return constant(boolLiteral(node.text.toLowerCase() === 'true'))
    case 'string':
      return constant(textLiteral(parseText(node.text)))
    case 'array':
      return constant({
        kind: 'literal',
        type: 'list',
        items: node.items.map((item) => arrayItem(item, scope)),
      })
    case 'template':
      return { kind: 'template', name: node.name }
    case 'moment':
      return momentOf(parseText(node.text), scope)
    case 'interval':
      return intervalOf(parseText(node.text))
    case 'identifier':
    case 'path':
    case 'struct':
      return analyzeName(node, scope)
    case 'unary':
      return analyzeUnary(node, scope)
    case 'power':
      return analyzePower(node, scope)
    case 'shift':
      throw new ExpressionError(`shift is not supported: ${scope.textOf(node)}`, ends.input)
    case 'bits':
      throw new ExpressionError(`${node.name} is not supported: ${scope.textOf(node)}`, ends.input)
    case 'arithmetic':
      return calculateMeanings(node.operator, analyze(node.left, scope), analyze(node.right, scope))
    case 'compare': {
      const { operator, left, right } = node
      return compareMeanings(operator, analyze(left, scope), analyze(right, scope), scope.textOf(node))
    }
    case 'and':
    case 'or':
      return logicalMeaning(
        node.kind,
        node.operands.map((operand) => () => analyze(operand, scope)),
      )
    default:
      return analyzeTest(node, scope)
  }
}

type TestNode = Exclude<
  Node,
  NodeOf<
    | ('integer' | 'float' | 'boolean' | 'string' | 'array' | 'template' | 'identifier' | 'path' | 'struct')
    | ('moment' | 'interval')
    | ('unary' | 'power' | 'shift' | 'bits' | 'arithmetic' | 'compare' | 'and' | 'or')
  >
>

function analyzeTest(node: TestNode, scope: Scope): Meaning {
  switch (node.kind) {
    case 'in': {
      const child = analyze(node.operand, scope)
      const texts = { child: scope.textOf(node.operand), list: scope.textOf(node.list) }
      if (isMoments(node.list)) {
        const items = node.list.items.map((item) => analyze(item, scope) as Moment)
        return momentList(child, items, node.isNegated, texts.child)
      }
      return listTest(child, analyze(node.list, scope), node.isNegated, texts)
    }
    case 'like':
    case 'regex': {
      const child = analyze(node.operand, scope)
      const isNegated = node.kind === 'regex' && node.isNegated
      const pattern =
        node.kind === 'regex' && node.pattern.kind === 'string'
          ? constant(textLiteral(parsePattern(node.pattern.text)))
          : analyze(node.pattern, scope)
      return patternTest(node.kind, child, pattern, isNegated, scope.textOf(node.pattern))
    }
    case 'exists':
      return existsTest(analyze(node.operand, scope), scope.textOf(node.operand))
    case 'is-null':
      return nullTest(analyzeName(node.operand, scope), node.isNegated)
    case 'contains': {
      const child = analyze(node.operand, scope)
      const texts = { child: scope.textOf(node.operand), value: scope.textOf(node.value) }
      return containsTest(node.mode, child, analyze(node.value, scope), texts)
    }
    case 'length':
      return analyzeLength(node, scope)
    case 'range':
      return analyzeRange(node, scope)
    case 'sample':
      return sampleTest(analyze(node.share, scope), scope.textOf(node.share))
    case 'spatial': {
      const column = geometryColumn(node.field, 'spatial', scope, scope.textOf(node))
      const geometry = analyze(node.geometry, scope)
      return spatialTest(node.relation, column, geometry, scope.textOf(node.geometry))
    }
    case 'spatial-distance': {
      const column = geometryColumn(node.field, 'ST_DWITHIN', scope, scope.textOf(node))
      const [point, meters] = [analyze(node.point, scope), analyze(node.meters, scope)]
      const texts = { point: scope.textOf(node.point), meters: scope.textOf(node.meters) }
      return nearTest(column, point, meters, texts)
    }
    case 'valid-geometry':
      return validTest(geometryColumn(node.field, 'STIsValid', scope, scope.textOf(node)))
    case 'text-match':
      return analyzeTextMatch(node, scope)
    case 'phrase-match':
      return analyzePhraseMatch(node, scope)
    case 'elements':
      return elementsTest(node, scope)
    case 'call':
      for (const argument of node.arguments) analyze(argument, scope)
      return predicate(() => {
        throw new ExpressionError(`function ${node.name} not found`)
      })
    case 'unsupported':
      throw new ExpressionError(`${node.what} is not supported yet: ${scope.textOf(node)}`, ends.input)
  }
}

function isMoments(node: Node): node is NodeOf<'array'> {
  return node.kind === 'array' && node.items.length > 0 && node.items.every(({ kind }) => kind === 'moment')
}

function constant(literal: Literal): Meaning {
  return { kind: 'constant', literal }
}

function arrayItem(node: Node, scope: Scope): Literal {
  const item = analyze(node, scope)
  if (item.kind === 'constant') return item.literal
  throw new ExpressionError(
    `array element type must be generic value, but got: ${scope.textOf(node)}`,
    ends.input,
  )
}

function analyzeName(node: Name, scope: Scope): Column {
  if (node.kind === 'struct') return structFieldColumn(node.text, scope)
  if (scope.struct !== undefined)
    throw new ExpressionError(
      `a test of structs has only fields of theirs, as $[…]: ${node.text}`,
      ends.input,
    )
  return node.kind === 'identifier' ? columnOf(node.text, scope) : pathColumn(node.text, scope)
}

type Elements = NodeOf<'elements'>

/** `element_filter(…)`, `match_any(…)` and the like. */
function elementsTest(node: Elements, scope: Scope): Predicate {
  const struct = testedStruct(node, scope)
  const test = findPredicate(analyze(node.test, { ...scope, struct }))
  if (test === undefined)
    throw new ExpressionError(`invalid element expression: ${scope.textOf(node.test)}`, ends.input)
  return elementsPredicate(node.quantity, struct, test, Number(node.threshold ?? 0))
}

function analyzeUnary(node: NodeOf<'unary'>, scope: Scope): Meaning {
  const { operator, operand } = node
  // -9223372036854775808 is a number although what follows its sign is none.
  if (operator === '-' && operand.kind === 'integer') return constant(parseInteger(operand.text, true))
  const child = analyze(operand, scope)
  if (child.kind === 'constant') return constant(unaryConstant(operator, child.literal))
  if (child.kind === 'predicate' && child.isSample === true) {
    throw new ExpressionError('random sample expression cannot be used in unary expression')
  }
  if (child.kind === 'predicate' && child.elements !== undefined) {
    throw new ExpressionError('element filter expression cannot be used in unary expression')
  }
  refuseWholeArray(child)
  if (operator === '+') return child
  if (operator !== '!') throw new ExpressionError(`unexpected op: ${operator}`, ends.input)
  if (child.kind !== 'predicate') {
    throw new ExpressionError('not op can only be applied on boolean expression', ends.input)
  }
  return predicate((built) => {
    const tested = child.build(built)
    // Also of what is unknown: twice is not at all.
    return tested.kind === 'not' ? tested.operand : { kind: 'not', operand: tested }
  })
}

function unaryConstant(operator: '+' | '-' | '~' | '!', literal: Literal): Literal {
  if (operator === '+') return literal
  if (operator === '!') {
    if (literal.type !== 'bool') throw new ExpressionError('not can only apply on boolean')
    return boolLiteral(!literal.value)
  }
  if (operator === '-' && literal.type === 'int') return calculate('-', intLiteral(0), literal)
  if (operator === '-' && literal.type === 'double') return doubleLiteral(-literal.value)
  throw new ExpressionError(`unexpected op: ${operator}`, ends.input)
}

function analyzePower(node: NodeOf<'power'>, scope: Scope): Meaning {
  const left = analyze(node.left, scope)
  const right = analyze(node.right, scope)
  if (left.kind !== 'constant' || right.kind !== 'constant') {
    throw new ExpressionError(`power can only apply on constants: ${scope.textOf(node)}`, ends.input)
  }
  return constant(calculate('**', left.literal, right.literal))
}

function analyzeLength(node: NodeOf<'length'>, scope: Scope): Meaning {
  const column = analyzeName(node.operand, scope)
  const isList = column.dataType === dataTypes.Array || column.dataType === dataTypes.ArrayOfVector
  const isArray = isList && column.isWhole
  if (!isArray && column.dataType !== dataTypes.JSON) {
    const what = 'array_length operation are only supported on json, array or array-of-vector fields now'
    throw new ExpressionError(`${what}, got: ${scope.textOf(node)}`, ends.input)
  }
  return { kind: 'length', reference: column.reference }
}

function analyzeRange(node: NodeOf<'range'>, scope: Scope): Predicate {
  const column = analyzeName(node.operand, scope)
  const low = analyze(node.low, scope)
  const high = analyze(node.high, scope)
  const texts = { low: scope.textOf(node.low), high: scope.textOf(node.high) }
  if (isTimed(low) || isTimed(high)) {
    const inside = { low: node.isLowInside, high: node.isHighInside }
    return momentRange(column, low, high, inside, scope.textOf(node))
  }
  return rangeTest(column, low, high, { low: node.isLowInside, high: node.isHighInside }, texts)
}

function analyzeTextMatch(node: NodeOf<'text-match'>, scope: Scope): Predicate {
  const { reference, field } = matchedField(node.field, 'text match', scope)
  const text = matchedText(node.text, scope)
  const minimum = node.minimum === undefined ? 1n : BigInt(node.minimum)
  if (minimum < 1n) throw new ExpressionError(`minimum_should_match should be >= 1, got ${minimum}`)
  if (minimum > 1000n) throw new ExpressionError(`minimum_should_match should be <= 1000, got ${minimum}`)
  return predicate((built) => ({
    kind: 'text-match',
    of: reference,
    text: text(built),
    params: field?.analyzer ?? {},
    minimum: Number(minimum),
  }))
}

function analyzePhraseMatch(node: NodeOf<'phrase-match'>, scope: Scope): Predicate {
  const { reference, field } = matchedField(node.field, 'phrase match', scope)
  const text = matchedText(node.text, scope)
  const slop = node.slop === undefined ? 0 : slopOf(node.slop, scope)
  return predicate((built) => ({
    kind: 'phrase-match',
    of: reference,
    text: text(built),
    params: field?.analyzer ?? {},
    slop,
  }))
}

function matchedText(node: Node, scope: Scope): (built: Parameters<Predicate['build']>[0]) => string {
  const text = analyze(node, scope)
  const isText = text.kind === 'template' || (text.kind === 'constant' && text.literal.type === 'text')
  if (!isText)
    throw new ExpressionError(`the words to match should be a string literal, got: ${scope.textOf(node)}`)
  return (built) => {
    const value = valueOf(text, built)
    if (value.type !== 'text') throw new ExpressionError('the value of the words to match is not string')
    return value.value
  }
}

function slopOf(node: Node, scope: Scope): number {
  const slop = analyze(node, scope)
  if (slop.kind !== 'constant' || slop.literal.type !== 'int') {
    throw new ExpressionError(
      `"slop" should be a const integer expression with "uint32" value. "slop" expression passed: ${scope.textOf(node)}`,
    )
  }
  const value = Number(slop.literal.value)
  if (value < 0)
    throw new ExpressionError(
      `"slop" should not be a negative interger. "slop" passed: ${scope.textOf(node)}`,
    )
  if (value > 0xffffffff) {
    throw new ExpressionError(
      `"slop" exceeds the range of "uint32". "slop" expression passed: ${scope.textOf(node)}`,
    )
  }
  return value
}
