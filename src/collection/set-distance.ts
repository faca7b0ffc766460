import { DatabaseError } from '../errors/database-error.ts'
import { checkVectorParams } from './checks/check-config.ts'
import type { Distance, VectorParams } from './types.ts'
import { unknownVector, type VectorSchema } from './vector-columns.ts'
import { isStoredAsGiven } from './vector-input.ts'

/** A vector as it is declared once it is compared by another distance. @throws vector-unknown, request-invalid */
export function withDistance(vectors: VectorSchema, name: string, distance: Distance): VectorParams {
  if (!Object.hasOwn(vectors, name)) throw unknownVector(name)
  const params = vectors[name]!
  if (distance === params.distance) return params
  // The one that is refused may be right now and gone when the record's turn comes, or the other way round: both look.
  if (params.kind === 'sparse') throw refused(name, params, distance, 'sparse vectors have only Dot')
  if (!isStoredAsGiven(params)) {
    const why = 'it is stored at length one, as Cosine vectors are that do not keep their length'
    throw refused(name, params, distance, why)
  }
  const { keepsLength: _, ...rest } = params
  const changed = distance === 'Cosine' ? { ...rest, distance, keepsLength: true } : { ...rest, distance }
  checkVectorParams(name, changed)
  return changed
}

function refused(name: string, { distance: from }: VectorParams, to: Distance, why: string): DatabaseError {
  const text = `Cannot change the distance of vector "${name}" from ${from} to ${String(to)}: ${why}`
  return new DatabaseError('request-invalid', text, { name, from, to })
}
