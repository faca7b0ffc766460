import { tokenize, type TextParams } from '../tokens.ts'

/** Whether a text has at least `minimum` of the wanted text's different tokens. */
export function compileTextMatch(
  wanted: string,
  params: TextParams,
  minimum: number,
): (text: string) => boolean {
  const tokens = [...new Set(tokenize(wanted, params, 'query'))]
  if (tokens.length < minimum || tokens.length === 0) return () => false
  return (text) => {
    const held = new Set(tokenize(text, params, 'document'))
    let count = 0
    for (const token of tokens) if (held.has(token)) count += 1
    return count >= minimum
  }
}

/**
 * Whether a text has the wanted text's tokens in order. With slop they may be out of place: the places that they would have
 * to start from lie no more than `slop` positions apart.
 */
export function compilePhraseMatch(
  wanted: string,
  params: TextParams,
  slop: number,
): (text: string) => boolean {
  const tokens = tokenize(wanted, params, 'document')
  if (tokens.length === 0) return () => false
  const places = new Map<string, number[]>()
  tokens.forEach((token, place) => places.set(token, [...(places.get(token) ?? []), place]))
  return (text) => {
    const starts: { readonly at: number; readonly place: number }[] = []
    tokenize(text, params, 'document').forEach((token, at) => {
      for (const place of places.get(token) ?? []) starts.push({ at: at - place, place })
    })
    starts.sort((a, b) => a.at - b.at)
    return hasAllWithin(starts, tokens.length, slop)
  }
}

/** Whether a window of the sorted starts no wider than `slop` has one for every place. */
function hasAllWithin(
  starts: readonly { readonly at: number; readonly place: number }[],
  places: number,
  slop: number,
): boolean {
  const counts = new Array<number>(places).fill(0)
  let found = 0
  let first = 0
  for (const { at, place } of starts) {
    if (counts[place]!++ === 0) found += 1
    while (at - starts[first]!.at > slop) if (--counts[starts[first++]!.place]! === 0) found -= 1
    if (found === places) return true
  }
  return false
}
