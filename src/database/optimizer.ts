import type { CollectionState } from '../collection/collection-state.ts'
import { missingGraphs, wantedGraphs, writtenColumns, type WantedGraph } from '../collection/graph-params.ts'
import { installMerge, mergeRows, planMerge, type MergePlan } from '../collection/merge.ts'
import type { SegmentHandle } from '../collection/segment-handle.ts'
import type { View, ViewEntry } from '../collection/view.ts'
import { writeRows } from '../collection/write-rows.ts'
import { isDatabaseError } from '../errors/database-error.ts'
import type { AdoptedLinks } from '../graph/hnsw/build-links.ts'
import { StoredColumn } from '../graph/stored/stored-column.ts'
import { VectorMemory } from '../graph/vector-memory.ts'
import type { SequenceNumber } from '../ids/brands.ts'
import { allEnded } from '../runtime/all-ended.ts'
import { Mutex } from '../runtime/mutex.ts'
import { adoptableFrom, buildGraph, type GraphBuild } from './build-graph.ts'
import { isDrillClone } from './checks/drill-clone.ts'
import type { EngineParts } from './engine.ts'
import type { CatalogState } from './catalog-state.ts'
import { keepHistory } from './history.ts'

interface MissingGraph {
  readonly handle: SegmentHandle
  readonly wanted: WantedGraph
  /** Of the vectors. */
  readonly bytes: number
}

interface RunningBuild extends GraphBuild {
  /** Its segment is of no collection yet. */
  readonly isOfMerge: boolean
}

export interface OptimizerEvents {
  /** The last record that was applied. */
  readonly seq: () => SequenceNumber
  /** Runs a task in a tick in which no record is half applied. */
  readonly betweenRecords: <T>(task: () => T) => Promise<T>
  /** Something changed that a checkpoint makes known. `isDear`: what took long to make, and would be lost without it. */
  readonly onChange: (isDear: boolean) => void
}

// Order of work: merges that cost little, then graphs, the largest first, then merges of segments that have graphs. A segment
// that is merged from such ones gets its graph before it takes their place, and meanwhile they serve.

/**
 * Merges segments and builds graphs, one thing at a time, beside everything else. None of it is a log record: it changes how
 * rows are laid out, not what the collection holds, and the next checkpoint makes it known.
 */
export class Optimizer {
  readonly #parts: EngineParts
  readonly #events: OptimizerEvents
  readonly #mutex = new Mutex()
  readonly #closing = new AbortController()
  /** Graphs that cannot be: the memory of the vectors has no room for them. */
  readonly #hopeless = new WeakMap<SegmentHandle, Set<string>>()
  #isDue = false
  readonly #builds = new Set<RunningBuild>()

  constructor(parts: EngineParts, events: OptimizerEvents) {
    this.#parts = parts
    this.#events = events
  }

