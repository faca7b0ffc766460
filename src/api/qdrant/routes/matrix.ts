import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { DistanceMatrix } from '../../../index.ts'
import { sendText } from '../answers.ts'
import { decodeRead } from '../body.ts'
import { reading, type Door } from '../door.ts'
import { collectionName, readParams } from '../parameters.ts'
import { floatText, idText, vectorText } from '../present/json-text.ts'
import { checkMatrix, matrixRequest } from '../translate/querying/matrix-request.ts'
import { readScope } from '../translate/shard-key.ts'

/** POST points/search/matrix: scores between a sample of points, as pairs or as the parts of a sparse matrix. */
export function matrixRoutes(app: FastifyInstance, door: Door): void {
  for (const [form, present] of [
    ['pairs', pairsText],
    ['offsets', offsetsText],
  ] as const) {
    app.post(`/collections/:collection/points/search/matrix/${form}`, async (request, reply) =>
      sendText(request, reply, present(await matrixOf(request, door))),
    )
  }
}

async function matrixOf(request: FastifyRequest, door: Door): Promise<DistanceMatrix> {
  const name = collectionName(request)
  const timeout = readParams(request)
  const given = decodeRead(request, matrixRequest)
  return reading(door, name, async (reader) => {
    door.strict.of(reader)?.matrix(given, timeout)
    const { partition: _, ...scope } = readScope(reader, given.shardKeys)
    checkMatrix(given, door.vectors.of(reader))
    const { filter, sample, limit, using } = given
    const filtered = filter === undefined ? {} : { filter }
    return reader.distanceMatrix({ sample, limit, using, ...filtered, ...scope })
  })
}

function pairsText({ ids, neighbours }: DistanceMatrix): string {
  const pairs = neighbours.flatMap((row, a) =>
    row.map(
      ({ index, score }) => `{"a":${idText(ids[a]!)},"b":${idText(ids[index]!)},"score":${floatText(score)}}`,
    ),
  )
  return `{"pairs":[${pairs.join(',')}]}`
}

function offsetsText({ ids, neighbours }: DistanceMatrix): string {
  const cells = neighbours.flatMap((row, a) => row.map(({ index, score }) => ({ a, index, score })))
  const rows = cells.map(({ a }) => a).join(',')
  const columns = cells.map(({ index }) => index).join(',')
  const scores = vectorText(cells.map(({ score }) => score))
  const names = ids.map((id) => idText(id)).join(',')
  return `{"offsets_row":[${rows}],"offsets_col":[${columns}],"scores":${scores},"ids":[${names}]}`
}
