import { codes, MilvusError } from '../status.ts'

/** The ends of the original's reasons: which it is depends on the layer that refused. */
export const ends = {
  plan: 'query plan failed: invalid parameter',
  input: 'invalid parameter: invalid parameter',
  number: 'invalid parameter',
  arithmetic: 'query plan failed: invalid parameter: invalid parameter',
  struct: 'invalid parameter: invalid parameter: invalid parameter',
} as const

/** A filter that is refused, with the reason as Milvus words it. */
export class FilterError extends MilvusError {
  constructor(reason: string) {
    super(codes.invalidParameter, `failed to create query plan: ${reason}`)
  }
}

/** What is wrong within a filter; `compileFilter` adds the filter's text to it. */
export class ExpressionError extends Error {
  readonly end: string

  constructor(what: string, end: string = ends.plan) {
    super(what)
    this.end = end
  }
}
