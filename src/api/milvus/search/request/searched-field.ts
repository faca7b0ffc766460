import type { CollectionReader, VectorInput } from '../../../../index.ts'
import {
  findField,
  vectorFieldsOf,
  vectorNameOf,
  type CollectionModel,
} from '../../schema/collection-model.ts'
import { dataTypes, holdsVectors } from '../../schema/data-types.ts'
import type { FieldDocument, IndexDocument } from '../../schema/document.ts'
import { metricOf } from '../../schema/foreign.ts'
import { codes, invalidParameter, MilvusError } from '../../status.ts'
import { bm25, vectorMaker } from '../../text/functions.ts'
import { metricNamed, type Metric } from '../finding/metrics.ts'

/** Where a search looks. */
export interface SearchedField {
  readonly field: FieldDocument
  /** The engine's name of its vectors. */
  readonly vector: string
  readonly metric: Metric
  /** Of the index; empty without one. */
  readonly indexParams: Readonly<Record<string, string>>
  /** The field that its vectors are made of, by BM25. */
  readonly text?: FieldDocument
  /** What makes a vector of a text that is searched for, where that is no BM25. */
  readonly signatureOf?: (text: string) => VectorInput
}

const unexpected = 65_535
const plan = 'failed to create query plan'

/** @throws 1100, 65535 */
export function searchedFieldOf(
  reader: Pick<CollectionReader, 'config'>,
  model: CollectionModel,
  asked: { readonly field: string; readonly metric: string },
): SearchedField {
  const field = fieldNamed(model, asked.field)
  const vector = vectorNameOf(reader, field.name)
  const metric = metricNamed(indexMetric(reader, model, field, vector))
  if (asked.metric !== '' && asked.metric.toUpperCase() !== metric.name)
    throw new MilvusError(
      codes.invalidParameter,
      `metric type not match: invalid parameter[expected=${metric.name}][actual=${asked.metric}]`,
    )
  const made = model.document.functions.find(({ outputs }) => outputs.includes(field.name))
  const text = made?.type === bm25 ? model.fields.get(made.inputs[0]!) : undefined
  const vectorOf = made === undefined || text !== undefined ? undefined : vectorMaker(made, model.fields)
  const indexParams = indexOf(model, field)?.params ?? {}
  return {
    field,
    vector,
    metric,
    indexParams,
    ...(text !== undefined && { text }),
    ...(vectorOf && { signatureOf: (sought) => vectorOf(sought)! }),
  }
}

function fieldNamed(model: CollectionModel, name: string): FieldDocument {
  if (name === '') {
    const [only, ...others] = vectorFieldsOf(model)
    if (only === undefined || others.length > 0)
      throw invalidParameter('multiple anns_fields exist, please specify a anns_field in search_params')
    return only
  }
  const field = findField(model, name)
  if (field === undefined)
    throw new MilvusError(
      unexpected,
      `${plan}: failed to get field schema by name: fieldName(${name}) not found`,
    )
  if (!holdsVectors(field.type))
    throw new MilvusError(unexpected, `${plan}: field (${name}) to search is not of vector data type`)
  return field
}

const indexOf = ({ document }: CollectionModel, { name }: FieldDocument): IndexDocument | undefined =>
  document.indexes.find((index) => index.field === name)

/** That of the index; where it says none, that of the engine. */
function indexMetric(
  reader: Pick<CollectionReader, 'config'>,
  model: CollectionModel,
  field: FieldDocument,
  vector: string,
): string {
  const named = indexOf(model, field)?.params['metric_type']
  if (named !== undefined && named !== '') return named
  const { distance } = reader.config().vectors[vector]!
  if (field.type === dataTypes.BinaryVector) return distance === 'Jaccard' ? 'JACCARD' : 'HAMMING'
  return metricOf(distance)
}
