import type { IEnum, IField, IType } from 'protobufjs'

// The wire's definitions are facts: names and numbers of fields. They are written in a notation of our own, a line
// for each message or enum; indented lines go on where the line above stopped.
//
//   Name: field type number, …      a message
//   Name = First Second …           an enum, numbered from 0
//
// `[T]` is a list, `{T}` a map with text keys, `T?` a field that says whether it was set, `(a T 1 | b T 2)` one of.

const scalars: Readonly<Record<string, string>> = {
  u32: 'uint32',
  u64: 'uint64',
  i32: 'int32',
  i64: 'int64',
  f32: 'float',
  f64: 'double',
  text: 'string',
  bool: 'bool',
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
  return { values: Object.fromEntries(names.split(' ').map((name, value) => [name, value])) }
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
  const match = /^(\w+) ([[{]?)(\w+)([\]}?]?) (\d+)$/.exec(text)
  if (match === null) throw new SyntaxError(`Cannot read the field: ${text}`)
  const [, name = '', open, named = '', close, id] = match
  const field = { type: scalars[named] ?? named, id: Number(id) }
  if (open === '{') return [name, { ...field, keyType: 'string' } as IField]
  if (open === '[') return [name, { ...field, rule: 'repeated' }]
  return [name, close === '?' ? { ...field, options: { proto3_optional: true } } : field]
}
