import { DatabaseError } from '../../../errors/database-error.ts'
import { anyCharacter, foldCase, not, perlClasses, posixClasses, unicodeClass } from './character-classes.ts'
import type { Assertion, CharacterTest, Node } from './syntax.ts'

const repeatMax = 1000
const depthMax = 200

interface Flags {
  readonly ignoreCase: boolean
  readonly dotTakesNewline: boolean
  readonly multiline: boolean
}

/** RE2's syntax, as far as it says whether a text matches. @throws filter-invalid */
export function parseRegex(pattern: string): Node {
  return new RegexParser(pattern).parse()
}

const escapedCharacters: ReadonlyMap<string, number> = new Map([
  ['a', 7],
  ['f', 12],
  ['n', 10],
  ['r', 13],
  ['t', 9],
  ['v', 11],
])

const assertions: ReadonlyMap<string, Assertion> = new Map([
  ['A', 'text-start'],
  ['z', 'text-end'],
  ['b', 'word-edge'],
  ['B', 'no-word-edge'],
])

class RegexParser {
  readonly #pattern: string
  readonly #characters: readonly string[]
  #at = 0
  #depth = 0
  #flags: Flags = { ignoreCase: false, dotTakesNewline: false, multiline: false }

  constructor(pattern: string) {
    this.#pattern = pattern
    this.#characters = [...pattern]
  }

  parse(): Node {
    const node = this.#choice()
    if (this.#at < this.#characters.length) throw this.#wrong('a ) without a (')
    return node
  }

  get #next(): string | undefined {
    return this.#characters[this.#at]
  }

  #takes(text: string): boolean {
    if (
      !this.#characters
        .slice(this.#at, this.#at + text.length)
        .join('')
        .startsWith(text)
    )
      return false
    this.#at += text.length
    return true
  }

