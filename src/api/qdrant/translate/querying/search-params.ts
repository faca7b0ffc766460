import {
  absentOr,
  boolean,
  float,
  isObject,
  object,
  oneOf,
  optional,
  required,
  struct,
  untagged,
  usize,
  type Decoder,
} from '../../decode.ts'
import { checkBounds } from '../checks.ts'

export interface SearchParams {
  readonly hnsw_ef: number | undefined
  readonly exact: boolean | undefined
  readonly quantization: { readonly oversampling: number | undefined } | undefined
  readonly acorn: { readonly max_selectivity: number | undefined } | undefined
  /** Whether it was given; it is for sparse vectors only. */
  readonly idf: boolean | undefined
}

const idfParams = untagged<boolean>(
  'IdfParams',
  (value) => oneOf('global')(value) === 'global',
  (value) => struct('IdfCorpus', { corpus: required(object) })(isObject(value) ? value : null) !== undefined,
)

// The search is exact whatever they say, so they are checked and have no effect.
export const searchParams: Decoder<SearchParams> = struct('SearchParams', {
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
  idf: optional(idfParams),
})

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
