import { DatabaseError, type ErrorKind } from '../../index.ts'
import {
  collectionExists,
  collectionMissing,
  notFound,
  shardMissing,
  snapshotMissing,
  wrongInput,
} from './failures.ts'
import { formulaFailed } from './formula-failed.ts'
import { PlainError, WireError } from './wire-error.ts'

const prefixes: Record<ErrorKind, readonly [status: number, prefix: string]> = {
  invalid: [400, 'Wrong input'],
  'not-found': [404, 'Not found'],
  conflict: [409, 'Wrong input'],
  unavailable: [503, 'Service unavailable'],
  corrupt: [500, 'Service internal error'],
  closed: [503, 'Service unavailable'],
  internal: [500, 'Service internal error'],
}

/** An error as Qdrant words it; undefined for what is none of the engine's. */
export function toWireError(error: unknown): WireError | undefined {
  if (error instanceof WireError) return error
  if (!(error instanceof DatabaseError)) return undefined
  const known = knownError(error)
  if (known !== undefined) return known
  const [status, prefix] = prefixes[error.kind]
  return new WireError(status, `${prefix}: ${error.message}`)
}

function knownError({ code, details, message }: DatabaseError): WireError | undefined {
  const detail = (name: string): string => String(details[name])
  switch (code) {
    case 'collection-exists':
      return collectionExists(detail('name'))
    case 'collection-not-found':
      return details['name'] === undefined ? undefined : collectionMissing(detail('name'))
    case 'alias-not-found':
      return notFound(`Alias ${detail('alias')} does not exists!`)
    case 'shard-not-found':
      return shardMissing(Number(details['shard']))
    case 'snapshot-not-found':
      return snapshotMissing(detail('name'))
    case 'dimension-mismatch':
      return wrongInput(
        `Vector dimension error: expected dim: ${detail('expected')}, got ${detail('actual')}`,
      )
    case 'vector-unknown':
      return wrongInput(`Not existing vector name error: ${detail('name')}`)
    case 'point-not-found':
      return notFound(
        details['vector'] === undefined
          ? `No point with id ${detail('id')} found`
          : `Vector with name "${detail('vector')}" for point not found`,
      )
    case 'formula-failed':
      return formulaFailed(details)
    case 'download-failed':
      return new WireError(500, `Service internal error: ${message}`)
    default:
      return undefined
  }
}

/** Gives refusals the form of plain text, and other words if need be. @throws PlainError, and what is no refusal */
export async function plainly<T>(work: () => T | Promise<T>, wording = (text: string) => text): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const known = toWireError(error)
    if (known === undefined) throw error
    throw known instanceof PlainError ? known : new PlainError(known.status, wording(known.text))
  }
}
