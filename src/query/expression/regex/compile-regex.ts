import { DatabaseError } from '../../../errors/database-error.ts'
import { parseRegex } from './parse-regex.ts'
import { isWordCharacter, newline, type Assertion, type CharacterTest, type Node } from './syntax.ts'

/*
 * A pattern becomes an automaton that is in several states at once: each character of a text is looked at once, and costs
 * at most one step per state. No pattern takes more than length times states, whatever it repeats.
 */

type Step =
  | { readonly kind: 'character'; readonly test: CharacterTest }
  | { readonly kind: 'assertion'; readonly assertion: Assertion }
  /** Goes on at both. */
  | { readonly kind: 'fork'; first: number; second: number }
  | { readonly kind: 'match' }

const stepsMax = 600

/**
 * Whether a pattern occurs in a text, in time linear in the text.
 * @throws filter-invalid if the pattern is malformed, or too large: 600 steps, where a repetition counts as often as it says
 */
export function compileRegex(pattern: string): (text: string) => boolean {
  if (!/[\\^$.|?*+()[\]{}]/.test(pattern)) return (text) => text.includes(pattern)
  const steps: Step[] = []
  assemble(parseRegex(pattern), steps, pattern)
  steps.push({ kind: 'match' })
  const automaton = new Automaton(steps)
  return (text) => automaton.occursIn(text)
}

function assemble(node: Node, steps: Step[], pattern: string): void {
  if (steps.length > stepsMax) {
    throw new DatabaseError(
      'filter-invalid',
      `Cannot use this pattern: it takes more than ${stepsMax} steps, ${JSON.stringify(pattern.slice(0, 100))}`,
    )
  }
  switch (node.kind) {
    case 'empty':
      return
    case 'character':
    case 'assertion':
      steps.push(node)
      return
    case 'sequence':
      for (const one of node.nodes) assemble(one, steps, pattern)
      return
    case 'choice':
      assembleChoice(node.nodes, steps, pattern)
      return
    case 'repeat':
      assembleRepeat(node, steps, pattern)
  }
}

function assembleChoice(nodes: readonly Node[], steps: Step[], pattern: string): void {
  const ends: { first: number; second: number }[] = []
  nodes.forEach((node, i) => {
    if (i === nodes.length - 1) {
      assemble(node, steps, pattern)
      return
    }
    const fork = { kind: 'fork' as const, first: steps.length + 1, second: 0 }
    steps.push(fork)
    assemble(node, steps, pattern)
    const end = { kind: 'fork' as const, first: 0, second: 0 }
    steps.push(end)
    ends.push(end)
    fork.second = steps.length
  })
  for (const end of ends) end.first = end.second = steps.length
}

function assembleRepeat(
  { node, min, max }: Extract<Node, { kind: 'repeat' }>,
  steps: Step[],
  pattern: string,
): void {
  for (let i = 0; i < min; i++) {
    const before = steps.length
    assemble(node, steps, pattern)
    // Nothing, however often: without end where such repetitions are nested.
    if (steps.length === before) break
  }
  if (max === Infinity) {
    const loop = steps.length
    const fork = { kind: 'fork' as const, first: loop + 1, second: 0 }
    steps.push(fork)
    assemble(node, steps, pattern)
    steps.push({ kind: 'fork', first: loop, second: loop })
    fork.second = steps.length
    return
  }
  const forks: { second: number }[] = []
  for (let i = min; i < max; i++) {
    const fork = { kind: 'fork' as const, first: steps.length + 1, second: 0 }
    steps.push(fork)
    forks.push(fork)
    assemble(node, steps, pattern)
  }
  for (const fork of forks) fork.second = steps.length
}

class Automaton {
  readonly #steps: readonly Step[]
  readonly #startsOnly: boolean
  // Where a step was last entered, so that it is entered once per place.
  readonly #entered: Int32Array
  #place = 0
  #states: number[] = []
  #following: number[] = []
  readonly #pending: number[] = []

  constructor(steps: readonly Step[]) {
    this.#steps = steps
    const first = steps[0]!
    this.#startsOnly = first.kind === 'assertion' && first.assertion === 'text-start'
    this.#entered = new Int32Array(steps.length)
  }

  occursIn(text: string): boolean {
    this.#entered.fill(0)
    this.#place = 1
    this.#states.length = 0
    let before = -1
    let after = characterAt(text, 0)
    if (this.#enter(0, before, after, this.#states)) return true
    for (let at = 0; after >= 0;) {
      const character = after
      at += character > 0xffff ? 2 : 1
      after = characterAt(text, at)
      before = character
      if (this.#advance(character, before, after)) return true
      if (this.#states.length === 0 && this.#startsOnly) return false
    }
    return false
  }

  /** True if a match ends here. */
  #advance(character: number, before: number, after: number): boolean {
    const following = this.#following
    following.length = 0
    this.#place += 1
    for (const state of this.#states) {
      const step = this.#steps[state]!
      if (
        step.kind === 'character' &&
        step.test(character) &&
        this.#enter(state + 1, before, after, following)
      ) {
        return true
      }
    }
    // A match may begin at any place.
    if (!this.#startsOnly && this.#enter(0, before, after, following)) return true
    this.#following = this.#states
    this.#states = following
    return false
  }

  /** Enters a step and all that it leads to without a character; true if that is the end. */
  #enter(step: number, before: number, after: number, into: number[]): boolean {
    const pending = this.#pending
    pending.length = 0
    pending.push(step)
    while (pending.length > 0) {
      const at = pending.pop()!
      if (this.#entered[at] === this.#place) continue
      this.#entered[at] = this.#place
      const one = this.#steps[at]!
      if (one.kind === 'match') return true
      if (one.kind === 'character') into.push(at)
      else if (one.kind === 'fork') pending.push(one.second, one.first)
      else if (holds(one.assertion, before, after)) pending.push(at + 1)
    }
    return false
  }
}

/** -1 behind the end. */
function characterAt(text: string, at: number): number {
  return text.codePointAt(at) ?? -1
}

function holds(assertion: Assertion, before: number, after: number): boolean {
  switch (assertion) {
    case 'text-start':
      return before < 0
    case 'text-end':
      return after < 0
    case 'line-start':
      return before < 0 || before === newline
    case 'line-end':
      return after < 0 || after === newline
    case 'word-edge':
      return isWordCharacter(before) !== isWordCharacter(after)
    case 'no-word-edge':
      return isWordCharacter(before) === isWordCharacter(after)
  }
}
