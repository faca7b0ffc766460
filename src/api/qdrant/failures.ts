import { WireError } from './wire-error.ts'

// What several routes answer, in Qdrant's words.

export const badRequest = (text: string): WireError => new WireError(400, `Bad request: ${text}`)
export const wrongInput = (text: string): WireError => new WireError(400, `Wrong input: ${text}`)
export const forbidden = (text: string): WireError => new WireError(403, `Forbidden: ${text}`)
export const notFound = (text: string): WireError => new WireError(404, `Not found: ${text}`)
export const conflict = (text: string): WireError => new WireError(409, `Wrong input: ${text}`)
export const formatError = (text: string): WireError =>
  new WireError(400, `Format error in JSON body: ${text}`)
export const collectionMissing = (name: string): WireError =>
  notFound(`Collection \`${name}\` doesn't exist!`)
export const collectionExists = (name: string): WireError =>
  conflict(`Collection \`${name}\` already exists!`)
export const snapshotMissing = (name: string): WireError => notFound(`Snapshot ${name} not found`)

/** What Qdrant can and this server cannot: said plainly, so that nobody takes silence for success. */
export const unsupported = (what: string): WireError =>
  new WireError(501, `Not implemented: ${what} not supported by this server yet`)

/** What the validator refuses; `place` is `JSON body`, `query parameters` or `path parameters`. */
export const invalid = (violation: string, place = 'JSON body'): WireError =>
  new WireError(422, `Validation error in ${place}: [${violation}]`)

export const shardMissing = (shard: number): WireError => notFound(`shard ${shard} not found`)
/** Of a shard: named by the path of its file. */
export const shardSnapshotMissing = (path: string): WireError =>
  notFound(`Snapshot ${JSON.stringify(path)} not found`)
