import type { Filter } from '../../../index.ts'
import { DecodeError, type Decoder } from '../decode.ts'
import { WireError } from '../wire-error.ts'
import { translateFilter } from './filter.ts'

const prefix = 'Format error in JSON body: '

/** A filter that the validator calls `field`; without a name it is not validated, as in deletions. */
export function filterOf(field?: string): Decoder<Filter> {
  const place = field === undefined ? { unvalidated: true } : { field }
  return (value) => {
    try {
      return translateFilter(value, place)
    } catch (error) {
      if (!(error instanceof WireError) || !error.message.startsWith(prefix)) throw error
      throw new DecodeError(error.message.slice(prefix.length), 'after')
    }
  }
}
