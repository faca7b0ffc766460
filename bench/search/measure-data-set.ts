import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { startProgress } from '../../scripts/terminal/progress.ts'
import { medianBy } from '../support/figures.ts'
import type { Description, Operation } from './adapters/adapter.ts'
import { pointAt, type CurvePoint } from './curve.ts'
import type { DataSet } from './data/data-set.ts'
import { rowFilters } from './data/filters.ts'
import type { DriverProcess } from './driver/driver-process.ts'
import { byTurns, type Pair } from './driver/by-turns.ts'
import { hadProcessors, type Ingested, type Loaded } from './driver/protocol.ts'
import { settingsOf, type Drivers, type EngineChoice, type PeerPlaces } from './engines.ts'
import {
  recalls,
  type EngineResults,
  type FilteredResults,
  type LoadResults,
  type Scaling,
} from './results.ts'
import type { Part } from './search-options.ts'

export interface SearchPlan {
  readonly engines: readonly EngineChoice[]
  readonly places: PeerPlaces
  readonly drivers: Drivers
  /** A folder on the disk that is measured. */
  readonly home: string
  readonly signal: AbortSignal
  /** Of one measured load. */
  readonly milliseconds: number
  readonly rounds: number
  readonly parts: readonly Part[]
}

/** An engine while it is measured. */
interface Contender {
  readonly choice: EngineChoice
  readonly driver: DriverProcess
  readonly description: Description
  readonly ingested: Ingested
  readonly curve: CurvePoint[]
  readonly loads: LoadResults[]
  readonly filtered: FilteredResults[]
  operations: readonly Operation[]
  restartSeconds: number | undefined
  scaling: Scaling | undefined
  batchScaling: Scaling | undefined
  /** Why it was measured no further. */
  failed: string | undefined
}

const clientCounts = [1, 4, 16]
/** A ratio of two loads of a quarter of a second is worth little where a machine's speed is not its own: the median of some is. */
const pairsPerRound = 6
/** Fewer pairs with all processors say nothing by themselves. */
const countedMin = 3
/** Loads half as long, of many filters. */
const filterPairsPerRound = 3
/** A curve that finds so much is not drawn further. */
const recallEnough = 0.998

/** Everybody over one data set: one after another to build, in turns to search. */
export async function measureDataSet(plan: SearchPlan, data: DataSet): Promise<readonly EngineResults[]> {
  const contenders: Contender[] = []
  try {
    for (const choice of plan.engines) contenders.push(await prepare(plan, data, choice))
    await measureCurves(plan, contenders)
    if (plan.parts.includes('clients')) await measureClients(plan, contenders)
    if (plan.parts.includes('filters')) await measureFilters(plan, contenders)
    for (const contender of contenders) await attempt(plan, contender, () => measureRest(plan, contender))
    return contenders.map(resultsOf)
  } finally {
    for (const { driver } of contenders) await plan.drivers.end(driver)
  }
}

function resultsOf({ choice, driver: _, ...measured }: Contender): EngineResults {
  return { engine: choice.name, ...measured }
}

/** One that fails is out; the others go on. */
async function attempt<T>(
  plan: SearchPlan,
  contender: Contender,
  work: () => Promise<T>,
): Promise<T | undefined> {
  plan.signal.throwIfAborted()
  if (contender.failed !== undefined) return undefined
  try {
    return await work()
  } catch (error) {
    plan.signal.throwIfAborted()
    console.error(`  ${contender.choice.name} failed:`, error)
    contender.failed = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)
    return undefined
  }
}

