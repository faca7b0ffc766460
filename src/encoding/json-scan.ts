// One pass over the text that decides whether JSON.parse gives back all of it.

/** Nesting that is accepted, as serde_json does. */
export const jsonDepthMax = 127

const quote = 34
const minus = 45
const dot = 46
const zero = 48
const nine = 57
const backslash = 92

/**
 * True if JSON.parse loses nothing of the text's numbers, no escape stands for half a character, and the nesting is
 * accepted. Whether the text is JSON at all is for JSON.parse to say.
 */
export function isPlainJson(text: string): boolean {
  const length = text.length
  let depth = 0
  let i = 0
  while (i < length) {
    const c = text.charCodeAt(i)
    if (c === quote) {
      i = endOfString(text, i + 1)
      if (i === -1) return false
    } else if (c === minus || (c >= zero && c <= nine)) {
      i = endOfNumber(text, i)
      if (i === -1) return false
    } else {
      if (c === 123 || c === 91) {
        depth += 1
        if (depth > jsonDepthMax) return false
      } else if (c === 125 || c === 93) depth -= 1
      i += 1
    }
  }
  return true
}

/** Where the text goes on behind the string; -1 if it holds a surrogate escape: JSON.parse takes half pairs. */
function endOfString(text: string, from: number): number {
  for (let i = from; i < text.length; i++) {
    const c = text.charCodeAt(i)
    if (c === quote) return i + 1
    if (c !== backslash) continue
    i += 1
    if (text.charCodeAt(i) === 117 && (text.charCodeAt(i + 1) | 32) === 100 && text.charCodeAt(i + 2) > 55)
      return -1
  }
  return text.length
}

/** Where the text goes on behind the number; -1 if a double would change it or write it differently. */
function endOfNumber(text: string, from: number): number {
  let i = from
  let digits = 0
  let last = 0
  let isFloat = false
  let isSimple = true
  for (; i < text.length; i++) {
    const c = text.charCodeAt(i)
    if (c >= zero && c <= nine) {
      // Leading zeros count as digits: then the number is looked at more closely than needed.
      digits += 1
      last = c
    } else if (c === dot) isFloat = true
    else if ((c | 32) === 101) isSimple = false
    else if (c !== minus && c !== 43) break
  }
  if (isSimple && digits <= 15) {
    if (!isFloat) return last === zero && text.charCodeAt(from) === minus && digits === 1 ? -1 : i
    // Below 1e-6 a double is written with an exponent.
    if (last !== zero && !text.startsWith('0.00000', text.charCodeAt(from) === minus ? from + 1 : from))
      return i
  }
  const token = text.slice(from, i)
  const value = Number(token)
  if (String(value) !== token) return -1
  return isFloat || !isSimple || Number.isSafeInteger(value) ? i : -1
}
