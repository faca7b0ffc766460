import type { IEnum, IField, IType } from 'protobufjs'

// The wire's definitions are facts: names and numbers of fields. They are written in a notation of our own, a line
// for each message or enum; indented lines go on where the line above stopped.
//
//   Name: field type number, …      a message
//   Name = First Second:5 Third …   an enum, numbered from 0, or on from the number before
//
// `[T]` is a list (of numbers: packed), `{T}` a map with text keys, `{i64:T}` one with other keys, `T?` a field that
// says whether it was set, `(a T 1 | b T 2)` one of.

const scalars: Readonly<Record<string, string>> = {
  u32: 'uint32',
  u64: 'uint64',
  i32: 'int32',
  i64: 'int64',
  f32: 'float',
  f64: 'double',
  text: 'string',
  bool: 'bool',
  bytes: 'bytes',
}

type Definition = IType | IEnum

/** The definitions of a text, by name. */
export function readNotation(text: string): Readonly<Record<string, Definition>> {
  const lines = text.trim().replace(/\n\s+/g, ' ').split('\n')
  return Object.fromEntries(lines.map(readLine))
}

function readLine(line: string): readonly [name: string, Definition] {
  const match = /^(\w+) ?([:=]) ?(.*)$/.exec(line)
  if (match === null) throw new SyntaxError(`Cannot read the definition: ${line}`)
  const [, name = '', kind, rest = ''] = match
  return [name, kind === '=' ? readEnum(rest) : readMessage(rest)]
}

function readEnum(names: string): IEnum {
  let next = 0
  const values = names.split(' ').map((text) => {
    const [name = '', number] = text.split(':')
    const value = number === undefined ? next : Number(number)
    next = value + 1
    return [name, value] as const
  })
  return { values: Object.fromEntries(values) }
}

function readMessage(text: string): IType {
  const fields: Record<string, IField> = {}
  const oneofs: Record<string, { oneof: string[] }> = {}
  for (const group of text.split(/, (?![^(]*\))/).filter((part) => part !== '')) {
    const members = group
      .replace(/^\(|\)$/g, '')
      .split(' | ')
      .map(readField)
    for (const [name, field] of members) fields[name] = field
    const names = members.map(([name]) => name)
    // A field that says whether it was set is one of one.
    if (group.startsWith('(') || group.includes('?')) oneofs[`oneof_${names[0]!}`] = { oneof: names }
  }
  return { fields, ...(Object.keys(oneofs).length === 0 ? {} : { oneofs }) }
}

function readField(text: string): readonly [name: string, IField] {
  const match = /^(\w+) ([[{]?)(?:(\w+):)?(\w+)([\]}?]?) (\d+)$/.exec(text)
  if (match === null) throw new SyntaxError(`Cannot read the field: ${text}`)
  const [, name = '', open, key = 'text', named = '', close, id] = match
  const field = { type: scalars[named] ?? named, id: Number(id) }
  if (open === '{') return [name, { ...field, keyType: scalars[key] ?? key } as IField]
  if (open === '[') return [name, { ...field, rule: 'repeated' }]
  return [name, close === '?' ? { ...field, options: { proto3_optional: true } } : field]
}
