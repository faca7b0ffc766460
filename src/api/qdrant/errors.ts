import { DatabaseError, type ErrorKind } from '../../index.ts'
import { WireError } from './wire-error.ts'

const prefixes: Record<ErrorKind, readonly [status: number, prefix: string]> = {
  invalid: [400, 'Wrong input'],
  'not-found': [404, 'Not found'],
  conflict: [409, 'Wrong input'],
  unavailable: [503, 'Service unavailable'],
  corrupt: [500, 'Service internal error'],
  closed: [503, 'Service unavailable'],
  internal: [500, 'Service internal error'],
}

/** The engine's error as Qdrant words it; undefined for what is no error of the engine. */
export function toWireError(error: unknown): WireError | undefined {
  if (error instanceof WireError) return error
  if (!(error instanceof DatabaseError)) return undefined
  const known = knownError(error)
  if (known !== undefined) return known
  const [status, prefix] = prefixes[error.kind]
  return new WireError(status, `${prefix}: ${error.message}`)
}

function knownError(error: DatabaseError): WireError | undefined {
  const { details } = error
  switch (error.code) {
    case 'collection-exists':
      return new WireError(409, `Wrong input: Collection \`${String(details['name'])}\` already exists!`)
    case 'collection-not-found':
      return new WireError(
        404,
        `Not found: Collection \`${String(details['name'] ?? details['collection'])}\` doesn't exist!`,
      )
    case 'alias-not-found':
      return new WireError(404, `Not found: Alias ${String(details['alias'])} does not exists!`)
    case 'snapshot-not-found':
      return new WireError(404, `Not found: Snapshot ${String(details['name'])} not found`)
    case 'dimension-mismatch':
      return new WireError(
        400,
        `Wrong input: Vector dimension error: expected dim: ${String(details['expected'])}, got ${String(details['actual'])}`,
      )
    case 'vector-unknown':
      return new WireError(400, `Wrong input: Not existing vector name error: ${String(details['name'])}`)
    default:
      return undefined
  }
}
