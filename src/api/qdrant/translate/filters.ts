import type { Filter, JsonValue } from '../../../index.ts'
import { DecodeError, isObject, type Decoder } from '../decode.ts'
import { WireError } from '../wire-error.ts'
import { translateFilter } from './filter.ts'

const prefix = 'Format error in JSON body: '

const unknownName = /^unknown field `(.*)`, expected one of/s

/** What is wrong with the filter is found behind it, but for a name that it cannot have. */
function faultOf(message: string, filter: JsonValue): DecodeError {
  const name = isObject(filter) ? unknownName.exec(message)?.[1] : undefined
  const fault = new DecodeError(message, name === undefined ? 'after' : 'name')
  if (name !== undefined) fault.path.push(name)
  return fault
}

/** A filter that the validator calls `field`; without a name it is not validated, as in deletions. */
export function filterOf(field?: string): Decoder<Filter> {
  const place = field === undefined ? { unvalidated: true } : { field }
  return (value) => {
    try {
      return translateFilter(value, place)
    } catch (error) {
      if (!(error instanceof WireError) || !error.message.startsWith(prefix)) throw error
      throw faultOf(error.message.slice(prefix.length), value)
    }
  }
}
