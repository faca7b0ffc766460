import { tokenize, type TextParams } from '../../../index.ts'
import { databaseOf, getCollection, type Call, type MilvusDoor } from '../door.ts'
import type { Handlers } from '../rpcs/handler.ts'
import { modelOf } from '../schema/collection-model.ts'
import { codes, invalidParameter, MilvusError } from '../status.ts'
import { analyzerOf, isAnalyzed } from './analyzer.ts'
import { termIndex } from './terms.ts'

export const textRpcs: Handlers = { RunAnalyzer: runAnalyzer }

interface AnalyzerRequest {
  readonly analyzer_params: string
  readonly placeholder: readonly Uint8Array[]
  readonly with_detail: boolean
  readonly with_hash: boolean
  readonly db_name: string
  readonly collection_name: string
  /** '' without one: then the parameters are those of the request. */
  readonly field_name: string
  readonly analyzer_names: readonly string[]
}

/** The tokens of texts. @throws 100, 800, 1100, 1700 */
function runAnalyzer(door: MilvusDoor, request: AnalyzerRequest, call: Call): object {
  if (request.analyzer_names.length > 0)
    throw invalidParameter('a field has one analyzer, which has no name: analyzer_names cannot be given')
  const params = paramsOf(door, request, call)
  const results = request.placeholder.map((bytes) => {
    const tokens = tokensOf(Buffer.from(bytes).toString(), params)
    return { tokens: tokens.map((token) => shown(token, request)) }
  })
  return { results }
}

function paramsOf(door: MilvusDoor, request: AnalyzerRequest, call: Call): TextParams {
  const { collection_name: name, field_name: fieldName, analyzer_params: params } = request
  if (name === '') return analyzerOf({ name: fieldName, params: { analyzer_params: params } })
  const model = modelOf(getCollection(door, databaseOf(call, request.db_name), name))
  const field = model.fields.get(fieldName)
  if (field === undefined) throw new MilvusError(codes.fieldNotFound, `field not found[field=${fieldName}]`)
  if (!isAnalyzed(field)) throw invalidParameter(`field ${fieldName} does not enable analyzer`)
  return analyzerOf(field)
}

interface AnalyzedToken {
  readonly token: string
  /** Bytes of the text in UTF-8. */
  readonly start: number
  readonly end: number
  /** Counts what the filters took away as well. */
  readonly position: number
}

/** Each piece of the text is put through the filters by itself, so that its place is known. */
function tokensOf(text: string, params: TextParams): AnalyzedToken[] {
  const pieces = tokenize(text, { ...cutting(params), lowercase: false }, 'document')
  const found: AnalyzedToken[] = []
  let at = 0
  let bytes = 0
  pieces.forEach((piece, position) => {
    const start = Math.max(text.indexOf(piece, at), at)
    bytes += Buffer.byteLength(text.slice(at, start))
    const end = bytes + Buffer.byteLength(piece)
    for (const token of tokenize(piece, params, 'document'))
      found.push({ token, start: bytes, end, position })
    at = start + piece.length
    bytes = end
  })
  return found
}

const cutting = ({ tokenizer }: TextParams): TextParams => (tokenizer === undefined ? {} : { tokenizer })

function shown({ token, start, end, position }: AnalyzedToken, request: AnalyzerRequest): object {
  return {
    token,
    ...(request.with_detail && { start_offset: start, end_offset: end, position, position_length: 1 }),
    ...(request.with_hash && { hash: termIndex(token) }),
  }
}
