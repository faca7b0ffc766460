import { WireError } from './wire-error.ts'

// Qdrant's ways to say no, each with its status and prefix.

export const badRequest = (text: string): WireError => new WireError(400, `Bad request: ${text}`)
export const wrongInput = (text: string): WireError => new WireError(400, `Wrong input: ${text}`)
export const notFound = (text: string): WireError => new WireError(404, `Not found: ${text}`)
export const formatError = (text: string): WireError =>
  new WireError(400, `Format error in JSON body: ${text}`)
export const validationError = (text: string, place = 'JSON body'): WireError =>
  new WireError(422, `Validation error in ${place}: [${text}]`)
export const collectionMissing = (name: string): WireError =>
  notFound(`Collection \`${name}\` doesn't exist!`)
