export interface TextParams {
  readonly tokenizer?: 'word' | 'whitespace' | 'prefix' | 'multilingual'
  readonly lowercase?: boolean
  readonly minTokenLength?: number
  readonly maxTokenLength?: number
}

/** Tokens of a text in order, as a text index with these parameters sees them. */
export function tokenize(text: string, params: TextParams, purpose: 'document' | 'query'): string[] {
  const lowered = params.lowercase === false ? text : text.toLowerCase()
  const words = params.tokenizer === 'whitespace' ? lowered.split(/\s+/u) : lowered.split(/[^\p{L}\p{N}]+/u)
  const minimum = params.minTokenLength ?? 0
  const maximum = params.maxTokenLength ?? Number.POSITIVE_INFINITY
  const tokens: string[] = []
  for (const word of words) {
    if (word === '') continue
    const letters = [...word]
    if (params.tokenizer === 'prefix') {
      const longest = Math.min(letters.length, maximum)
      // A query's word is looked up whole; a document's by each of its beginnings.
      if (purpose === 'query') {
        if (letters.length >= minimum) tokens.push(letters.slice(0, longest).join(''))
      } else {
        for (let n = Math.max(1, minimum); n <= longest; n++) tokens.push(letters.slice(0, n).join(''))
      }
    } else if (letters.length >= minimum && letters.length <= maximum) {
      tokens.push(word)
    }
  }
  return tokens
}
