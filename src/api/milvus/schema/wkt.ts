import { GeometryError, parseWkt } from '../../../index.ts'
import { invalidParameter } from '../status.ts'

/** @throws 1100 for a text that is no geometry */
export function checkedWkt(text: string): string {
  try {
    parseWkt(text)
    return text
  } catch (error) {
    if (!(error instanceof GeometryError)) throw error
    throw invalidParameter(`invalid Geometry data, transform to wkb failed: ${error.message}`)
  }
}
