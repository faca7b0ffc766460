import type { FastifyInstance } from 'fastify'
import {
  parseUuid,
  type CollectionReader,
  type JsonValue,
  type PayloadIndexParams,
  type ScrollRequest,
} from '../../../index.ts'
import { formatUuid } from '../../../runtime/random.ts'
import { sendResult } from '../answers.ts'
import { decodeRead, parseText } from '../body.ts'
import { integerOf, isArray, isObject } from '../decode.ts'
import { reading, type Door } from '../door.ts'
import { wrongInput } from '../failures.ts'
import { collectionName, readParams } from '../parameters.ts'
import { facetRequest } from '../translate/reads.ts'
import { readScope } from '../translate/shard-key.ts'

const limitDefault = 10
const pagePoints = 1_000

type FacetValue = string | number | bigint | boolean

/** POST facet: how many points have each value of a field. Counted by reading the points, page by page. */
export function facetRoutes(app: FastifyInstance, door: Door): void {
  app.post('/collections/:collection/facet', async (request, reply) => {
    const name = collectionName(request)
    const timeout = readParams(request)
    const given = decodeRead(request, facetRequest)
    const { key, limit, filter, shard_key: keys } = given
    const counts = await reading(door, name, async (reader) => {
      door.strict.of(reader)?.facet(given, timeout)
      const { partitions } = readScope(reader, keys)
      const index = reader.info().config.payloadIndexes?.[key]
      checkIndex(key, index)
      return countValues(reader, key, index, {
        ...(filter === undefined ? {} : { filter }),
        ...(partitions === undefined ? {} : { partitions }),
      })
    })
    const hits = [...counts].map(([value, count]) => ({ value, count })).sort(byCountThenValue)
    return sendResult(request, reply, { hits: hits.slice(0, limit ?? limitDefault) })
  })
}

/** @throws WireError 400 */
function checkIndex(key: string, index: PayloadIndexParams | undefined): asserts index is PayloadIndexParams {
  const isIndexed =
    index !== undefined &&
    (['keyword', 'bool', 'uuid'].includes(index.type) || (index.type === 'integer' && index.lookup !== false))
  if (isIndexed) return
  throw wrongInput(
    `No appropriate index for faceting: \`${key}\`. Please create one to facet on this field. Check https://qdrant.tech/documentation/concepts/indexing/#payload-index to see which payload schemas support Match conditions`,
  )
}

async function countValues(
  collection: CollectionReader,
  key: string,
  { type }: PayloadIndexParams,
  among: Pick<ScrollRequest, 'filter' | 'partitions'>,
): Promise<Map<FacetValue, number>> {
  const counts = new Map<FacetValue, number>()
  let offset: Parameters<CollectionReader['scroll']>[0] = {}
  for (;;) {
    const selection = { payload: { include: [key] }, limit: pagePoints, ...among }
    const page = await collection.scroll({ ...selection, ...offset })
    for (const { payload } of page.points) {
      const values = payload === undefined ? [] : leavesOf(parseText(payload.text))
      const facets = values.map((value) => facetOf(value, type)).filter((value) => value !== undefined)
      for (const value of new Set(facets)) counts.set(value, (counts.get(value) ?? 0) + 1)
    }
    if (page.next === undefined) return counts
    offset = { offset: page.next }
  }
}

/** The payload holds nothing but what the key reaches. */
function leavesOf(value: JsonValue): readonly JsonValue[] {
  if (isArray(value)) return value.flatMap((item) => leavesOf(item))
  return isObject(value) ? Object.values(value).flatMap((item) => leavesOf(item)) : [value]
}

function facetOf(value: JsonValue, type: PayloadIndexParams['type']): FacetValue | undefined {
  switch (type) {
    case 'bool':
      return typeof value === 'boolean' ? value : undefined
    case 'integer':
      return integerOf(value)
    case 'uuid':
      return typeof value === 'string' ? uuidFacet(value) : undefined
    default:
      return typeof value === 'string' ? value : undefined
  }
}

/** One spelling for all of a UUID: a payload keeps the one it was given. */
function uuidFacet(text: string): string | undefined {
  const words = parseUuid(text)
  if (words === undefined) return undefined
  const bytes = new DataView(new ArrayBuffer(16))
  for (const [i, word] of [words.w0, words.w1, words.w2, words.w3].entries()) bytes.setUint32(4 * i, word)
  return formatUuid(new Uint8Array(bytes.buffer))
}

interface Hit {
  readonly value: FacetValue
  readonly count: number
}

function byCountThenValue(a: Hit, b: Hit): number {
  if (a.count !== b.count) return b.count - a.count
  return a.value < b.value ? -1 : 1
}
