import type { Filter, SearchEffort } from '../../../../index.ts'
import {
  absentOr,
  boolean,
  float,
  isObject,
  oneOf,
  optional,
  required,
  struct,
  untagged,
  usize,
  type Decoder,
} from '../../decode.ts'
import { checkBounds } from '../checks.ts'
import { filterOf } from '../filters.ts'

export interface SearchParams {
  readonly hnsw_ef: number | undefined
  readonly exact: boolean | undefined
  readonly indexed_only: boolean | undefined
  readonly quantization: { readonly oversampling: number | undefined } | undefined
  readonly acorn: { readonly max_selectivity: number | undefined } | undefined
  readonly idf: FrequencyParams | undefined
}

/** Of which points the frequencies of indices are counted; all of them without a corpus. */
export interface FrequencyParams {
  readonly corpus?: Filter
}

const frequencyParams = (field: string): Decoder<FrequencyParams> => {
  const corpus = struct('IdfCorpus', { corpus: required(filterOf(field)) })
  return untagged<FrequencyParams>(
    'IdfParams',
    (value) => {
      oneOf('global')(value)
      return {}
    },
    (value) => corpus(isObject(value) ? value : null),
  )
}

/** `quantization` and `acorn` are checked and have no effect. `field`: what the validator calls the request. */
export function searchParams(field: string): Decoder<SearchParams> {
  return struct('SearchParams', { ...commonParams, idf: optional(frequencyParams(`${field}.params.idf`)) })
}

const commonParams = {
  hnsw_ef: optional(usize),
  exact: absentOr(boolean, false),
  quantization: optional(
    struct('QuantizationSearchParams', {
      ignore: optional(boolean),
      rescore: optional(boolean),
      oversampling: optional(float('f64')),
    }),
  ),
  indexed_only: absentOr(boolean, false),
  acorn: optional(
    struct('AcornSearchParams', {
      enable: absentOr(boolean, false),
      max_selectivity: optional(float('f64')),
    }),
  ),
}

export function effortOf({ hnsw_ef: ef, exact, indexed_only: indexedOnly }: SearchParams): SearchEffort {
  return {
    ...(ef === undefined ? {} : { ef }),
    ...(exact === undefined ? {} : { exact }),
    ...(indexedOnly === undefined ? {} : { indexedOnly }),
  }
}

/** `field`: what the validator calls the request. @throws WireError 422 */
export function checkParams(params: SearchParams | undefined, field: string): void {
  checkBounds(params?.hnsw_ef, { min: 1 }, `${field}.params.hnsw_ef`)
  checkBounds(
    params?.quantization?.oversampling,
    { min: 1, isFloat: true },
    `${field}.params.quantization.oversampling`,
  )
  checkBounds(
    params?.acorn?.max_selectivity,
    { min: 0, max: 1, isFloat: true },
    `${field}.params.acorn.max_selectivity`,
  )
}
