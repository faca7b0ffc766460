import type { FieldDocument } from '../schema/document.ts'
import { dataTypes } from '../schema/data-types.ts'
import { invalidParameter } from '../status.ts'
import { MomentError, storedMoment } from './moment.ts'

/** The field with its default time as it stands in payloads; without an offset it is one of the zone. @throws 1100 */
export function withTimeDefault(field: FieldDocument, zone: string): FieldDocument {
  const { type, defaultValue } = field
  if (type !== dataTypes.Timestamptz || typeof defaultValue !== 'string') return field
  try {
    return { ...field, defaultValue: storedMoment(defaultValue, zone) }
  } catch (error) {
    if (!(error instanceof MomentError)) throw error
    throw invalidParameter(error.message)
  }
}
