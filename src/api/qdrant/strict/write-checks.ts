import type { StoredSizes } from '../../../index.ts'
import { badRequest } from '../failures.ts'
import type { GivenVectors } from '../translate/vectors.ts'
import { checkSize } from './collection-size.ts'
import type { StrictLimits } from './limits.ts'
import { checkFilter, type Guarded } from './read-checks.ts'
import { checkAtMost, forbidden } from './refusals.ts'
import type { WriteFacts } from './write-facts.ts'

export interface WriteSources {
  readonly sizes: () => StoredSizes
  /** Of the machine's memory, taken by this process; undefined if nobody can tell. */
  readonly residentPercent: () => number | undefined
}

/** One write. @throws WireError 400 */
export function checkWrite(facts: WriteFacts, guarded: Guarded, sources: WriteSources): void {
  const { limits } = guarded
  switch (facts.kind) {
    case 'upsert':
    case 'update-vectors':
      checkAtMost(
        facts.pointCount,
        limits.upsert_max_batchsize,
        facts.kind === 'upsert' ? 'upsert limit' : 'update limit',
      )
      checkSize(limits, sources.sizes)
      checkVectors(facts.vectors ?? [], limits)
      break
    case 'set-payload': {
      const { max_collection_payload_size_bytes } = limits
      const bounded = { max_collection_vector_size_bytes: undefined, max_points_count: undefined }
      checkSize({ ...bounded, max_collection_payload_size_bytes }, sources.sizes)
      break
    }
    case 'other':
  }
  checkFilter(facts.filter, limits.unindexed_filtering_update, guarded)
}

/** What brings data is refused where memory is short; what removes some is not. @throws WireError 400 */
export function checkMemory(facts: readonly WriteFacts[], limits: StrictLimits, sources: WriteSources): void {
  const percentMax = limits.max_resident_memory_percent
  if (percentMax === undefined || facts.every(({ kind }) => kind === 'other')) return
  const percent = sources.residentPercent()
  if (percent === undefined || percent < percentMax) return
  throw forbidden(
    `Resident memory usage is at ${percent}% of total memory, exceeding the configured limit of ${percentMax}%`,
    'Reduce memory usage (e.g. delete points or drop collections), or raise `max_resident_memory_percent` in the strict mode config of this collection.',
  )
}

function checkVectors(points: readonly GivenVectors[], { multivectors, sparse }: StrictLimits): void {
  for (const [name, max] of Object.entries(multivectors)) {
    for (const vectors of points) {
      const vector = Object.hasOwn(vectors, name) ? vectors[name] : undefined
      if (vector?.kind !== 'multi' || vector.rows.length <= max) continue
      throw badRequest(
        `Multivector '${name}' has a limit of ${max} vectors, but ${vector.rows.length} were provided!`,
      )
    }
  }
  for (const [name, max] of Object.entries(sparse)) {
    for (const vectors of points) {
      const vector = Object.hasOwn(vectors, name) ? vectors[name] : undefined
      if (vector?.kind !== 'sparse' || vector.indices.length <= max) continue
      throw badRequest(
        `Sparse vector '${name}' has a limit of ${max} indices, but ${vector.indices.length} were provided!`,
      )
    }
  }
}

/** @throws WireError 400 if there is no room for another index */
export function checkIndexCount({ limits, config }: Guarded): void {
  const max = limits.max_payload_index_count
  if (max === undefined || Object.keys(config.payloadIndexes ?? {}).length < max) return
  throw forbidden(
    `Collection already has the maximum number of payload indices (${max})`,
    'Please delete an existing index before creating a new one.',
  )
}
