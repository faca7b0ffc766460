import type { z } from 'zod'
import { DatabaseError, type ErrorKind } from '../../index.ts'

/** What the door itself refuses, beside the engine's codes. */
export const doorCodes = [
  'route-not-found',
  'key-missing',
  'key-wrong',
  'key-read-only',
  'key-limited',
  'request-too-large',
] as const
export type DoorCode = (typeof doorCodes)[number]

export interface WireFailure {
  readonly status: number
  readonly code: string
  readonly message: string
  readonly details: Readonly<Record<string, unknown>>
}

const statuses: Record<ErrorKind, number> = {
  invalid: 400,
  'not-found': 404,
  conflict: 409,
  unavailable: 503,
  corrupt: 500,
  closed: 503,
  internal: 500,
}

/** An error as it is sent; what is none of the engine's says no more than that. */
export function failureOf(error: unknown): WireFailure {
  if (error instanceof DatabaseError) {
    const { code, message, details } = error
    return { status: statuses[error.kind], code, message, details }
  }
  return {
    status: 500,
    code: 'internal',
    message: 'Cannot answer the request: see the log of the server',
    details: {},
  }
}

export function doorFailure(status: number, code: DoorCode, message: string): WireFailure {
  return { status, code, message, details: {} }
}

/** Bigints, dates and errors among the details become text: they are there to be read. */
export function failureText({ code, message, details }: WireFailure): string {
  return JSON.stringify({ error: { code, message, details } }, (_key, value: unknown) => {
    if (typeof value === 'bigint') return value.toString()
    return value instanceof Error ? value.message : value
  })
}

const places = { params: 'path', query: 'query', headers: 'headers', body: 'body' } as const

/** A request that does not fit its schema: the message names the first field, the details all of them. */
export function schemaFailure(place: keyof typeof places, error: z.ZodError): DatabaseError {
  const issues = error.issues.map((issue) => ({ path: pathOf(issue), message: issue.message }))
  const [first] = issues
  const field = first === undefined || first.path === '' ? '' : `${first.path}: `
  return new DatabaseError(
    'request-invalid',
    `Cannot read the ${places[place]} of the request: ${field}${first?.message ?? 'it does not fit'}`,
    { in: places[place], issues },
  )
}

/** `labels.env`, `ids[3]`. An unknown key is named too: its issue stands at the object around it. */
function pathOf(issue: z.core.$ZodIssue): string {
  const path = issue.code === 'unrecognized_keys' ? [...issue.path, issue.keys[0] ?? ''] : issue.path
  return path
    .map((step, index) =>
      typeof step === 'number' ? `[${step}]` : `${index === 0 ? '' : '.'}${String(step)}`,
    )
    .join('')
}
