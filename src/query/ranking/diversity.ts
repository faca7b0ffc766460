/**
 * Maximal marginal relevance: picks one candidate after the other, each the best in `relevance` less what it has in
 * common with those already picked. Gives places among the candidates, in the order of picking.
 *
 * `diversity` is 0 to 1: 0 is relevance alone, 1 only looks at the likeness. `likenessTo` gives the likeness of every
 * candidate to one of them; it is asked once for each that is picked, but for the last.
 */
export function pickDiverse(
  relevance: Float32Array,
  diversity: number,
  count: number,
  likenessTo: (candidate: number) => Float32Array,
): number[] {
  const wanted = Math.min(count, relevance.length)
  const nearest = new Float32Array(relevance.length).fill(-Infinity)
  const isPicked = new Uint8Array(relevance.length)
  const picked: number[] = []
  while (picked.length < wanted) {
    const value = (i: number): number =>
      picked.length === 0 ? relevance[i]! : (1 - diversity) * relevance[i]! - diversity * nearest[i]!
    let best = -1
    for (let i = 0; i < relevance.length; i++) {
      if (isPicked[i] === 0 && (best < 0 || value(i) > value(best))) best = i
    }
    isPicked[best] = 1
    picked.push(best)
    if (picked.length === wanted) break
    const likeness = likenessTo(best)
    for (let i = 0; i < nearest.length; i++) nearest[i] = Math.max(nearest[i]!, likeness[i]!)
  }
  return picked
}
