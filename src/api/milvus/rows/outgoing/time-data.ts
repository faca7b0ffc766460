import type { JsonValue } from '../../../../index.ts'
import { dataTypes } from '../../schema/data-types.ts'
import { momentOn, momentText } from '../../time/moment.ts'
import { partsOf, type TimeView } from '../../time/time-view.ts'
import type { ScalarData } from './scalar-data.ts'

/** Times as texts on the clocks of a zone, or as lists of their parts. */
export function timeData(values: readonly (JsonValue | undefined)[], { zone, parts }: TimeView): ScalarData {
  const moments = values.map((value) => momentOn(zone, value))
  const valid = moments.map((moment) => moment !== undefined)
  if (parts.length === 0) {
    const data = moments.map((moment) => (moment === undefined ? '' : momentText(moment)))
    return { scalars: { string_data: { data } }, valid }
  }
  const data = moments.map((moment) => ({
    long_data: { data: moment === undefined ? [] : partsOf(parts, moment) },
  }))
  return { scalars: { array_data: { data, element_type: dataTypes.Int64 } }, valid }
}
