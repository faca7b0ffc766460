import type { Filter } from '../../../../index.ts'
import { gathered, optional, text, usize, type Decoder } from '../../decode.ts'
import { wrongInput } from '../../failures.ts'
import { checkBounds } from '../checks.ts'
import { filterOf } from '../filters.ts'
import { rowsMax } from '../reads.ts'
import { shardKeys, type ShardKeys } from '../shard-key.ts'
import type { KnownVectors } from '../vectors.ts'

export interface GivenMatrix {
  readonly filter: Filter | undefined
  readonly sample: number
  readonly limit: number
  readonly using: string
  readonly shardKeys: ShardKeys | undefined
}

const field = 'search_request'
const matrixStruct = gathered('SearchMatrixRequest', {
  filter: optional(filterOf(`${field}.filter`)),
  sample: optional(usize),
  limit: optional(usize),
  using: optional(text),
  shard_key: optional(shardKeys),
})
const sampleDefault = 10
const limitDefault = 3

export const matrixRequest: Decoder<GivenMatrix> = (value) => {
  const given = matrixStruct(value)
  checkBounds(given.sample, { min: 2 }, `${field}.sample`)
  checkBounds(given.limit, { min: 1 }, `${field}.limit`)
  return {
    filter: given.filter,
    sample: Math.min(given.sample ?? sampleDefault, rowsMax),
    limit: Math.min(given.limit ?? limitDefault, rowsMax),
    using: given.using ?? '',
    shardKeys: given.shard_key,
  }
}

/** @throws WireError 400 */
export function checkMatrix({ using }: GivenMatrix, known: KnownVectors): void {
  if (Object.hasOwn(known, using)) return
  if (using !== '') throw wrongInput(`Vector with name ${using} is not configured in this collection`)
  const names = Object.keys(known).join(', ')
  throw wrongInput(`Collection requires specified vector name in the request, available names: ${names}`)
}
