import type { CollectionReader, Filter, PointId, QueryRequest } from '../../index.ts'
import { notFound } from './failures.ts'
import { foundText, hitText, orderTexts } from './present/points.ts'
import { checkQuery, type GivenQuery } from './translate/query.ts'
import { denseValues, type KnownVectors } from './translate/vectors.ts'

/** The points of one query as JSON text. @throws WireError and what the engine throws */
export async function runQuery(
  collection: CollectionReader,
  known: KnownVectors,
  query: GivenQuery,
): Promise<string> {
  checkQuery(query, collection, known)
  const { aim } = query
  switch (aim.kind) {
    case 'nothing':
      return found(collection, requestOf(query))
    case 'sample':
      // Qdrant leaves the offset of a sample out of account.
      return found(collection, { ...requestOf(query), sample: true, offset: 0 })
    case 'order':
      return ordered(collection, query)
    case 'vector':
      return nearest(collection, { ...requestOf(query), vector: denseValues(aim.vector) })
    case 'point':
      return nearest(collection, await likePoint(collection, query, aim.id))
    case 'other':
      throw new Error('unreachable: refused before')
  }
}

function requestOf(query: GivenQuery): QueryRequest {
  return {
    using: query.using,
    limit: query.limit,
    offset: query.offset,
    payload: query.payload,
    vectors: query.vectors,
    ...(query.filter === undefined ? {} : { filter: query.filter }),
    ...(query.scoreThreshold === undefined ? {} : { scoreThreshold: query.scoreThreshold }),
  }
}

async function nearest(collection: CollectionReader, request: QueryRequest): Promise<string> {
  const hits = await collection.query(request)
  return `[${hits.map((hit) => hitText(hit)).join(',')}]`
}

async function found(collection: CollectionReader, request: QueryRequest): Promise<string> {
  const points = await collection.query(request)
  return `[${points.map((point) => foundText(point)).join(',')}]`
}

/** The neighbours of a point, which is not its own. */
async function likePoint(
  collection: CollectionReader,
  query: GivenQuery,
  id: PointId,
): Promise<QueryRequest> {
  const [point] = await collection.get([id], { vectors: [query.using] })
  if (point === undefined) throw notFound(`No point with id ${String(id)} found`)
  const vector = point.vectors?.[query.using]
  if (vector === undefined) throw notFound(`Vector with name "${query.using}" for point not found`)
  const others: Filter = { mustNot: [{ kind: 'has-id', ids: [point.id] }] }
  const filter: Filter =
    query.filter === undefined ? others : { ...others, must: [{ kind: 'filter', filter: query.filter }] }
  return { ...requestOf(query), vector, filter }
}

async function ordered(collection: CollectionReader, query: GivenQuery): Promise<string> {
  const { aim, filter, limit, offset, payload, vectors } = query
  if (aim.kind !== 'order') return '[]'
  const page = await collection.scroll({
    limit: limit + offset,
    orderBy: aim.orderBy,
    payload,
    vectors,
    ...(filter === undefined ? {} : { filter }),
  })
  const orders = orderTexts(page)
  const texts = page.points.map((point, index) => foundText(point, orders[index]))
  return `[${texts.slice(offset).join(',')}]`
}
