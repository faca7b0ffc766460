import { DatabaseError } from '../../errors/database-error.ts'
import type { Slices } from '../../runtime/slices.ts'
import { viewOfPartitions } from '../partitions.ts'
import type { ScoredPoint } from '../types.ts'
import type { View } from '../view.ts'
import { answerOf, askedQuery, type AskedQuery } from './asked-query.ts'
import { namesForeign, noForeign, readForeign, type ForeignVectors } from './examples.ts'
import type { QueryRequest } from './query-types.ts'
import type { ReadServices } from './read-services.ts'
import { QueryRun } from './run-query.ts'

interface BatchQuery {
  readonly asked: AskedQuery
  readonly foreign: ForeignVectors
}

/** The requests, checked, with the vectors that come from elsewhere. @throws what is wrong with the first that is not right */
export async function askedBatch(
  requests: readonly QueryRequest[],
  slices: Slices,
): Promise<readonly BatchQuery[]> {
  const given: unknown = requests
  if (!Array.isArray(given)) {
    throw new DatabaseError('request-invalid', 'Cannot query: the requests are no list')
  }
  const batch: BatchQuery[] = []
  for (const [place, request] of requests.entries()) {
    try {
      const asked = askedQuery(request)
      const foreign = namesForeign(asked.whole) ? await readForeign(asked.whole) : noForeign
      batch.push({ asked, foreign })
    } catch (error) {
      throw placed(error, place)
    }
    if (slices.isDue()) await slices.pause()
  }
  return batch
}

/** So many queries of a batch are under way at a time: threads have enough to do, and others who search do not wait for all. */
const atOnce = 32

/**
 * What each finds in the view, side by side. None is under way any more when it fails.
 * @throws what the first that fails throws
 */
export async function answersOf(
  batch: readonly BatchQuery[],
  view: View,
  services: ReadServices,
  random: () => number,
): Promise<readonly (readonly ScoredPoint[])[]> {
  // Most queries of a batch are alike: what one finds out about the view others need as well.
  const shared = new QueryRun({ view, whole: view }, noForeign, services, random)
  const answerTo = ({ asked, foreign }: BatchQuery): Promise<ScoredPoint[]> =>
    foreign === noForeign && asked.whole.partitions === undefined
      ? answerOf(asked, view, shared)
      : answerInPart(
          asked,
          view,
          (part) => new QueryRun({ view: part, whole: view }, foreign, services, random),
        )
  const answers = new Array<readonly ScoredPoint[]>(batch.length)
  const failures: { readonly place: number; readonly error: unknown }[] = []
  const queue = batch.entries()
  const lane = async (): Promise<void> => {
    for (const [place, query] of queue) {
      if (failures.length > 0) return
      try {
        answers[place] = await answerTo(query)
      } catch (error) {
        failures.push({ place, error })
      }
      if (services.slices.isDue()) await services.slices.pause()
    }
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, batch.length) }, lane))
  // All before the last that was begun have been begun, too: of those that fail none comes before these.
  const [first] = failures.sort((a, b) => a.place - b.place)
  if (first !== undefined) throw placed(first.error, first.place)
  return answers
}

async function answerInPart(
  asked: AskedQuery,
  view: View,
  runOn: (part: View) => QueryRun,
): Promise<ScoredPoint[]> {
  const { partitions } = asked.whole
  const part = partitions === undefined ? view.copy() : viewOfPartitions(view, partitions)
  try {
    return await answerOf(asked, part, runOn(part))
  } finally {
    part.release()
  }
}

/** The same error, which says of which request it is. */
function placed(error: unknown, place: number): unknown {
  if (!(error instanceof DatabaseError)) return error
  const { code, message, details, cause } = error
  return new DatabaseError(code, message, { ...details, request: place }, cause)
}
