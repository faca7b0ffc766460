/** Something that the engine did and must not do. It ends the run of its seed. */
export class Finding extends Error {
  override readonly name = 'Finding'
}

export function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const cause = error.cause === undefined ? '' : `\ncaused by ${textOf(error.cause)}`
  return `${error.stack ?? error.message}${cause}`
}
