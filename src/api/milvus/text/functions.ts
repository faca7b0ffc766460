import { tokenize, type VectorInput } from '../../../index.ts'
import type { ColumnSet } from '../rows/incoming/column-set.ts'
import type { CollectionModel } from '../schema/collection-model.ts'
import { dataTypes } from '../schema/data-types.ts'
import type { FieldDocument, FunctionDocument, MilvusDocument } from '../schema/document.ts'
import { invalidParameter } from '../status.ts'
import { analyzerOf, isAnalyzed } from './analyzer.ts'
import { textVector } from './terms.ts'

/** Number of Milvus' FunctionType. */
export const bm25 = 1

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

function checkFunction(
  { name, type, inputs, outputs }: FunctionDocument,
  fields: readonly FieldDocument[],
): void {
  if (type !== bm25) throw invalidParameter(`function ${name}: only BM25 functions are supported`)
  if (inputs.length !== 1 || outputs.length !== 1)
    throw invalidParameter(`BM25 function ${name} should have exactly one input field and one output field`)
  const input = fields.find((field) => field.name === inputs[0])
  const output = fields.find((field) => field.name === outputs[0])
  if (input === undefined) throw invalidParameter(`function input field not found: ${String(inputs[0])}`)
  if (output === undefined) throw invalidParameter(`function output field not found: ${String(outputs[0])}`)
  const isText = input.type === dataTypes.VarChar || input.type === dataTypes.Text
  if (!isText || !isAnalyzed(input))
    throw invalidParameter(
      'BM25 function input field must be a VARCHAR/TEXT field and set enable_analyzer to true',
    )
  if (output.type !== dataTypes.SparseFloatVector)
    throw invalidParameter('BM25 function output field must be a SparseFloatVector field')
  if (output.nullable === true) throw invalidParameter('function output field cannot be nullable')
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
  for (const { inputs, outputs } of document.functions) {
    const output = outputs[0]!
    if (vectors.has(output))
      throw invalidParameter(`field ${output} is made by a function, and cannot be written`)
    const input = fields.get(inputs[0]!)!
    const texts = columns.scalars.get(input.name)
    if (texts !== undefined) vectors.set(output, vectorsOf(input, texts))
    else if (isWhole && typeof input.defaultValue === 'string')
      vectors.set(
        output,
        vectorsOf(input, Array<string>(columns.rowCount).fill(JSON.stringify(input.defaultValue))),
      )
  }
  return { ...columns, vectors }
}

/** Of JSON texts; what is null has no vector. */
function vectorsOf(input: FieldDocument, texts: readonly string[]): (VectorInput | undefined)[] {
  return texts.map((json) => vectorOf(input, JSON.parse(json)))
}

/** What the function keeps of a value of the field; undefined if that is no text. */
export function vectorOf(input: FieldDocument, text: unknown): VectorInput | undefined {
  return typeof text === 'string' ? textVector(tokenize(text, analyzerOf(input), 'document')) : undefined
}
