/** Codes of what is refused before any call is made of it. */
export const restCodes = {
  needsAuthentication: 1800,
  notJson: 1801,
  missingParameter: 1802,
  wrongKey: 1803,
  wrongRows: 1804,
} as const

/** A request that no call could be made of. The message begins as Milvus' does, by the code. */
export class RestError extends Error {
  override readonly name = 'RestError'
  readonly code: number

  constructor(code: number, message: string) {
    super(message)
    this.code = code
  }
}

export const notJson = (why: string): RestError =>
  new RestError(restCodes.notJson, `can only accept json format request, error: ${why}`)

export const missing = (member: string): RestError =>
  new RestError(
    restCodes.missingParameter,
    `missing required parameters, error: Field validation for '${member}' failed on the 'required' tag`,
  )

export const wrongRows = (why: string): RestError =>
  new RestError(restCodes.wrongRows, `fail to deal the insert data, error: ${why}`)