  /** What is being built, or goes on from a file: rows that are in a graph, of all that are to be. */
  get progress(): { readonly graphs: number; readonly rowsDone: number; readonly rows: number } {
    const builds = [...this.#builds]
    return {
      graphs: builds.length,
      rowsDone: builds.reduce((sum, build) => sum + build.rowsDone(), 0),
      rows: builds.reduce((sum, build) => sum + build.handle.rows.rowCount, 0),
    }
  }

  /** Whether rows of the collection are to have a graph that is not there: those of a memtable get one when they are a segment. */
  isMissingGraphs(state: CollectionState): boolean {
    return this.#missingOf(state, handlesOf(state)).length > 0
  }

  /** In the background, unless that is about to happen. */
  start(): void {
    if (this.#isDue || this.#closing.signal.aborted) return
    this.#isDue = true
    this.run(undefined, () => (this.#isDue = false)).catch((error: unknown) => {
      if (this.#closing.signal.aborted) return
      this.#parts.logger.error('background work failed', { error: String(error) })
    })
  }

  /** Until nothing is left to do. @throws cancelled, write-failed, database-closed */
  run(signal?: AbortSignal, onStart = (): void => undefined): Promise<void> {
    const { signal: closing } = this.#closing
    const stop = signal === undefined ? closing : AbortSignal.any([signal, closing])
    return this.#mutex.run(async () => {
      onStart()
      while (!stop.aborted && (await this.#step(stop)));
    })
  }

  /** Ends a graph that nobody needs any more, as its segment was merged or its collection dropped. */
  review(): void {
    for (const build of this.#builds)
      if (!build.isOfMerge && this.#ownersOf(build.handle).length === 0) build.stop('giveUp')
  }

  /** Ends soon; what there is of a graph stays for the next start. */
  async close(): Promise<void> {
    this.#closing.abort()
    await this.#mutex.run(async () => undefined)
  }

  /** False: nothing is left to do. */
  async #step(stop: AbortSignal): Promise<boolean> {
    const { catalog } = this.#parts
    for (const state of loadedCollections(catalog)) {
      while (this.#isLive(state) && (await this.#mergeOne(state, hasNoGraph, stop)));
    }
    if (stop.aborted) return false
    const missing = this.#missingGraphs().slice(0, this.#parts.graphThreads)
    if (missing.length > 0) {
      await allEnded(missing.map((one) => this.#buildMissing(one, stop)))
      return true
    }
    for (const state of loadedCollections(catalog)) {
      if (await this.#mergeOne(state, () => true, stop)) return true
    }
    return false
  }

  async #mergeOne(
    state: CollectionState,
    accepts: (sources: readonly ViewEntry[]) => boolean,
    stop: AbortSignal,
  ): Promise<boolean> {
    if (stop.aborted) return false
    const view = state.view(this.#events.seq())
    try {
      const plan = planMerge(view, accepts)
      return plan !== undefined && (await this.#merge(state, view, graphFirst(plan), stop))
    } finally {
      view.release()
    }
  }

  async #merge(state: CollectionState, view: View, plan: MergePlan, stop: AbortSignal): Promise<boolean> {
    const { registry, services, pins, logger } = this.#parts
    const vectors = writtenColumns(view.config, registry.graphSettings)
    const merged = await mergeRows(view, plan.sources, { vectors, signal: stop, ...this.#passing() })
    const install = (handle: SegmentHandle | undefined): Promise<boolean> =>
      this.#events.betweenRecords(
        () => this.#isLive(state) && installMerge(state, plan, merged, handle, () => this.#endStretch(state)),
      )
    if (merged.rows.rowCount === 0) {
      merged.rows.release()
      return install(undefined)
    }
    const handle = registry.create(services.newSegmentId(), merged.rows)
    handle.retain()
    // Until it is installed nothing names the segment but this pin.
    const unpin = pins.pin([handle.id])
    try {
      await writeRows(this.#parts, handle, view.config, { signal: stop })
      if (!hasNoGraph(plan.sources)) {
        await this.#buildAll(state, handle, stop, (wanted) =>
          adoptableFrom(plan.sources[0]!, merged.newRows[0]!, wanted),
        )
      }
      if (stop.aborted || !(await install(handle))) return false
      const [sources, rows] = [plan.sources.length, merged.rows.rowCount]
      logger.debug('segments merged', { collection: state.name, sources, rows })
      this.#events.onChange(!hasNoGraph(plan.sources))
      return true
    } finally {
      unpin()
      handle.release()
    }
  }

  /** Memory of its own for what leaves it again: what the system has given to the common one it never gets back. */
  #passing(): { readonly passing?: VectorMemory } {
    return this.#parts.store.openFile === undefined ? {} : { passing: new VectorMemory() }
  }

  /** Earlier moments need the rows that the merge leaves out. */
  #endStretch(state: CollectionState): void {
    const seq = this.#events.seq()
    keepHistory(this.#parts.catalog, state, seq)
    state.validFrom = seq
  }

  /** All graphs of a segment that nobody reads yet. */
  async #buildAll(
    state: CollectionState,
    handle: SegmentHandle,
    stop: AbortSignal,
    adoptable: (wanted: WantedGraph) => AdoptedLinks | undefined,
  ): Promise<void> {
    const wanted = wantedGraphs(state.config, this.#parts.registry.graphSettings)
    for (;;) {
      const missing = missingGraphs(handle, wanted).filter((one) => !this.#isHopeless(handle, one))
      if (missing.length === 0 || stop.aborted || !this.#isLive(state)) return
      const next = missing.slice(0, this.#parts.graphThreads)
      await allEnded(next.map((one) => this.#buildOne(handle, one, stop, true, adoptable(one))))
    }
  }

  async #buildMissing({ handle, wanted }: MissingGraph, stop: AbortSignal): Promise<void> {
    handle.retain()
    try {
      await this.#buildOne(handle, wanted, stop, false)
      for (const state of this.#ownersOf(handle)) state.changeCount += 1
      this.#events.onChange(true)
    } catch (error) {
      // Given up by `review`: there is other work.
      if (!isDatabaseError(error) || error.code !== 'cancelled') throw error
    } finally {
      handle.release()
    }
  }

  async #buildOne(
    handle: SegmentHandle,
    wanted: WantedGraph,
    stop: AbortSignal,
    isOfMerge: boolean,
    adopt?: AdoptedLinks,
  ): Promise<void> {
    let running: RunningBuild | undefined
    // Nothing will name the segment of a merge that is not installed.
    const onStop = (): void => running?.stop(isOfMerge ? 'giveUp' : 'save')
    stop.addEventListener('abort', onStop)
    try {
      const onStart = (build: GraphBuild): void => {
        running = { ...build, isOfMerge }
        this.#builds.add(running)
        if (stop.aborted) onStop()
      }
      const isOne = await buildGraph(this.#parts, handle, wanted, onStart, adopt)
      if (!isOne) this.#giveUp(handle, wanted)
    } finally {
      if (running !== undefined) this.#builds.delete(running)
      stop.removeEventListener('abort', onStop)
    }
  }

  /** Each once, the largest first. */
  #missingGraphs(): MissingGraph[] {
    const missing = new Map<string, MissingGraph>()
    for (const state of loadedCollections(this.#parts.catalog)) {
      const written = handlesOf(state).filter(({ info }) => info !== undefined)
      for (const one of this.#missingOf(state, written)) {
        const key = `${one.handle.id}/${one.wanted.column}`
        // Clones share segments, and may want different graphs of one vector: there is one.
        if (!missing.has(key)) missing.set(key, one)
      }
    }
    return [...missing.values()].sort((a, b) => b.bytes - a.bytes)
  }

  #missingOf(state: CollectionState, handles: readonly SegmentHandle[]): MissingGraph[] {
    const wanted = wantedGraphs(state.config, this.#parts.registry.graphSettings)
    if (wanted.length === 0) return []
    return handles.flatMap((handle) =>
      missingGraphs(handle, wanted)
        .filter((one) => !this.#isHopeless(handle, one) && !this.#isOfAnother(state, handle, one))
        .map((one) => ({ handle, wanted: one, bytes: vectorBytes(handle, one) })),
    )
  }

  /** True if the graph that is there is the one that another collection wants, which shares the segment. */
  #isOfAnother(state: CollectionState, handle: SegmentHandle, { column }: WantedGraph): boolean {
    if (handle.rows.graphOf(column) === undefined) return false
    return this.#ownersOf(handle).some((owner) => {
      if (owner === state) return false
      const wanted = wantedGraphs(owner.config, this.#parts.registry.graphSettings)
      const own = wanted.filter((one) => one.column === column)
      return own.length > 0 && missingGraphs(handle, own).length === 0
    })
  }

  #giveUp(handle: SegmentHandle, { column }: WantedGraph): void {
    const columns = this.#hopeless.get(handle) ?? new Set<string>()
    this.#hopeless.set(handle, columns.add(column))
    this.#parts.logger.info('no room for a graph', { segment: handle.id, vector: column })
  }

  #isHopeless(handle: SegmentHandle, { column }: WantedGraph): boolean {
    return this.#hopeless.get(handle)?.has(column) === true
  }

  #ownersOf(handle: SegmentHandle): CollectionState[] {
    const has = (state: CollectionState): boolean =>
      state.shards.some((shard) => shard.entries.some((entry) => entry.handle === handle))
    return [...this.#parts.catalog.collections.values()].filter((state) => state.isLoaded && has(state))
  }

  #isLive(state: CollectionState): boolean {
    return this.#parts.catalog.collections.get(state.id) === state
  }
}

function handlesOf(state: CollectionState): SegmentHandle[] {
  return state.shards.flatMap((shard) => shard.entries.map(({ handle }) => handle))
}

/** Of the vectors, wherever they are. */
function vectorBytes({ rows }: SegmentHandle, { column }: WantedGraph): number {
  const vectors = rows.vectors.get(column)!
  return vectors instanceof StoredColumn ? vectors.fileBytes : vectors.bytes
}

/** The largest source that has a graph comes first, so that its links can be taken over. */
function graphFirst(plan: MergePlan): MergePlan {
  const rowsInGraph = ({ handle: { rows } }: ViewEntry): number =>
    [...rows.vectors.keys()].some((name) => rows.graphOf(name) !== undefined) ? rows.rowCount : 0
  return { ...plan, sources: plan.sources.toSorted((a, b) => rowsInGraph(b) - rowsInGraph(a)) }
}

/** One that could not be loaded stays as its manifest says. Drafts are prepared for the day on which they are seen. */
function loadedCollections(catalog: CatalogState): CollectionState[] {
  return [...catalog.collections.values()].filter((state) => !isDrillClone(state) && state.isLoaded)
}

function hasNoGraph(sources: readonly ViewEntry[]): boolean {
  return sources.every(({ handle }) =>
    [...handle.rows.vectors.keys()].every((name) => handle.rows.graphOf(name) === undefined),
  )
}