async function prepare(plan: SearchPlan, data: DataSet, choice: EngineChoice): Promise<Contender> {
  plan.signal.throwIfAborted()
  const home = join(plan.home, `${data.name} ${choice.kind}`)
  await mkdir(home, { recursive: true })
  const progress = startProgress(`${choice.name}: writing`, data.rows, 'rows')
  const driver = plan.drivers.start((rows) => progress.update(rows))
  try {
    const abort = () => void plan.drivers.end(driver)
    plan.signal.addEventListener('abort', abort, { once: true })
    const description = await driver.call('open', { engine: settingsOf(choice, home, plan.places), data })
    const ingested = await driver.call('ingest')
    progress.end()
    const { ingestSeconds, buildSeconds, indexedShare } = ingested
    const written = `${choice.name}: written in ${ingestSeconds.toFixed(1)} s, indexed in ${buildSeconds.toFixed(1)} s`
    console.log(`  ${written}${indexedShare < 1 ? `, ${(indexedShare * 100).toFixed(1)} % of it` : ''}`)
    const none = { curve: [], loads: [], filtered: [], operations: [] }
    return {
      choice,
      driver,
      description,
      ingested,
      ...none,
      restartSeconds: undefined,
      scaling: undefined,
      batchScaling: undefined,
      failed: undefined,
    }
  } catch (error) {
    await plan.drivers.end(driver)
    throw error
  } finally {
    progress.end()
  }
}

/** Engines take turns at every effort, so that each has its share of what else the machine does. */
async function measureCurves(plan: SearchPlan, contenders: readonly Contender[]): Promise<void> {
  const steps = Math.max(...contenders.map(({ description }) => description.effort.values.length))
  const progress = startProgress('recall and speed', steps, 'efforts')
  try {
    for (let step = 0; step < steps; step++) {
      const turns: (Turn & { readonly recall: number })[] = []
      for (const contender of contenders) {
        const { driver, description, curve } = contender
        const effort = description.effort.values[step]
        if (effort === undefined || (curve.at(-1)?.recall ?? 0) >= recallEnough) continue
        const recall = await attempt(plan, contender, () => driver.call('recall', { effort }))
        if (recall !== undefined) turns.push({ contender, effort, recall })
      }
      for (const { turn, load } of await inTurns(plan, turns)) {
        const { effort, recall } = turn
        turn.contender.curve.push({ effort, recall, ...speedOf(load) })
      }
      progress.update(step + 1)
    }
  } finally {
    progress.end()
  }
}

interface Turn {
  readonly contender: Contender
  readonly effort: number
  readonly clients?: number
  readonly filter?: string
}

/**
 * The load of each, in rounds.
 * @returns of each its fastest round, as what else a machine does only ever slows down; of one that failed nothing
 */
async function inTurns<T extends Turn>(
  plan: SearchPlan,
  turns: readonly T[],
): Promise<readonly { readonly turn: T; readonly load: Loaded }[]> {
  const measured = turns.map((turn) => ({ turn, loads: [] as Loaded[] }))
  const milliseconds = plan.milliseconds / plan.rounds
  for (let round = 0; round < plan.rounds; round++) {
    for (const { turn, loads } of measured) {
      const { contender, effort, clients = 1, filter } = turn
      const request = { effort, clients, milliseconds, filter }
      const load = await attempt(plan, contender, () => contender.driver.call('load', request))
      if (load !== undefined) loads.push(load)
    }
  }
  return measured.flatMap(({ turn, loads }) =>
    loads.length === 0 ? [] : [{ turn, load: loads.reduce((a, b) => (rateOf(b) > rateOf(a) ? b : a)) }],
  )
}

function rateOf({ queries, seconds }: Loaded): number {
  return queries / seconds
}

function speedOf({ queries, seconds, processorSeconds }: Loaded) {
  return {
    perSecond: queries / seconds,
    processorMs: processorSeconds === undefined ? undefined : (processorSeconds * 1_000) / queries,
  }
}

async function measureClients(plan: SearchPlan, contenders: readonly Contender[]): Promise<void> {
  const progress = startProgress('clients', recalls.length * clientCounts.length, 'loads')
  let done = 0
  try {
    for (const recall of recalls) {
      for (const clients of clientCounts) {
        const turns = contenders.flatMap((contender) => {
          const effort = pointAt(contender.curve, recall)?.effort
          const isAble = effort !== undefined && clients <= contender.description.clientsMax
          return isAble ? [{ contender, effort, clients }] : []
        })
        for (const { turn, load } of await inTurns(plan, turns)) {
          turn.contender.loads.push({ recall, effort: turn.effort, clients, ...load })
        }
        progress.update(++done)
      }
    }
  } finally {
    progress.end()
  }
}

