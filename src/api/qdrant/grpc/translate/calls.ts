import { malformed } from '../status.ts'
import type { Fields } from './fields.ts'

type Query = Readonly<Record<string, string>>

export function timeoutQuery(fields: Fields): Query {
  const timeout = fields.integer('timeout')
  return timeout === undefined ? {} : { timeout: String(timeout) }
}

const orderings = ['weak', 'medium', 'strong']

/** Of changes of points. @throws StatusError */
export function writeQuery(fields: Fields): Query {
  const ordering = fields.sub('ordering')?.variant('type')
  return {
    wait: String(fields.truth('wait')),
    ...(ordering === undefined ? {} : { ordering: member(orderings, ordering, 'write ordering') }),
    ...timeoutQuery(fields),
  }
}

const consistencies = ['all', 'majority', 'quorum']

/** Of reads of points. @throws StatusError */
export function readQuery(fields: Fields): Query {
  const given = fields.sub('read_consistency')
  return { ...(given === undefined ? {} : { consistency: consistencyOf(given) }), ...timeoutQuery(fields) }
}

function consistencyOf(consistency: Fields): string {
  const type = consistency.variant('type')
  if (type !== undefined) return member(consistencies, type, 'read consistency')
  const factor = consistency.integer('factor')
  if (factor === undefined) throw malformed('read consistency message does not contain a value')
  if (factor === 0) throw malformed('read consistency factor can not be zero')
  return String(factor)
}

function member(names: readonly string[], index: number, what: string): string {
  const name = names[index]
  if (name === undefined) throw malformed(`invalid ${what} type value ${index}`)
  return name
}

export function required<T>(value: T | undefined, otherwise: string): T {
  if (value === undefined) throw malformed(otherwise)
  return value
}
