import { Type, type Field } from 'protobufjs'
import { messageType, type Message } from '../wire/messages.ts'

/** A message as if it had been decoded: members that are not given are there with their empty values. */
export const messageOf = (type: string, members: object): Message => complete(messageType(type), members)

function complete(type: Type, members: object): Message {
  const given = Object.entries(members).filter(([, value]) => value !== undefined)
  const full = given.map(([name, value]) => [name, member(type.fields[name], value)] as const)
  return type.create(Object.fromEntries(full))
}

function member(field: Field | undefined, value: unknown): unknown {
  if (field === undefined || value === null) return value
  const type = field.resolve().resolvedType
  if (!(type instanceof Type)) return value
  if (field.map) {
    const entries = Object.entries(value as Readonly<Record<string, object>>)
    return Object.fromEntries(entries.map(([key, one]) => [key, complete(type, one)]))
  }
  return field.repeated
    ? (value as readonly object[]).map((one) => complete(type, one))
    : complete(type, value as object)
}
