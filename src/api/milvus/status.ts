import { isDatabaseError, type ErrorCode } from '../../index.ts'

/** Codes of Milvus' answers that this door gives. The clients know collections, databases and the like by them. */
export const codes = {
  internal: 5,
  unimplemented: 10,
  resourceInsufficient: 12,
  collectionNotFound: 100,
  collectionNotLoaded: 101,
  tooManyCollections: 102,
  schemaMismatch: 109,
  partitionNotFound: 200,
  indexNotFound: 700,
  databaseNotFound: 800,
  databaseInvalidName: 802,
  invalidParameter: 1100,
  missingParameter: 1101,
  tooLarge: 1102,
  notAuthenticated: 1400,
  notPermitted: 1401,
  aliasNotFound: 1600,
  aliasConflict: 1601,
  aliasExists: 1602,
  fieldNotFound: 1700,
  fieldInvalidName: 1701,
  importSystem: 2101,
  snapshotNotFound: 2600,
  snapshotPinned: 2601,
  unexpected: 65_535,
} as const

/** What older clients read in place of the code: numbers of the enum ErrorCode. */
const legacyCodes: Readonly<Record<number, number>> = {
  0: 0,
  1: 56,
  3: 52,
  7: 53,
  8: 49,
  9: 48,
  100: 4,
  109: 62,
  110: 56,
  200: 15,
  400: 15,
  700: 25,
  1100: 5,
  1101: 5,
  1102: 5,
}
const unexpectedLegacyCode = 1

/** A request that is answered with a status. */
export class MilvusError extends Error {
  override readonly name = 'MilvusError'
  readonly code: number

  constructor(code: number, reason: string, options?: ErrorOptions) {
    super(reason, options)
    this.code = code
  }
}

/** 1100; `what` goes before the words of the code, `values` (`[name=value]`) after them. */
export const invalidParameter = (what: string, values = ''): MilvusError =>
  new MilvusError(codes.invalidParameter, `${what}: invalid parameter${values}`)

export const missingParameter = (what: string): MilvusError => new MilvusError(codes.missingParameter, what)

/** A `common.Status`. */
export interface Status {
  readonly error_code: number
  readonly code: number
  readonly reason: string
  readonly detail: string
  readonly retriable: boolean
  readonly extra_info: Readonly<Record<string, string>>
}

export const success: Status = {
  error_code: 0,
  code: 0,
  reason: '',
  detail: '',
  retriable: false,
  extra_info: {},
}

/** Both the code and the older one are set: some clients look at one of them only. */
export function statusOf(error: unknown): Status {
  const { code, reason, isInput } = describe(error)
  return {
    error_code: legacyCodes[code] ?? unexpectedLegacyCode,
    code,
    reason,
    detail: reason,
    retriable: false,
    extra_info: isInput ? { is_input_error: 'true' } : {},
  }
}

/** True for what the request asked for, not for what went wrong here. */
export const isExpected = (error: unknown): boolean => describe(error).isInput

interface Described {
  readonly code: number
  readonly reason: string
  readonly isInput: boolean
}

function describe(error: unknown): Described {
  if (error instanceof MilvusError)
    return { code: error.code, reason: error.message, isInput: error.code !== codes.internal }
  if (isDatabaseError(error)) {
    const isInput = ['invalid', 'not-found', 'conflict'].includes(error.kind)
    return { code: codeOf(error.code, isInput), reason: error.message, isInput }
  }
  return { code: codes.internal, reason: 'service internal error: see the log of the server', isInput: false }
}

const known: Partial<Readonly<Record<ErrorCode, number>>> = {
  'collection-not-found': codes.collectionNotFound,
  'partition-not-found': codes.partitionNotFound,
  'snapshot-not-found': codes.snapshotNotFound,
  'snapshot-held': codes.snapshotPinned,
  'alias-not-found': codes.aliasNotFound,
  'alias-exists': codes.aliasExists,
  overloaded: 8,
}

const codeOf = (code: ErrorCode, isInput: boolean): number =>
  known[code] ?? (isInput ? codes.invalidParameter : codes.internal)
