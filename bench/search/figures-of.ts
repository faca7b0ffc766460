import { summarise, type Figure, type Side, type Unit } from '../support/figures.ts'
import { speedAt, type Pace } from './curve.ts'
import {
  recalls,
  type DataSetResults,
  type EngineResults,
  type FilteredResults,
  type Scaling,
} from './results.ts'

const bench = 'search'
const paces: readonly Pace[] = ['wall clock', 'processor time']
const rateGoals = { usearch: 0.8, LanceDB: 5 } as const
const slowdownMax = 4
const scalingMin = 1.7
const loopDelayMsMax = 10

/** The goals over one data set; those of which a side was not measured are left out. */
export function figuresOf(data: DataSetResults): Figure[] {
  const embedded = data.engines.find(({ engine }) => engine === 'stillpoint embedded')
  if (embedded === undefined) return []
  return [
    ...recalls.flatMap((recall) => againstPeers(data, embedded, recall)),
    ...data.engines
      .filter(({ engine }) => engine.startsWith('stillpoint'))
      .flatMap((own) => ownFigures(data, own)),
  ]
}

/** By the clock, and by processor time, which says more where a machine has other work; of threads that run at once it counts all. */
function againstPeers(data: DataSetResults, embedded: EngineResults, recall: number): Figure[] {
  return (['usearch', 'LanceDB'] as const).flatMap((peer) =>
    paces.flatMap((pace) => {
      const ours = speedAt(embedded.curve, recall, pace)
      const best = bestOf(data, peer, recall, pace)
      if (ours === undefined || best === undefined) return []
      return [
        {
          bench,
          name: `${data.name}, recall ${recall}: embedded, by ${pace}`,
          value: ours / best.perSecond,
          unit: 'x' as const,
          ours: one('embedded', 'queries/s', ours),
          beside: one(best.engine, 'queries/s', best.perSecond),
          goal: { atLeast: rateGoals[peer] },
        },
      ]
    }),
  )
}

function bestOf(data: DataSetResults, peer: string, recall: number, pace: Pace) {
  const speeds = data.engines
    .filter(({ engine }) => engine.startsWith(peer))
    .flatMap(({ engine, curve }) => {
      const perSecond = speedAt(curve, recall, pace)
      return perSecond === undefined ? [] : [{ engine, perSecond }]
    })
  return speeds.sort((a, b) => b.perSecond - a.perSecond)[0]
}

function ownFigures(data: DataSetResults, own: EngineResults): Figure[] {
  return [
    ...recalls.flatMap((recall) => filterFigures(data, own, recall)),
    ...scalingFigure(data, own, own.scaling, '16 callers'),
    ...scalingFigure(data, own, own.batchScaling, '4 callers with batches of 16'),
    ...loopFigure(data, own),
  ]
}

/** The slowest filter and the one that finds least. */
function filterFigures(data: DataSetResults, own: EngineResults, recall: number): Figure[] {
  const filtered = own.filtered.filter(({ atRecall }) => atRecall === recall)
  const [first, ...others] = filtered
  if (first === undefined) return []
  const least = others.reduce((a, b) => (b.recall < a.recall ? b : a), first)
  const name = `${data.name}, recall ${recall}: ${own.engine}`
  return [
    ...paces.flatMap((pace) => slowestFilter(name, filtered, pace)),
    {
      bench,
      name: `${name}, least recall of a filter (${least.filter})`,
      // The samples are worth no more than two digits.
      value: Math.round((least.recall / least.unfilteredRecall) * 100) / 100,
      unit: 'x',
      ours: one('filtered', 'recall', least.recall),
      beside: one('unfiltered', 'recall', least.unfilteredRecall),
      goal: { atLeast: 1 },
    },
  ]
}

function slowestFilter(name: string, filtered: readonly FilteredResults[], pace: Pace): Figure[] {
  const measured = filtered.flatMap((result) => {
    const { queries, seconds, processorSeconds, unfilteredPerSecond, unfilteredProcessorMs } = result
    const [used, plain] =
      pace === 'wall clock'
        ? [seconds, unfilteredPerSecond]
        : [processorSeconds, unfilteredProcessorMs && 1_000 / unfilteredProcessorMs]
    return used === undefined || plain === undefined
      ? []
      : [{ filter: result.filter, speed: queries / used, plain }]
  })
  const slowest = measured.sort((a, b) => b.plain / b.speed - a.plain / a.speed)[0]
  if (slowest === undefined) return []
  const { filter, speed, plain } = slowest
  return [
    {
      bench,
      name: `${name}, slowest filter (${filter}), by ${pace}`,
      value: plain / speed,
      unit: 'x',
      ours: one('filtered', 'queries/s', speed),
      beside: one('unfiltered', 'queries/s', plain),
      goal: { atMost: slowdownMax },
    },
  ]
}

function scalingFigure(
  data: DataSetResults,
  { engine }: EngineResults,
  scaling: Scaling | undefined,
  who: string,
): Figure[] {
  if (scaling === undefined) return []
  const [one_, two] = [scaling.one, scaling.two].map(({ queries, seconds }) => queries / seconds) as [
    number,
    number,
  ]
  const { isJudged, ratios, otherRatios } = scaling
  const all = ratios.length + otherRatios.length
  const which = isJudged
    ? `${ratios.length} of ${all} pairs, with both processors`
    : `${all} pairs, hardly any with both processors`
  return [
    {
      bench,
      name: `${data.name}: ${engine}, ${who}, two threads that search to one (${which})`,
      value: two / one_,
      unit: 'x',
      ours: one('two threads', 'queries/s', two),
      beside: one('one thread', 'queries/s', one_),
      // What a machine does not give nobody can use.
      ...(isJudged && { goal: { atLeast: scalingMin } }),
    },
  ]
}

function loopFigure(data: DataSetResults, { engine, loads }: EngineResults): Figure[] {
  const delays = loads.flatMap(({ clients, loopDelayMs }) =>
    clients === 16 && loopDelayMs !== undefined ? [loopDelayMs] : [],
  )
  if (delays.length === 0) return []
  const value = Math.max(...delays)
  return [
    {
      bench,
      name: `${data.name}: ${engine}, event loop late under 16 clients (p99)`,
      value,
      unit: 'ms',
      ours: one('late', 'ms', value),
      goal: { atMost: loopDelayMsMax },
    },
  ]
}

function one(what: string, unit: Unit, value: number): Side {
  return summarise(what, unit, [value])
}
