/** A piece of a pattern between two `%`: texts, and how many characters of any kind. */
type Piece = string | number
type Segment = readonly Piece[]

/** A pattern of `%` (any text), `_` (one character) and text; a backslash takes the next character as it is. */
export function compileLike(pattern: string): (text: string) => boolean {
  const segments = segmentsOf(pattern)
  const first = segments[0]!
  if (segments.length === 1) return (text) => endOf(first, text, 0) === text.length
  const last = segments.at(-1)!
  const middle = segments.slice(1, -1).filter((segment) => segment.length > 0)
  return (text) => {
    let at = endOf(first, text, 0)
    if (at === undefined) return false
    for (const segment of middle) {
      at = findEnd(segment, text, at)
      if (at === undefined) return false
    }
    const start = startOf(last, text)
    return start !== undefined && start >= at
  }
}

function segmentsOf(pattern: string): Segment[] {
  const segments: Piece[][] = [[]]
  let isEscaped = false
  for (const character of pattern) {
    const pieces = segments.at(-1)!
    if (!isEscaped && character === '\\') isEscaped = true
    else if (!isEscaped && character === '%') segments.push([])
    else {
      const before = pieces.at(-1)
      const isAny = !isEscaped && character === '_'
      if (isAny && typeof before === 'number') pieces[pieces.length - 1] = before + 1
      else if (!isAny && typeof before === 'string') pieces[pieces.length - 1] = before + character
      else pieces.push(isAny ? 1 : character)
      isEscaped = false
    }
  }
  // A backslash at the end has nothing to take.
  if (isEscaped) segments.at(-1)!.push('\\')
  return segments
}

/** Where the segment ends if it stands at `at`. */
function endOf(segment: Segment, text: string, at: number): number | undefined {
  for (const piece of segment) {
    if (typeof piece === 'string') {
      if (!text.startsWith(piece, at)) return undefined
      at += piece.length
    } else {
      for (let n = 0; n < piece; n++) {
        const point = text.codePointAt(at)
        if (point === undefined) return undefined
        at += point > 0xffff ? 2 : 1
      }
    }
  }
  return at
}

/** Where the segment starts if it stands at the end. */
function startOf(segment: Segment, text: string): number | undefined {
  let at = text.length
  for (let i = segment.length - 1; i >= 0; i--) {
    const piece = segment[i]!
    if (typeof piece === 'string') {
      if (!text.endsWith(piece, at)) return undefined
      at -= piece.length
    } else {
      for (let n = 0; n < piece; n++) {
        if (at === 0) return undefined
        at -= at > 1 && text.codePointAt(at - 2)! > 0xffff ? 2 : 1
      }
    }
  }
  return at
}

/** Where the first occurrence from `at` on ends. */
function findEnd(segment: Segment, text: string, at: number): number | undefined {
  const head = segment[0]!
  for (let from = at; from <= text.length; from++) {
    if (typeof head === 'string') {
      from = text.indexOf(head, from)
      if (from < 0) return undefined
    } else if (from > 0 && text.codePointAt(from - 1)! > 0xffff) continue
    const end = endOf(segment, text, from)
    if (end !== undefined) return end
  }
  return undefined
}
