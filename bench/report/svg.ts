export interface Size {
  readonly width: number
  readonly height: number
}

/** Readable on white, and apart from each other for those who see no red or no green. */
export const palette = ['#d55e00', '#e69f00', '#0072b2', '#009e73', '#56b4e9', '#cc79a7', '#555555'] as const

export function colourOf(at: number): string {
  return palette[at % palette.length] ?? palette[0]
}

/** A whole drawing on white, as viewers have dark pages, too. */
export function drawing({ width, height }: Size, parts: readonly string[]): string {
  const open =
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" ` +
    `font-family="system-ui, sans-serif" font-size="12" fill="#222">`
  return `${[open, `<rect width="${width}" height="${height}" fill="#fff"/>`, ...parts, '</svg>'].join('\n')}\n`
}

export type Anchor = 'start' | 'middle' | 'end'

export function label(x: number, y: number, content: string, anchor: Anchor = 'start', more = ''): string {
  return `<text x="${digits(x)}" y="${digits(y)}" text-anchor="${anchor}"${more}>${escaped(content)}</text>`
}

export function line(
  from: readonly [number, number],
  to: readonly [number, number],
  colour = '#ddd',
): string {
  const [x1, y1, x2, y2] = [...from, ...to].map(digits)
  return `<line x1="${x1!}" y1="${y1!}" x2="${x2!}" y2="${y2!}" stroke="${colour}"/>`
}

export function polyline(points: readonly (readonly [number, number])[], colour: string): string {
  const text = points.map(([x, y]) => `${digits(x)},${digits(y)}`).join(' ')
  return `<polyline points="${text}" fill="none" stroke="${colour}" stroke-width="2"/>`
}

export function dot([x, y]: readonly [number, number], colour: string, title: string): string {
  return `<circle cx="${digits(x)}" cy="${digits(y)}" r="3" fill="${colour}"><title>${escaped(title)}</title></circle>`
}

export function bar(x: number, y: number, size: Size, colour: string): string {
  const [left, top, width, height] = [x, y, size.width, size.height].map(digits)
  return `<rect x="${left!}" y="${top!}" width="${width!}" height="${height!}" fill="${colour}"/>`
}

function digits(value: number): string {
  return String(Math.round(value * 10) / 10)
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}
