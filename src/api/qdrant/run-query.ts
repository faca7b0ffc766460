import type { CollectionConfig, CollectionReader, QueryRequest, ScoredPoint } from '../../index.ts'
import { isDatabaseError } from '../../index.ts'
import type { Door } from './door.ts'
import { openOthers } from './other-collections.ts'
import { foundText, hitText, orderText, recordText } from './present/points.ts'
import { notFound } from './failures.ts'
import { engineQuery, type SearchedCollection } from './translate/querying/engine-query.ts'
import { checkExamples } from './translate/querying/missing-examples.ts'
import type { Rights } from './rights/rights.ts'
import { readScope } from './translate/shard-key.ts'
import { levelsOf, type Aim, type GivenGroups, type GivenQuery } from './translate/querying/given-query.ts'

/** A collection that is searched, under the name that the client used. */
export interface Searched {
  readonly door: Door
  readonly name: string
  readonly reader: CollectionReader
  /** Of the sender: further collections that the query names are asked for, too. */
  readonly rights: Rights
}

/** The points of one query as JSON text. @throws WireError and what the engine throws */
export async function runQuery(searched: Searched, given: GivenQuery): Promise<string> {
  return withRequest(searched, given, { checkFirst: checkExamples }, async (request) => {
    const points = await searched.reader.query(request)
    return pointsText(points, given.aim, searched.reader.config())
  })
}

/**
 * The points of each query as JSON text. All are of one moment, and worked on side by side; `check` is what else a query has to
 * stand. Of several that are wrong the first is told.
 * @throws WireError and what the engine throws
 */
export async function runQueries(
  searched: Searched,
  queries: readonly GivenQuery[],
  check?: (query: GivenQuery) => void,
): Promise<readonly string[]> {
  const opened: AsyncDisposable[] = []
  try {
    const requests: QueryRequest[] = []
    let wrong: { readonly error: unknown } | undefined
    for (const given of queries) {
      try {
        check?.(given)
        const others = await othersOf(searched, given, [])
        opened.push(others)
        requests.push(await requestOf(searched, given, others.readers, checkExamples))
      } catch (error) {
        wrong = { error }
        break
      }
    }
    const found = await searched.reader.queryBatch(requests)
    if (wrong !== undefined) throw wrong.error
    const config = searched.reader.config()
    return found.map((points, place) => pointsText(points, queries[place]!.aim, config))
  } finally {
    for (const one of opened) await one[Symbol.asyncDispose]()
  }
}

/** The groups of one query as JSON text. @throws WireError and what the engine throws */
export async function runGroups(searched: Searched, given: GivenGroups): Promise<string> {
  const { query, groupBy, groupSize, lookup } = given
  const names = lookup === undefined ? [] : [lookup.collection]
  return withRequest(searched, query, { names }, async (request, others) => {
    const options =
      lookup === undefined
        ? {}
        : {
            groupLookup: {
              from: others.get(lookup.collection) ?? searched.reader,
              payload: lookup.payload,
              vectors: lookup.vectors,
              oncePerId: true,
              ...readScope(others.get(lookup.collection) ?? searched.reader, undefined),
            },
          }
    // Groups have no offset, whatever the request says.
    const { offset: _, ...ofGroups } = request
    const groups = await worded(
      query,
      searched.reader.queryGroups({ ...ofGroups, oncePerId: true, groupBy, groupSize, ...options }),
    )
    const config = searched.reader.config()
    const texts = groups.map(({ id, hits, lookup: found }) => {
      const idText = typeof id === 'string' ? JSON.stringify(id) : String(id)
      const lookupText = found === undefined ? '' : `,"lookup":${recordText(found)}`
      return `{"hits":[${pointTexts(hits, query.aim, config).join(',')}],"id":${idText}${lookupText}}`
    })
    return `{"groups":[${texts.join(',')}]}`
  })
}

/** Within groups Qdrant has other words for a point that does not exist. */
async function worded<T>({ using = '', lookup }: GivenQuery, groups: Promise<T>): Promise<T> {
  try {
    return await groups
  } catch (error) {
    if (!isDatabaseError(error, 'point-not-found')) throw error
    throw notFound(`Vector with name "${lookup?.vector ?? using}" for point not found`)
  }
}

interface Preparation {
  /** Collections that are read besides those whose points are examples. */
  readonly names?: readonly string[]
  /** What is wrong with a query before anything that makes no engine's query of it. */
  readonly checkFirst?: (given: GivenQuery, searched: SearchedCollection) => Promise<void>
}

async function withRequest<T>(
  searched: Searched,
  given: GivenQuery,
  { names = [], checkFirst }: Preparation,
  run: (request: QueryRequest, others: ReadonlyMap<string, CollectionReader>) => Promise<T>,
): Promise<T> {
  await using others = await othersOf(searched, given, names)
  const { readers } = others
  return await run(await requestOf(searched, given, readers, checkFirst), readers)
}

/** The collections that a query reads besides the one that is searched; the caller closes them. */
function othersOf(
  { door, name, reader, rights }: Searched,
  given: GivenQuery,
  names: readonly string[],
): ReturnType<typeof openOthers> {
  const lookups = levelsOf(given).flatMap(({ lookup }) => (lookup === undefined ? [] : [lookup.collection]))
  return openOthers(door, { name, reader, rights }, [...lookups, ...names])
}

async function requestOf(
  { door, reader }: Searched,
  given: GivenQuery,
  others: ReadonlyMap<string, CollectionReader>,
  checkFirst: Preparation['checkFirst'],
): Promise<QueryRequest> {
  const from = { reader, known: door.vectors.of(reader), others }
  try {
    return engineQuery(given, from)
  } catch (error) {
    // Only now: of a query that is right the engine finds out by itself what is missing.
    await checkFirst?.(given, from)
    throw error
  }
}

function pointsText(points: readonly ScoredPoint[], aim: Aim, config: CollectionConfig): string {
  return `[${pointTexts(points, aim, config).join(',')}]`
}

/** Points that were found without a search have no version and score of their own. */
function pointTexts(points: readonly ScoredPoint[], aim: Aim, config: CollectionConfig): string[] {
  if (aim.kind === 'nothing' || aim.kind === 'sample' || aim.kind === 'order') {
    return points.map((point) => foundText(point, orderText(point.orderValue)))
  }
  return points.map((point) => hitText(point, config))
}
