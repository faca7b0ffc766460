/** The form of a request is wrong; becomes a WireError with status 400, which adds the place. */
export class FormatError extends Error {
  override readonly name = 'FormatError'
}
