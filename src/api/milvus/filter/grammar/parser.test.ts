import { describe, expect, test } from 'vitest'
import { ExpressionError } from '../filter-error.ts'
import { parseFilter } from './parser.ts'
import type { Node } from './syntax.ts'

/** A tree with all its parentheses. */
function shown(node: Node): string {
  switch (node.kind) {
    case 'integer':
    case 'float':
    case 'boolean':
    case 'string':
    case 'identifier':
    case 'path':
    case 'struct':
      return node.text
    case 'template':
      return `{${node.name}}`
    case 'array':
      return `[${node.items.map(shown).join(' ')}]`
    case 'unary':
      return `(${node.operator} ${shown(node.operand)})`
    case 'arithmetic':
    case 'compare':
      return `(${shown(node.left)} ${node.operator} ${shown(node.right)})`
    case 'and':
    case 'or':
      return `(${node.operands.map(shown).join(` ${node.kind} `)})`
    case 'in':
      return `(${shown(node.operand)} ${node.isNegated ? 'not in' : 'in'} ${shown(node.list)})`
    case 'like':
      return `(${shown(node.operand)} like ${shown(node.pattern)})`
    case 'exists':
      return `(exists ${shown(node.operand)})`
    case 'is-null':
      return `(${shown(node.operand)} is ${node.isNegated ? 'not null' : 'null'})`
    case 'range':
      return `(${shown(node.low)} ${node.isLowInside ? '<=' : '<'} ${shown(node.operand)} ${node.isHighInside ? '<=' : '<'} ${shown(node.high)})`
    case 'power':
      return `(${shown(node.left)} ** ${shown(node.right)})`
    case 'call':
      return `${node.name}(${node.arguments.map(shown).join(' ')})`
    default:
      return node.kind
  }
}

function refusal(text: string): string {
  try {
    parseFilter(text)
  } catch (error) {
    if (error instanceof ExpressionError) return error.message
    throw error
  }
  return 'taken'
}

describe('what binds how', () => {
  test.each([
    ['a == 1 or b == 2 and c == 3', '((a == 1) or ((b == 2) and (c == 3)))'],
    ['a == 1 and b == 2 and c == 3', '((a == 1) and (b == 2) and (c == 3))'],
    ['(a and b) and c', '((a and b) and c)'],
    ['a && b || !c', '((a and b) or (! c))'],
    ['not x < 9', '((! x) < 9)'],
    ['not x like "a"', '(! (x like "a"))'],
    ['x + 1 * 2 - 3 == 4', '(((x + (1 * 2)) - 3) == 4)'],
    ['-x ** 2 == 1', '((- (x ** 2)) == 1)'],
    ['x % 2 == 0 in [1]', '((x % 2) == (0 in [1]))'],
    ['x not in [1, 2,]', '(x not in [1 2])'],
    ['1 < x <= 5', '(1 < x <= 5)'],
    ['5 >= x["k"] > 1', '(1 < x["k"] <= 5)'],
    ['1 < x > 5', '((1 < x) > 5)'],
    ['1 < 2 < x', '((1 < 2) < x)'],
    ['1 < x + 1 < 5', '((1 < (x + 1)) < 5)'],
    ['exists x["k"] == true', '((exists x["k"]) == true)'],
    ['x is null or y IS NOT NULL', '((x is null) or (y is not null))'],
    ['x in {list}', '(x in {list})'],
    ['f(x, 1)', 'f(x 1)'],
    ['[ ]', '[]'],
    ['$meta["a"][0] == 1', '($meta["a"][0] == 1)'],
    ['x==1and y==2', '((x == 1) and (y == 2))'],
    ['0x1F == 0b11', '(0x1F == 0b11)'],
    ['.5 == 1.e3', '(.5 == 1.e3)'],
    ['x == \r\n\t"a"', '(x == "a")'],
  ])('%s', (text, expected) => {
    expect(shown(parseFilter(text).root)).toBe(expected)
  })
})

describe('what is refused, and where', () => {
  test.each([
    ['x == ', /^line 1:5 mismatched input '<EOF>' expecting \{'\(', /],
    ['x == == 1', /^line 1:5 extraneous input '==' expecting \{/],
    ['(x == 1', /^line 1:7 missing '\)' at '<EOF>'$/],
    ['x in [1, 2', /^line 1:10 extraneous input '<EOF>' expecting \{',', '\]'\}$/],
    ['x in [1,,2]', /^line 1:8 no viable alternative at input ',,'$/],
    ['x in (1, 2)', /^line 1:7 mismatched input ',' expecting '\)'$/],
    ['x <> 1', /^line 1:3 no viable alternative at input '<>'$/],
    ['x >', /^line 1:3 no viable alternative at input '>'$/],
    ['x ! 1', /^line 1:4 missing IN at '1'$/],
    ['x not like "a"', /^line 1:6 mismatched input 'like' expecting IN$/],
    ['x == 1;', /^line 1:6 token recognition error at: ';'$/],
    ['x == \n "a', /^line 2:3 mismatched input '<EOF>'/],
    ['\u{1f600} == 1', /^line 1:2 extraneous input '=='/],
    ['x.y == 1', /^line 1:1 token recognition error at: '\.y'$/],
    ['{}', /^line 1:1 missing Identifier at '\}'$/],
    ['x == {a b}', /^line 1:8 extraneous input 'b' expecting '\}'$/],
    ['array_contains(a)', /^line 1:16 mismatched input '\)' expecting ','$/],
    ['f(*)', /^line 1:2 extraneous input '\*' expecting \{'\(', '\)', /],
    ['x = 1', /^invalid expression: x = 1$/],
    ['x == 1 y == 2', /^invalid expression/],
    ['x == 1 And y == 2', /^invalid expression/],
    ['x  is  null', /^invalid expression/],
    ['x[-1] == 1', /^invalid expression/],
    ['x[ "k" ] == 1', /^invalid expression/],
  ])('%j', (text, expected) => {
    expect(refusal(text)).toMatch(expected)
  })

  test('of several errors the last', () => {
    expect(refusal('x == 1 /* y */')).toMatch(/^line 1:14 mismatched input '<EOF>'/)
  })

  test('every cut through a filter ends, with a tree or a reason', () => {
    const whole = `not (a["k"] == 'x' and 1 < b <= {t}) or c in [1, "2",] && text_match(d, "w", minimum_should_match=2)`
    for (let from = 0; from < whole.length; from++) {
      for (const text of [
        whole.slice(from),
        whole.slice(0, from),
        `${whole.slice(0, from)}]${whole.slice(from)}`,
      ]) {
        expect(refusal(text)).not.toBe('')
      }
    }
  })
})

describe('size', () => {
  test('long chains are not deep', () => {
    const text = Array.from({ length: 20_000 }, (_, i) => `x == ${i}`).join(' or ')
    expect(parseFilter(text).root.depth).toBeLessThan(5)
  })

  test.each([
    ['parentheses', '('.repeat(5000) + 'x == 1' + ')'.repeat(5000)],
    ['not', `${'not '.repeat(5000)}(x == 1)`],
    ['sums', `x == ${'1 + '.repeat(5000)}1`],
    ['lists', '['.repeat(100_000)],
  ])('%s that are too deep are refused', (_, text) => {
    expect(refusal(text)).toBe('the expression is nested more than 1000 levels deep')
  })
})