  #choice(): Node {
    if (++this.#depth > depthMax) throw this.#wrong('groups that are too deep')
    const nodes = [this.#sequence()]
    while (this.#takes('|')) nodes.push(this.#sequence())
    this.#depth -= 1
    return nodes.length === 1 ? nodes[0]! : { kind: 'choice', nodes }
  }

  #sequence(): Node {
    const nodes: Node[] = []
    while (this.#next !== undefined && this.#next !== '|' && this.#next !== ')') nodes.push(this.#repeated())
    return nodes.length === 1
      ? nodes[0]!
      : nodes.length === 0
        ? { kind: 'empty' }
        : { kind: 'sequence', nodes }
  }

  #repeated(): Node {
    if (/^[*+?]$/.test(this.#next!)) throw this.#wrong(`nothing to repeat before ${this.#next!}`)
    let node = this.#atom()
    for (let count = 0; ; count++) {
      const times = this.#times()
      if (times === undefined) return node
      if (count > 0) throw this.#wrong('a repetition of a repetition')
      // Lazy or greedy: whether there is a match is the same.
      this.#takes('?')
      node = { kind: 'repeat', node, ...times }
    }
  }

  #times(): { readonly min: number; readonly max: number } | undefined {
    if (this.#takes('*')) return { min: 0, max: Infinity }
    if (this.#takes('+')) return { min: 1, max: Infinity }
    if (this.#takes('?')) return { min: 0, max: 1 }
    if (this.#next !== '{') return undefined
    const rest = this.#characters.slice(this.#at, this.#at + 16).join('')
    const found = /^\{(\d{1,5})(,(\d{1,5})?)?\}/.exec(rest)
    // As in RE2, a brace that opens no repetition is a character.
    if (found === null) return undefined
    this.#at += found[0].length
    const min = Number(found[1])
    const max = found[2] === undefined ? min : found[3] === undefined ? Infinity : Number(found[3])
    if (min > repeatMax || (max > repeatMax && max !== Infinity) || max < min) {
      throw this.#wrong(`the repetition ${found[0]}`)
    }
    return { min, max }
  }

  #atom(): Node {
    const character = this.#characters[this.#at++]!
    const { dotTakesNewline, multiline } = this.#flags
    switch (character) {
      case '(':
        return this.#group()
      case '[':
        return { kind: 'character', test: this.#class() }
      case '.':
        return { kind: 'character', test: anyCharacter(dotTakesNewline) }
      case '^':
        return { kind: 'assertion', assertion: multiline ? 'line-start' : 'text-start' }
      case '$':
        return { kind: 'assertion', assertion: multiline ? 'line-end' : 'text-end' }
      case '\\':
        return this.#escape()
      default:
        return this.#literal(character.codePointAt(0)!)
    }
  }

  #literal(wanted: number): Node {
    return { kind: 'character', test: this.#cased((character) => character === wanted) }
  }

  #cased(test: CharacterTest): CharacterTest {
    return this.#flags.ignoreCase ? foldCase(test) : test
  }

  #group(): Node {
    const outside = this.#flags
    if (this.#takes('?P<') || this.#takes('?<')) {
      const name = this.#until('>')
      if (!/^\w+$/.test(name)) throw this.#wrong('looking around, or a name that is none')
    } else if (this.#takes('?')) {
      if (this.#readFlags() === ')') return { kind: 'empty' }
    }
    const node = this.#choice()
    if (!this.#takes(')')) throw this.#wrong('a ( that is missing closing )')
    this.#flags = outside
    return node
  }

  /** `i`, `s`, `m`, `U` and `-`, up to the `:` or `)` behind them. */
  #readFlags(): string {
    let isOn = true
    for (;;) {
      const flag = this.#characters[this.#at++]
      if (flag === ':' || flag === ')') return flag
      if (flag === '-') isOn = false
      else if (flag === 'i') this.#flags = { ...this.#flags, ignoreCase: isOn }
      else if (flag === 's') this.#flags = { ...this.#flags, dotTakesNewline: isOn }
      else if (flag === 'm') this.#flags = { ...this.#flags, multiline: isOn }
      else if (flag !== 'U') throw this.#wrong('a kind of group that is not known')
    }
  }

  #until(end: string): string {
    const from = this.#at
    while (this.#next !== undefined && this.#next !== end) this.#at += 1
    const text = this.#characters.slice(from, this.#at).join('')
    if (!this.#takes(end)) throw this.#wrong(`no ${end}`)
    return text
  }

  #escape(): Node {
    const character = this.#next
    if (character === undefined) throw this.#wrong('a backslash at the end')
    const assertion = assertions.get(character)
    if (assertion !== undefined) {
      this.#at += 1
      return { kind: 'assertion', assertion }
    }
    if (character === 'Q') return this.#quoted()
    const found = this.#escapedClass() ?? this.#escapedCharacter()
    return typeof found === 'number' ? this.#literal(found) : { kind: 'character', test: found }
  }

  /** `\Q…\E` */
  #quoted(): Node {
    this.#at += 1
    const nodes: Node[] = []
    while (this.#next !== undefined && !this.#takes('\\E')) {
      nodes.push(this.#literal(this.#characters[this.#at++]!.codePointAt(0)!))
    }
    return { kind: 'sequence', nodes }
  }

  #escapedClass(): CharacterTest | undefined {
    const letter = this.#next!
    const known = perlClasses.get(letter)
    if (known !== undefined) {
      this.#at += 1
      return known
    }
    if (letter !== 'p' && letter !== 'P') return undefined
    this.#at += 1
    const name = this.#takes('{') ? this.#until('}') : (this.#characters[this.#at++] ?? '')
    const isNegative = (letter === 'P') !== name.startsWith('^')
    const test = unicodeClass(name.replace(/^\^/, ''))
    if (test === undefined) throw this.#wrong(`no class of characters "${name}"`)
    return isNegative ? not(test) : test
  }

  #escapedCharacter(): number {
    const character = this.#characters[this.#at++]
    if (character === undefined) throw this.#wrong('a backslash at the end')
    const known = escapedCharacters.get(character)
    if (known !== undefined) return known
    if (character === 'x') {
      const digits = this.#takes('{')
        ? this.#until('}')
        : this.#characters.slice(this.#at, (this.#at += 2)).join('')
      const code = /^[\da-f]{1,6}$/i.test(digits) ? parseInt(digits, 16) : Infinity
      if (code > 0x10ffff) throw this.#wrong(`no character \\x${digits}`)
      return code
    }
    if (/^[0-7]$/.test(character)) return this.#octal(character)
    if (/^[\p{L}\p{N}]$/u.test(character)) throw this.#wrong(`the escape \\${character}`)
    return character.codePointAt(0)!
  }

  /** `\0` and up to two digits more; `\1` alone would be a reference back. */
  #octal(first: string): number {
    let digits = first
    while (digits.length < 3 && /^[0-7]$/.test(this.#next ?? '')) digits += this.#characters[this.#at++]!
    if (digits.length === 1 && first !== '0') throw this.#wrong(`a reference back, \\${first}`)
    return parseInt(digits, 8)
  }

  #class(): CharacterTest {
    const isNegative = this.#takes('^')
    const tests: CharacterTest[] = []
    let isFirst = true
    while (isFirst || this.#next !== ']') {
      if (this.#next === undefined) throw this.#wrong('a [ that is missing closing ]')
      tests.push(this.#classItem())
      isFirst = false
    }
    this.#at += 1
    const test = this.#cased((character) => tests.some((one) => one(character)))
    return isNegative ? not(test) : test
  }

  #classItem(): CharacterTest {
    if (this.#takes('[:')) {
      const name = this.#until(']')
      const isNegative = name.startsWith('^')
      const test = posixClasses.get(name.replace(/^\^/, '').replace(/:$/, ''))
      if (test === undefined || !name.endsWith(':')) throw this.#wrong(`no class of characters [:${name}]`)
      return isNegative ? not(test) : test
    }
    const from = this.#classCharacter()
    if (typeof from !== 'number') return from
    const isRange = this.#next === '-' && (this.#characters[this.#at + 1] ?? ']') !== ']'
    if (!isRange) return (character) => character === from
    this.#at += 1
    const to = this.#classCharacter()
    if (typeof to !== 'number' || to < from) throw this.#wrong('a range of characters that is none')
    return (character) => character >= from && character <= to
  }

  #classCharacter(): number | CharacterTest {
    const character = this.#characters[this.#at++]
    if (character === undefined) throw this.#wrong('a [ that is missing closing ]')
    if (character !== '\\') return character.codePointAt(0)!
    if (this.#next === undefined) throw this.#wrong('a backslash at the end')
    return this.#escapedClass() ?? this.#escapedCharacter()
  }

  #wrong(what: string): DatabaseError {
    return new DatabaseError(
      'filter-invalid',
      `Cannot use an invalid regex pattern: ${JSON.stringify(this.#pattern)} has ${what}`,
      { pattern: this.#pattern },
    )
  }
}
