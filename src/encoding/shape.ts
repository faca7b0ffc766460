/** What a document's value is not; the message names the member. */
export class ShapeError extends Error {}

/** Gives the value as the shape has it. @throws ShapeError saying what `path` is not */
export type Shape = (value: unknown, path: string) => unknown

/** As far as numbers count exactly. */
const wholeFrom =
  (min: number): Shape =>
  (value, path) =>
    Number.isSafeInteger(value) && (value as number) >= min
      ? value
      : refuse(path, `no whole number from ${min} on`)

export const count = wholeFrom(0)

/** Of what is numbered from 1 on. */
export const ordinal = wholeFrom(1)

export const number: Shape = (value, path) =>
  typeof value === 'number' && !Number.isNaN(value) ? value : refuse(path, 'no number')

export const text: Shape = (value, path) => (typeof value === 'string' ? value : refuse(path, 'no text'))

export const flag: Shape = (value, path) =>
  typeof value === 'boolean' ? value : refuse(path, 'neither true nor false')

/** Also what is not there. */
export const anything: Shape = (value) => value

export const textLike =
  (pattern: RegExp, what: string): Shape =>
  (value, path) =>
    typeof value === 'string' && pattern.test(value) ? value : refuse(path, `no ${what}`)

export const uuid = textLike(
  /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i,
  'UUID',
)

export const oneOf =
  (...values: readonly unknown[]): Shape =>
  (value, path) =>
    values.includes(value) ? value : refuse(path, `none of ${values.join(', ')}`)

export const nullable =
  (shape: Shape): Shape =>
  (value, path) =>
    value === null ? null : shape(value, path)

/** A member that may be missing. */
export const optional =
  (shape: Shape): Shape =>
  (value, path) =>
    value === undefined ? undefined : shape(value, path)

export const list =
  (of: Shape, lengthMin = 0): Shape =>
  (value, path) => {
    if (!Array.isArray(value)) return refuse(path, 'no list')
    if (value.length < lengthMin) return refuse(path, `a list of less than ${lengthMin}`)
    return value.map((item, index) => of(item, `${path}[${index}]`))
  }

/** Members by names that are not known beforehand. */
export const record =
  (of: Shape): Shape =>
  (value, path) =>
    Object.fromEntries(
      Object.entries(members(value, path)).map(([name, member]) => [name, of(member, below(path, name))]),
    )

/** With these members, and none of the others that the value may have. */
export const object =
  (shapes: Readonly<Record<string, Shape>>): Shape =>
  (value, path) => {
    const given = members(value, path)
    const found: Record<string, unknown> = {}
    for (const [name, shape] of Object.entries(shapes)) {
      const member = shape(Object.hasOwn(given, name) ? given[name] : undefined, below(path, name))
      if (member !== undefined) found[name] = member
    }
    return found
  }

const below = (path: string, name: string): string => (path === '' ? name : `${path}.${name}`)

function members(value: unknown, path: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return refuse(path, 'no object')
  return value as Readonly<Record<string, unknown>>
}

function refuse(path: string, what: string): never {
  throw new ShapeError(`${path === '' ? 'it' : path} is ${what}`)
}
