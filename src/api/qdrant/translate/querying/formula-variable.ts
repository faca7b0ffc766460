import { isPayloadPath, type Expression } from '../../../../index.ts'

/** What a name in a formula stands for, or what Qdrant says against it. */
export function formulaVariable(text: string): Expression | { readonly fault: string } {
  if (!text.startsWith('$')) {
    return isPayloadPath(text)
      ? { kind: 'value', path: text }
      : { fault: `Invalid payload variable: ${text}` }
  }
  const name = text.slice(1)
  if (isPayloadPath(name) && !/^score(?:$|[.[])/.test(name))
    return { fault: `Invalid reserved word: ${text}` }
  const score = /^score(?:\[(\d+)\])?$/.exec(name)
  if (score === null) return { fault: `Invalid reserved variable: ${text}` }
  return score[1] === undefined ? { kind: 'score' } : { kind: 'score', prefetch: Number(score[1]) }
}
