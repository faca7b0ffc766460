import { isWordCharacter, newline, type CharacterTest } from './syntax.ts'

const isDigit: CharacterTest = (character) => character >= 0x30 && character <= 0x39
const spaces = new Set([0x09, 0x0a, 0x0c, 0x0d, 0x20])
const isSpace: CharacterTest = (character) => spaces.has(character)
const isLower: CharacterTest = (character) => character >= 0x61 && character <= 0x7a
const isUpper: CharacterTest = (character) => character >= 0x41 && character <= 0x5a
const isAlpha: CharacterTest = (character) => isLower(character) || isUpper(character)
const isAlnum: CharacterTest = (character) => isAlpha(character) || isDigit(character)
const isGraph: CharacterTest = (character) => character > 0x20 && character < 0x7f
const isControl: CharacterTest = (character) => character < 0x20 || character === 0x7f

/** What `\d` and its like stand for. */
export const perlClasses: ReadonlyMap<string, CharacterTest> = new Map([
  ['d', isDigit],
  ['D', not(isDigit)],
  ['s', isSpace],
  ['S', not(isSpace)],
  ['w', isWordCharacter],
  ['W', not(isWordCharacter)],
])

/** What `[:alpha:]` and its like stand for. */
export const posixClasses: ReadonlyMap<string, CharacterTest> = new Map([
  ['alnum', isAlnum],
  ['alpha', isAlpha],
  ['ascii', (character: number) => character < 0x80],
  ['blank', (character: number) => character === 0x20 || character === 0x09],
  ['cntrl', isControl],
  ['digit', isDigit],
  ['graph', isGraph],
  ['lower', isLower],
  ['print', (character: number) => isGraph(character) || character === 0x20],
  ['punct', (character: number) => isGraph(character) && !isAlnum(character)],
  ['space', (character: number) => isSpace(character) || character === 0x0b],
  ['upper', isUpper],
  ['word', isWordCharacter],
  ['xdigit', (character: number) => isDigit(character) || isLetterUpTo(character, 0x66)],
])

function isLetterUpTo(character: number, last: number): boolean {
  const lower = character | 0x20
  return isAlpha(character) && lower <= last
}

export function not(test: CharacterTest): CharacterTest {
  return (character) => !test(character)
}

export function anyCharacter(withNewline: boolean): CharacterTest {
  return withNewline ? () => true : (character) => character !== newline
}

/** A Unicode category or script, such as `L` or `Greek`; undefined if there is none of this name. */
export function unicodeClass(name: string): CharacterTest | undefined {
  if (!/^\w+$/.test(name)) return undefined
  for (const property of [name, `Script=${name}`]) {
    try {
      const pattern = new RegExp(`^\\p{${property}}$`, 'u')
      return (character) => pattern.test(String.fromCodePoint(character))
    } catch {
      // Not a category: perhaps a script.
    }
  }
  return undefined
}

/** A test that also takes the other case of a letter. */
export function foldCase(test: CharacterTest): CharacterTest {
  return (character) => {
    if (test(character)) return true
    const text = String.fromCodePoint(character)
    return isOther(text.toLowerCase(), test) || isOther(text.toUpperCase(), test)
  }
}

function isOther(text: string, test: CharacterTest): boolean {
  const character = text.codePointAt(0)!
  return text.length === (character > 0xffff ? 2 : 1) && test(character)
}
