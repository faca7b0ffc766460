import { tokenize, type VectorInput } from '../../../index.ts'
import type { ColumnSet } from '../rows/incoming/column-set.ts'
import type { CollectionModel } from '../schema/collection-model.ts'
import { dataTypes } from '../schema/data-types.ts'
import type { FieldDocument, FunctionDocument, MilvusDocument } from '../schema/document.ts'
import { invalidParameter } from '../status.ts'
import { analyzerOf, isAnalyzed } from './analyzer.ts'
import { checkMinHash, minHashVector } from './min-hash.ts'
import { textVector } from './terms.ts'

/** Number of Milvus' FunctionType. */
export const bm25 = 1
export const minHash = 4

/** The fields with those marked that functions make. @throws 1100 if a function or an analyzer cannot be */
export function checkedFields({
  fields,
  functions,
}: Pick<MilvusDocument, 'fields' | 'functions'>): readonly FieldDocument[] {
  for (const field of fields) if (isAnalyzed(field)) analyzerOf(field)
  for (const one of functions) checkFunction(one, fields)
  const made = new Set(functions.flatMap(({ outputs }) => outputs))
  return fields.map((field) => (made.has(field.name) ? { ...field, isFunctionOutput: true } : field))
}

function checkFunction(made: FunctionDocument, fields: readonly FieldDocument[]): void {
  const { name, type, inputs, outputs } = made
  if (type !== bm25 && type !== minHash)
    throw invalidParameter(`function ${name}: only BM25 and MinHash functions are supported`)
  if (inputs.length !== 1 || outputs.length !== 1)
    throw invalidParameter(
      `${type === bm25 ? 'BM25' : 'MinHash'} function ${name} should have exactly one input field and one output field`,
    )
  const input = fields.find((field) => field.name === inputs[0])
  const output = fields.find((field) => field.name === outputs[0])
  if (input === undefined) throw invalidParameter(`function input field not found: ${String(inputs[0])}`)
  if (output === undefined) throw invalidParameter(`function output field not found: ${String(outputs[0])}`)
  if (type === minHash) checkMinHash(made, input, output)
  else checkBm25(input, output)
  if (output.nullable === true) throw invalidParameter('function output field cannot be nullable')
}

function checkBm25(input: FieldDocument, output: FieldDocument): void {
  const isText = input.type === dataTypes.VarChar || input.type === dataTypes.Text
  if (!isText || !isAnalyzed(input))
    throw invalidParameter(
      'BM25 function input field must be a VARCHAR/TEXT field and set enable_analyzer to true',
    )
  if (output.type !== dataTypes.SparseFloatVector)
    throw invalidParameter('BM25 function output field must be a SparseFloatVector field')
}

/**
 * The columns with those that functions make of them; of rows that are not whole only where their texts are sent.
 * @throws 1100 if one was sent that they make
 */
export function withFunctionColumns(
  { document, fields }: CollectionModel,
  columns: ColumnSet,
  isWhole = true,
): ColumnSet {
  if (document.functions.length === 0) return columns
  const vectors = new Map(columns.vectors)
  for (const made of document.functions) {
    const output = made.outputs[0]!
    if (vectors.has(output))
      throw invalidParameter(`field ${output} is made by a function, and cannot be written`)
    const input = fields.get(made.inputs[0]!)!
    const vectorOf = vectorMaker(made, fields)
    // What is null has no vector.
    const vectorsOf = (texts: readonly string[]): (VectorInput | undefined)[] =>
      texts.map((json) => vectorOf(JSON.parse(json)))
    const texts = columns.scalars.get(input.name)
    if (texts !== undefined) vectors.set(output, vectorsOf(texts))
    else if (isWhole && typeof input.defaultValue === 'string')
      vectors.set(output, vectorsOf(Array<string>(columns.rowCount).fill(JSON.stringify(input.defaultValue))))
  }
  return { ...columns, vectors }
}

/** What a function keeps of a value of its field; undefined if that is no text. */
export function vectorMaker(
  made: FunctionDocument,
  fields: ReadonlyMap<string, FieldDocument>,
): (text: unknown) => VectorInput | undefined {
  const input = fields.get(made.inputs[0]!)!
  const output = fields.get(made.outputs[0]!)!
  const analyzer = analyzerOf(input)
  const vectorOf = (text: string): VectorInput =>
    made.type === minHash
      ? minHashVector(made, input, output, text)
      : textVector(tokenize(text, analyzer, 'document'))
  return (text) => (typeof text === 'string' ? vectorOf(text) : undefined)
}
