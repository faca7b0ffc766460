import type { CollectionState } from '../../collection/collection-state.ts'
import { openView, type StoredView } from '../../collection/open-view.ts'
import type { SegmentRegistry } from '../../collection/segment-handle.ts'
import { visibleCount, type View } from '../../collection/view.ts'
import { DatabaseError } from '../../errors/database-error.ts'
import type { CollectionId } from '../../ids/brands.ts'
import type { Logger } from '../../runtime/logger.ts'
import type { SegmentInfo } from '../../segment/format.ts'
import { segmentBytes } from '../../segment/segment-reader.ts'
import type { ObjectStore } from '../../storage/object-store.ts'
import type { CatalogState } from '../catalog-state.ts'
import type { LoadingCollection, LoadingReport } from './report.ts'

export interface LoaderParts {
  readonly store: ObjectStore
  readonly registry: SegmentRegistry
  readonly logger: Logger
  /** Of a collection that it does not have any more it does not matter what could not be loaded. */
  readonly catalog: Pick<CatalogState, 'collections'>
}

/** A collection of the checkpoint, and how far its rows are in memory. */
interface Entry {
  readonly state: CollectionState
  readonly stored: StoredView
  readonly pointCount: number
  readonly segments: ReadonlySet<SegmentInfo>
  readonly bytes: number
  segmentsLoaded: number
  bytesLoaded: number
  status: LoadingCollection['status']
  error: unknown
  /** Ends when it is loaded, and fails if that does; undefined until it begins. */
  work: Promise<void> | undefined
}

// Invariants:
//   - a collection is adopted whole, in one tick, or not at all: until then everything that needs its rows throws.
//   - what is loaded stays loaded; a failure stays, too, until the next start.

/**
 * Brings the collections of the checkpoint into memory: the largest first, one after the other, and beside them, at
 * once, those that somebody waits for.
 */
export class CollectionLoader {
  readonly #parts: LoaderParts
  readonly #entries = new Map<CollectionId, Entry>()
  #background: Promise<void> | undefined
  #left = 0
  #isClosed = false

  constructor(parts: LoaderParts) {
    this.#parts = parts
  }

  /** Its rows are to be loaded; `state` waits for them from now on. */
  add(state: CollectionState, stored: StoredView, pointCount: number): void {
    state.awaitRows(pointCount)
    this.#left += 1
    const named = new Set(stored.shards.flat().map(({ segment }) => segment))
    const segments = new Set(stored.segments.filter(({ id }) => named.has(id)))
    const bytes = [...segments].reduce((sum, info) => sum + segmentBytes(info), 0)
    this.#entries.set(state.id, {
      state,
      stored,
      pointCount,
      segments,
      bytes,
      segmentsLoaded: 0,
      bytesLoaded: 0,
      status: 'waiting',
      error: undefined,
      work: undefined,
    })
  }

  /** Loads what nobody waits for, too. Does not fail: whoever needs what could not be loaded is told. */
  start(): void {
    this.#background ??= this.#loadAll()
  }

  /** True once all of it is in memory, but for what was dropped. */
  get isDone(): boolean {
    return this.#left === 0 || this.#named().every(({ status }) => status === 'loaded')
  }

  /** True once nothing is left to load. */
  get isSettled(): boolean {
    return (
      this.#left === 0 ||
      [...this.#entries.values()].every(({ status }) => status === 'loaded' || status === 'failed')
    )
  }

  /** Undefined if there is nothing to wait for. @throws what loading it threw: segment-corrupt, manifest-corrupt, object-not-found */
  whenLoaded(collection: string): Promise<void> | undefined {
    const entry = this.#entries.get(collection as CollectionId)
    if (entry === undefined || entry.status === 'loaded') return undefined
    return this.#load(entry)
  }

  /** @throws as whenLoaded, once all have ended: the first failure */
  async whenAllLoaded(): Promise<void> {
    this.start()
    await this.#background
    for (const { error } of this.#named()) if (error !== undefined) throw error as Error
  }

  /** When nothing is left to load; what could not be loaded does not matter. */
  async whenSettled(): Promise<void> {
    this.start()
    await this.#background
  }

  report(): LoadingReport {
    const collections = this.#named()
      .map(({ state, segments, segmentsLoaded, bytes, bytesLoaded, status, error }) => ({
        name: state.name,
        status,
        segments: { loaded: segmentsLoaded, total: segments.size },
        bytes: { loaded: bytesLoaded, total: bytes },
        ...(error === undefined ? {} : { error: messageOf(error) }),
      }))
      .sort((a, b) => (a.name < b.name ? -1 : 1))
    const sum = (part: 'segments' | 'bytes', which: 'loaded' | 'total'): number =>
      collections.reduce((total, one) => total + one[part][which], 0)
    return {
      isDone: this.isDone,
      segments: { loaded: sum('segments', 'loaded'), total: sum('segments', 'total') },
      bytes: { loaded: sum('bytes', 'loaded'), total: sum('bytes', 'total') },
      collections,
    }
  }

  /** Gives up what is not loaded yet; nothing is read any more when this resolves. */
  async close(): Promise<void> {
    this.#isClosed = true
    await Promise.allSettled([...this.#entries.values()].flatMap(({ work }) => work ?? []))
    await this.#background
  }

  #named(): Entry[] {
    const { collections } = this.#parts.catalog
    return [...this.#entries.values()].filter(({ state }) => collections.has(state.id))
  }

  async #loadAll(): Promise<void> {
    const largestFirst = [...this.#entries.values()].sort((a, b) => b.bytes - a.bytes)
    for (const entry of largestFirst) await this.#load(entry).catch(() => undefined)
  }

  #load(entry: Entry): Promise<void> {
    if (entry.work === undefined) {
      entry.work = this.#read(entry)
      // Whoever waits for it is told; until then its failure must not count as unhandled.
      entry.work.catch(() => undefined)
    }
    return entry.work
  }

  async #read(entry: Entry): Promise<void> {
    const { store, registry, logger } = this.#parts
    entry.status = 'loading'
    try {
      const view = await openView(store, registry, entry.stored, {
        onSegment: (info) => {
          entry.segmentsLoaded += 1
          entry.bytesLoaded += segmentBytes(info)
        },
        isGivenUp: () => this.#isClosed,
      })
      try {
        adopt(entry, view)
      } finally {
        view.release()
      }
      entry.status = 'loaded'
      this.#left -= 1
    } catch (error) {
      entry.status = 'failed'
      entry.error = error
      entry.state.rowsFailed(error)
      if (!this.#isClosed)
        logger.error('a collection could not be loaded', {
          collection: entry.state.name,
          error: messageOf(error),
        })
      throw error
    }
  }
}

/** In one tick. @throws manifest-corrupt if its points are not as many as its manifest says; then it has none */
function adopt({ state, pointCount }: Entry, view: View): void {
  const visible = new Map([...view.entries()].map((entry) => [entry, visibleCount(entry)]))
  const count = [...visible.values()].reduce((sum, one) => sum + one, 0)
  if (count !== pointCount) {
    const text = `Cannot open collection "${state.name}": it has ${count} points, its manifest says ${pointCount}`
    throw new DatabaseError('manifest-corrupt', text, { collection: state.name })
  }
  state.rowsLoaded()
  view.shards.forEach((entries, index) => {
    for (const entry of entries) {
      entry.handle.retain()
      const { handle, rowsUpTo, foreign, deletions } = entry
      state.shards[index]!.adopt(handle, rowsUpTo, foreign, deletions, visible.get(entry)!)
    }
  })
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : 'it failed'
}
