import type { Collection, Filter, PointId, VectorsInput } from '../../../index.ts'
import { payloadOf } from '../rows/outgoing/result-columns.ts'
import { modelOf } from '../schema/collection-model.ts'
import type { FunctionDocument } from '../schema/document.ts'
import { vectorMaker } from './functions.ts'

/** Rows at a time. */
const pageSize = 1_000

/** Makes the vectors of the rows of a partition that have a text and no vector. */
export async function fillFunction(
  collection: Collection,
  partition: string,
  made: FunctionDocument,
): Promise<void> {
  const { fields } = modelOf(collection)
  const input = fields.get(made.inputs[0]!)!
  const output = made.outputs[0]!
  const vectorOf = vectorMaker(made, fields)
  const isEmpty = { kind: 'is-empty', path: JSON.stringify(input.name) } as const
  const lacks: Filter = { mustNot: [{ kind: 'has-vector', name: output }] }
  const filter: Filter = { mustNot: [...lacks.mustNot!, isEmpty] }
  let offset: PointId | undefined
  do {
    const page = await collection.scroll({
      filter,
      limit: pageSize,
      payload: { include: [JSON.stringify(input.name)] },
      partitions: [partition],
      ...(offset !== undefined && { offset }),
    })
    const points: VectorsInput[] = []
    for (const point of page.points) {
      const vector = vectorOf(payloadOf(point)[input.name])
      if (vector !== undefined) points.push({ id: point.id, vectors: { [output]: vector } })
    }
    // A row that was written meanwhile has the vector of its new text already.
    if (points.length > 0) await collection.updateVectors(points, { condition: lacks, partition })
    offset = page.next
  } while (offset !== undefined)
}