async function measureFilters(plan: SearchPlan, contenders: readonly Contender[]): Promise<void> {
  const able = contenders.filter(({ description }) => description.filters)
  const progress = startProgress('filters', able.length * recalls.length * rowFilters.length, 'filters')
  let done = 0
  try {
    for (const contender of able) {
      for (const atRecall of recalls) {
        const point = pointAt(contender.curve, atRecall)
        for (const { name } of rowFilters) {
          if (point !== undefined) await measureFilter(plan, contender, { atRecall, point, filter: name })
          progress.update(++done)
        }
      }
    }
  } finally {
    progress.end()
  }
}

async function measureFilter(
  plan: SearchPlan,
  contender: Contender,
  asked: { readonly atRecall: number; readonly point: CurvePoint; readonly filter: string },
): Promise<void> {
  const { atRecall, filter, point } = asked
  const { effort, recall: unfilteredRecall } = point
  await attempt(plan, contender, async () => {
    const { driver } = contender
    const recall = await driver.call('recall', { effort, filter })
    const request = { effort, clients: 1, milliseconds: plan.milliseconds / plan.rounds / 2 }
    const pairs = await byTurns(
      () => driver.call('load', { ...request, filter }),
      () => driver.call('load', request),
      { pairs: plan.rounds * filterPairsPerRound, signal: plan.signal },
    )
    contender.filtered.push({ atRecall, effort, filter, recall, unfilteredRecall, ...filteredOf(pairs) })
  })
}

/** By the clock of the pair with the median ratio of that, by processor time of the one with the median ratio of this. */
function filteredOf(pairs: readonly Pair<Loaded>[]) {
  const byClock = medianBy(pairs, ({ one, two }) => rateOf(two) / rateOf(one))
  const { perSecond: unfilteredPerSecond } = speedOf(byClock.two)
  const costs = pairs.flatMap(({ one, two }) => {
    const [filtered, unfiltered] = [speedOf(one).processorMs, speedOf(two).processorMs]
    return filtered === undefined || unfiltered === undefined ? [] : [{ filtered, unfiltered }]
  })
  if (costs.length === 0) return { ...byClock.one, unfilteredPerSecond }
  const cost = medianBy(costs, ({ filtered, unfiltered }) => filtered / unfiltered)
  const processorSeconds = (cost.filtered * byClock.one.queries) / 1_000
  return { ...byClock.one, processorSeconds, unfilteredPerSecond, unfilteredProcessorMs: cost.unfiltered }
}

/** Last, as it changes what the engine holds. */
async function measureRest(plan: SearchPlan, contender: Contender): Promise<void> {
  const { driver, choice } = contender
  if (choice.scales && plan.parts.includes('threads')) await measureScaling(plan, contender)
  if (!plan.parts.includes('upkeep')) return
  contender.restartSeconds = await driver.call('restart')
  contender.operations = await driver.call('operations')
}

async function measureScaling(plan: SearchPlan, contender: Contender): Promise<void> {
  const effort = pointAt(contender.curve, recalls[0])?.effort
  if (effort === undefined) return
  const milliseconds = plan.milliseconds / plan.rounds
  const [single, batches] = await contender.driver.call('scaling', {
    threads: 2,
    loads: [
      { effort, milliseconds, clients: 16 },
      { effort, milliseconds, clients: 4, batch: 16 },
    ],
    pairs: plan.rounds * pairsPerRound,
  })
  contender.scaling = single && scalingOf(single)
  contender.batchScaling = batches && scalingOf(batches)
}

function scalingOf(pairs: readonly Pair<Loaded>[]): Scaling {
  const ratioOf = ({ one, two }: Pair<Loaded>) => rateOf(two) / rateOf(one)
  const ratiosOf = (some: readonly Pair<Loaded>[]) => some.map(ratioOf).sort((a, b) => a - b)
  const counted = pairs.filter(hadProcessors)
  const others = pairs.filter((pair) => !hadProcessors(pair))
  // On a machine that never gives them there is nothing better.
  const isJudged = counted.length >= countedMin
  return {
    ...medianBy(isJudged ? counted : pairs, ratioOf),
    isJudged,
    ratios: ratiosOf(counted),
    otherRatios: ratiosOf(others),
  }
}
