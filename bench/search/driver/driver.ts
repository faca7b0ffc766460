import { open, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { ProcessorGauge } from '../../support/processor-gauge.ts'
import type { Adapter, Batch, Description, Operation } from '../adapters/adapter.ts'
import { adapterOf } from '../adapters/adapter-of.ts'
import { processorSeconds, residentBytes } from '../adapters/process-state.ts'
import { timed } from '../adapters/timed.ts'
import {
  filteredQueries,
  floatsOf,
  numbersOf,
  queryCount,
  questionsOf,
  type DataSet,
  type Questions,
} from '../data/data-set.ts'
import { filterNamed } from '../data/filters.ts'
import { byTurns, type Pair } from './by-turns.ts'
import { closedLoop } from './load.ts'
import { measureRecall } from './measure-recall.ts'
import {
  hadProcessors,
  type DriverCalls,
  type Ingested,
  type Loaded,
  type LoadRequest,
  type ProfileRequest,
  type ScalingRequest,
  type SearchRequest,
} from './protocol.ts'

/** Rows that are made ready before any of them is written. */
const groupRows = 20_000
/**
 * Before the first load of a kind: until code that is compiled as it runs has been, which takes some ten thousand queries. Rounds
 * of a quarter of a second would measure that, and nothing of what an engine does for hours.
 */
const firstWarmUpMs = 2_000
const warmUpMs = 100
const profilerMs = 500
const recallClients = 4

/** Drives one engine over one data set, in a process of its own. */
export class Driver implements DriverCalls {
  readonly #signal: AbortSignal
  readonly #report: (news: { readonly progress: number } | { readonly spawned: number }) => void
  #adapter: Adapter | undefined
  #data: DataSet | undefined
  #questions: Questions | undefined
  /** Kinds of loads that there have been since the engine was started. */
  readonly #warm = new Set<string>()

  constructor(
    signal: AbortSignal,
    report: (news: { readonly progress: number } | { readonly spawned: number }) => void,
  ) {
    this.#signal = signal
    this.#report = report
  }

  async open({ engine, data }: Parameters<DriverCalls['open']>[0]): Promise<Description> {
    this.#adapter = adapterOf(engine)
    this.#data = data
    this.#questions = await questionsOf(data)
    await this.#opened.start()
    this.#reportServer()
    await this.#opened.create(data.dimensions)
    return this.#opened.describe()
  }

  async ingest(): Promise<Ingested> {
    const adapter = this.#opened
    const { rows } = this.#mustData
    const before = this.#memory()
    const ingestSeconds = await this.#write(adapter)
    let indexedShare = 0
    const buildSeconds = await timed(async () => {
      indexedShare = await adapter.waitIndexed(rows, this.#signal)
    })
    const after = this.#memory()
    const memoryBytes = before === undefined || after === undefined ? undefined : after - before
    return { ingestSeconds, buildSeconds, indexedShare, memoryBytes }
  }

  async recall({ effort, filter }: SearchRequest): Promise<number> {
    const truth = await this.#mustQuestions.truth(filter)
    const count = filter === undefined ? queryCount : filteredQueries
    return this.#with(this.#opened, { effort, filter }, recallClients, (searchers) =>
      measureRecall(searchers, { truth, count }, this.#signal),
    )
  }

  async load(request: LoadRequest): Promise<Loaded> {
    return this.#load(this.#opened, request, this.#warmUpMs(request.clients, request.filter))
  }

  async scaling({ threads, loads, pairs }: ScalingRequest): Promise<readonly (readonly Pair<Loaded>[])[]> {
    const one = this.#opened
    this.#warm.clear()
    const gauge = await ProcessorGauge.start(threads)
    try {
      const measured = await one.beside?.(threads, async (two) => {
        const all: (readonly Pair<Loaded>[])[] = []
        for (const load of loads) {
          for (const adapter of [one, two]) await this.#load(adapter, load, firstWarmUpMs)
          const loaded = async (adapter: Adapter, busy: number): Promise<Loaded> => {
            const before = await gauge.share(busy)
            const result = await this.#load(adapter, load, warmUpMs)
            return { ...result, processorShare: Math.min(before, await gauge.share(busy)) }
          }
          all.push(
            await byTurns(
              () => loaded(one, 1),
              () => loaded(two, threads),
              { pairs, signal: this.#signal, counts: hadProcessors },
            ),
          )
        }
        return all
      })
      return measured ?? []
    } finally {
      await gauge.close()
    }
  }

  async restart(): Promise<number | undefined> {
    const seconds = await this.#opened.restart?.(this.#mustQuestions)
    this.#warm.clear()
    this.#reportServer()
    return seconds
  }

  async operations(): Promise<readonly Operation[]> {
    return (await this.#opened.operations?.()) ?? []
  }

  async toggleProfiler(): Promise<void> {
    process.kill(this.#opened.process().pid, 'SIGUSR2')
  }

  async profile({ seconds, clients, effort, filter }: ProfileRequest): Promise<void> {
    const queries = filter === undefined ? queryCount : filteredQueries
    await this.#with(this.#opened, { effort, filter }, clients, async (searchers) => {
      await closedLoop(searchers, queries, 1_000)
      await this.toggleProfiler()
      // Until every thread has heard of it; to hear of the end they need something to do, too.
      await closedLoop(searchers, queries, profilerMs)
      await closedLoop(searchers, queries, seconds * 1_000)
      await this.toggleProfiler()
      await closedLoop(searchers, queries, profilerMs)
    })
  }

  async close(): Promise<void> {
    const adapter = this.#adapter
    this.#adapter = undefined
    await adapter?.stop()
  }

  async #load(
    adapter: Adapter,
    { effort, filter, clients, milliseconds, batch }: LoadRequest,
    warmMs: number,
  ): Promise<Loaded> {
    const queries = filter === undefined ? queryCount : filteredQueries
    return this.#with(adapter, { effort, filter, batch }, clients, async (searchers) => {
      await closedLoop(searchers, queries, warmMs)
      await adapter.loopDelayMs?.()
      const { pid } = adapter.process()
      const before = processorSeconds(pid)
      const result = await closedLoop(searchers, queries, milliseconds)
      const after = processorSeconds(pid)
      return {
        ...result,
        queries: result.queries * (batch ?? 1),
        processorSeconds: before === undefined || after === undefined ? undefined : after - before,
        loopDelayMs: await adapter.loopDelayMs?.(),
      }
    })
  }

  /** The same for every engine. Each filter takes other ways through an engine. */
  #warmUpMs(clients: number, filter: string | undefined): number {
    const kind = `${clients} ${filter ?? ''}`
    if (this.#warm.has(kind)) return warmUpMs
    this.#warm.add(kind)
    return firstWarmUpMs
  }

  async #with<T>(
    adapter: Adapter,
    { effort, filter, batch }: Pick<LoadRequest, 'effort' | 'filter' | 'batch'>,
    clients: number,
    work: (searchers: Awaited<ReturnType<Adapter['searchers']>>) => Promise<T>,
  ): Promise<T> {
    const setting = { effort, batch, ...(filter !== undefined && { filter: filterNamed(filter) }) }
    const searchers = await adapter.searchers(this.#mustQuestions, setting, clients)
    try {
      return await work(searchers)
    } finally {
      for (const { close } of searchers) close?.()
    }
  }

  /** @returns the seconds that writing took, without getting ready for it */
  async #write(adapter: Adapter): Promise<number> {
    const { folder, rows } = this.#mustData
    const files = { rows: await open(join(folder, 'rows')), numbers: await open(join(folder, 'numbers')) }
    try {
      let seconds = 0
      for (let at = 0; at < rows; at += groupRows) {
        const group: (() => Promise<void>)[] = []
        for (let first = at; first < Math.min(rows, at + groupRows); first += adapter.batchRows) {
          group.push(adapter.prepare(await this.#batch(files, first, adapter.batchRows)))
        }
        seconds += await timed(() => this.#inParallel(adapter.writers, group))
        this.#report({ progress: Math.min(rows, at + groupRows) })
      }
      return seconds
    } finally {
      await files.rows.close()
      await files.numbers.close()
    }
  }

  async #batch(
    files: { readonly rows: FileHandle; readonly numbers: FileHandle },
    firstRow: number,
    batchRows: number,
  ): Promise<Batch> {
    const { rows, dimensions } = this.#mustData
    const count = Math.min(batchRows, rows - firstRow)
    const flat = await piece(files.rows, firstRow * dimensions * 4, count * dimensions * 4)
    const numbers = await piece(files.numbers, firstRow * 4, count * 4)
    return { firstRow, count, dimensions, flat: floatsOf(flat), numbers: numbersOf(numbers) }
  }

  async #inParallel(width: number, work: readonly (() => Promise<void>)[]): Promise<void> {
    const queue = work.values()
    const worker = async () => {
      for (const one of queue) {
        this.#signal.throwIfAborted()
        await one()
      }
    }
    await Promise.all(Array.from({ length: width }, worker))
  }

  #memory(): number | undefined {
    globalThis.gc?.()
    return residentBytes(this.#opened.process().pid)
  }

  #reportServer(): void {
    const { pid } = this.#opened.process()
    if (pid !== process.pid) this.#report({ spawned: pid })
  }

  get #opened(): Adapter {
    if (this.#adapter === undefined) throw new Error('No engine is open')
    return this.#adapter
  }

  get #mustData(): DataSet {
    if (this.#data === undefined) throw new Error('No data set is open')
    return this.#data
  }

  get #mustQuestions(): Questions {
    if (this.#questions === undefined) throw new Error('No data set is open')
    return this.#questions
  }
}

async function piece(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.from(new ArrayBuffer(length))
  const { bytesRead } = await file.read(bytes, 0, length, position)
  if (bytesRead !== length) throw new Error(`A data set is short: ${bytesRead} of ${length} bytes`)
  return bytes
}
