import { distinct, type Answer, type ExpectedState, type Possibility } from './expected-state.ts'

/** An operation as its caller saw it. */
export interface Call {
  readonly text: string
  readonly begun: number
  /** Undefined while there is no answer, or one that does not tell whether it happened. */
  ended: number | undefined
  answer: Answer | undefined
  /** How it may go from a state. */
  readonly possibilities: (state: ExpectedState, answer: Answer | undefined) => readonly Possibility[]
}

// Operations of one round are few; more states than these would mean that nearly everything is unknown.
const statesMax = 20_000

/**
 * The states in which the database may be after the calls: those of all orders in which each call happens at one moment
 * between its beginning and its end, and answers what it did answer. A call without an answer happened somewhere
 * after its beginning, or never. None if no order explains the answers.
 */
export function statesAfter(from: readonly ExpectedState[], calls: readonly Call[]): ExpectedState[] {
  const ends: ExpectedState[] = []
  const seen = new Set<string>()
  const visit = (state: ExpectedState, left: readonly Call[]): void => {
    const key = `${left.map((call) => call.begun).join(',')}\n${state.key}`
    if (seen.has(key)) return
    seen.add(key)
    if (seen.size > statesMax) throw new Error(`more than ${statesMax} states after ${calls.length} calls`)
    if (left.every((call) => call.answer === undefined)) ends.push(state)
    for (const call of left) {
      if (!mayBeNext(call, left)) continue
      for (const { answer, next } of call.possibilities(state, call.answer)) {
        if (call.answer === undefined || call.answer.text === answer) {
          visit(
            next,
            left.filter((other) => other !== call),
          )
        }
      }
    }
  }
  for (const state of from) visit(state, calls)
  return distinct(ends)
}

function mayBeNext(call: Call, left: readonly Call[]): boolean {
  return left.every((other) => {
    if (other === call) return true
    if (other.ended !== undefined && other.ended < call.begun) return false
    const [own, its] = [call.answer?.seq, other.answer?.seq]
    return own === undefined || its === undefined || own < its
  })
}
