/** Of two numbers; others that a text has are left out. */
export type Position = readonly [x: number, y: number]
type Line = readonly Position[]
type Rings = readonly Line[]

/** A geometry as its text has it; without positions it is empty. */
export type Shape =
  | { readonly kind: 'Point'; readonly at: Position | undefined }
  | { readonly kind: 'LineString'; readonly line: Line }
  | { readonly kind: 'Polygon'; readonly rings: Rings }
  | { readonly kind: 'MultiPoint'; readonly points: readonly (Position | undefined)[] }
  | { readonly kind: 'MultiLineString'; readonly lines: readonly Line[] }
  | { readonly kind: 'MultiPolygon'; readonly polygons: readonly Rings[] }
  | { readonly kind: 'GeometryCollection'; readonly shapes: readonly Shape[] }

/** A text that is no geometry. */
export class GeometryError extends Error {}

/** Well-known text, in two to four dimensions. @throws GeometryError */
export function parseWkt(text: string): Shape {
  const reader = new Reader(text)
  const shape = reader.shape(0)
  reader.end()
  return shape
}

const token = /\s*([A-Za-z]+|[(),]|[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![\w.]))/y
const named =
  /^(POINT|LINESTRING|POLYGON|MULTIPOINT|MULTILINESTRING|MULTIPOLYGON|GEOMETRYCOLLECTION)(Z|M|ZM)?$/
const sizes = { Z: 3, M: 3, ZM: 4 } as const
const depthMax = 50

class Reader {
  readonly #text: string
  #at = 0
  /** Numbers of a position, once that is known. */
  #size: number | undefined

  constructor(text: string) {
    this.#text = text
  }

  shape(depth: number): Shape {
    if (depth > depthMax) throw this.#wrong(`collections are more than ${depthMax} levels deep`)
    const match = named.exec(this.#take().toUpperCase())
    if (match === null) throw this.#wrong('a type of geometry is expected')
    const mark = (match[2] ?? this.#mark()) as keyof typeof sizes | undefined
    if (mark !== undefined) this.#expectSize(sizes[mark])
    const isEmpty = this.#isNext('EMPTY')
    if (isEmpty) this.#take()
    return isEmpty ? emptyShape(match[1]!) : this.#body(match[1]!, depth)
  }

  end(): void {
    if (this.#peek() !== '') throw this.#wrong('the end is expected')
  }

  #body(kind: string, depth: number): Shape {
    switch (kind) {
      case 'POINT':
        return { kind: 'Point', at: this.#pointInBrackets() }
      case 'LINESTRING':
        return { kind: 'LineString', line: this.#line() }
      case 'POLYGON':
        return { kind: 'Polygon', rings: this.#rings() }
      case 'MULTIPOINT':
        return { kind: 'MultiPoint', points: this.#list(() => this.#pointOfMany()) }
      case 'MULTILINESTRING':
        return { kind: 'MultiLineString', lines: this.#list(() => this.#unlessEmpty(() => this.#line())) }
      case 'MULTIPOLYGON':
        return { kind: 'MultiPolygon', polygons: this.#list(() => this.#unlessEmpty(() => this.#rings())) }
      default:
        return { kind: 'GeometryCollection', shapes: this.#list(() => this.shape(depth + 1)) }
    }
  }

  #mark(): string | undefined {
    const next = this.#peek().toUpperCase()
    return next in sizes ? this.#take().toUpperCase() : undefined
  }

  #line(): Line {
    const line = this.#list(() => this.#position())
    if (line.length < 2) throw this.#wrong('a line has at least two positions')
    return line
  }

  #rings(): Rings {
    return this.#list(() => this.#ring())
  }

  #ring(): Line {
    const ring = this.#list(() => this.#position())
    if (ring.length < 4) throw this.#wrong('a ring has at least four positions')
    const [first, last] = [ring[0]!, ring.at(-1)!]
    if (first[0] !== last[0] || first[1] !== last[1]) throw this.#wrong('a ring ends where it begins')
    return ring
  }

  #unlessEmpty<T>(read: () => readonly T[]): readonly T[] {
    if (!this.#isNext('EMPTY')) return read()
    this.#take()
    return []
  }

  #pointInBrackets(): Position {
    this.#expect('(')
    const position = this.#position()
    this.#expect(')')
    return position
  }

  /** With brackets of its own or without. */
  #pointOfMany(): Position | undefined {
    if (this.#isNext('EMPTY')) {
      this.#take()
      return undefined
    }
    return this.#isNext('(') ? this.#pointInBrackets() : this.#position()
  }

  #position(): Position {
    const numbers: number[] = []
    while (!['', ',', ')'].includes(this.#peek())) numbers.push(this.#number())
    this.#expectSize(numbers.length)
    return [numbers[0]!, numbers[1]!]
  }

  #expectSize(size: number): void {
    this.#size ??= size
    if (size !== this.#size || size < 2 || size > 4)
      throw this.#wrong('positions have two to four numbers each, all of them as many')
  }

  #number(): number {
    const text = this.#take()
    const value = /^[A-Za-z(]/.test(text) ? NaN : Number(text)
    if (!Number.isFinite(value)) throw this.#wrong('a number is expected')
    return value
  }

  #list<T>(read: () => T): readonly T[] {
    this.#expect('(')
    const items = [read()]
    while (this.#isNext(',')) {
      this.#take()
      items.push(read())
    }
    this.#expect(')')
    return items
  }

  #expect(sign: string): void {
    if (this.#take() !== sign) throw this.#wrong(`${sign} is expected`)
  }

  #isNext(word: string): boolean {
    return this.#peek().toUpperCase() === word
  }

  #peek(): string {
    const before = this.#at
    const found = this.#take()
    this.#at = before
    return found
  }

  /** '' at the end. */
  #take(): string {
    token.lastIndex = this.#at
    const match = token.exec(this.#text)
    if (match !== null) {
      this.#at = token.lastIndex
      return match[1]!
    }
    if (this.#text.slice(this.#at).trim() !== '') throw this.#wrong('a character that means nothing')
    this.#at = this.#text.length
    return ''
  }

  #wrong(what: string): GeometryError {
    return new GeometryError(`syntax error: ${what}, at position ${this.#at} of ${shortened(this.#text)}`)
  }
}

const shownMax = 100

const shortened = (text: string): string =>
  JSON.stringify(text.length > shownMax ? `${text.slice(0, shownMax)}…` : text)

function emptyShape(kind: string): Shape {
  switch (kind) {
    case 'POINT':
      return { kind: 'Point', at: undefined }
    case 'LINESTRING':
      return { kind: 'LineString', line: [] }
    case 'POLYGON':
      return { kind: 'Polygon', rings: [] }
    case 'MULTIPOINT':
      return { kind: 'MultiPoint', points: [] }
    case 'MULTILINESTRING':
      return { kind: 'MultiLineString', lines: [] }
    case 'MULTIPOLYGON':
      return { kind: 'MultiPolygon', polygons: [] }
    default:
      return { kind: 'GeometryCollection', shapes: [] }
  }
}
