import type { SegmentId } from '../ids/brands.ts'
import { assert } from '../runtime/assert.ts'
import type { RowSet } from '../segment/row-set.ts'
import { isLinksFile, type SegmentFile, type SegmentInfo } from '../segment/format.ts'
import { inlineLoading, type LoadThreads } from '../segment/load/load-threads.ts'
import { noGraphSettings, type GraphSettings } from './graph-params.ts'

/**
 * One segment as the process knows it: its rows in memory while anybody uses them, and its files once written.
 * A memtable is a handle without files; flushing it writes the files and changes nothing else.
 */
export class SegmentHandle {
  readonly id: SegmentId
  readonly #rows: RowSet
  #info: SegmentInfo | undefined
  #users = 0
  readonly #onUnused: (handle: SegmentHandle) => void

  constructor(
    id: SegmentId,
    rows: RowSet,
    info: SegmentInfo | undefined,
    onUnused: (handle: SegmentHandle) => void,
  ) {
    this.id = id
    this.#rows = rows
    this.#info = info
    this.#onUnused = onUnused
  }

  get rows(): RowSet {
    assert(this.#users > 0, `segment ${this.id} is in use`)
    return this.#rows
  }

  /** The files; undefined while the rows stand in memory and the log only. */
  get info(): SegmentInfo | undefined {
    return this.#info
  }

  written(info: SegmentInfo): void {
    assert(this.#info === undefined, 'a segment is written once')
    this.#info = info
  }

  /** A file of links is there; it stands in the place of the one before for the same vector. */
  linked(file: SegmentFile): void {
    assert(this.#info !== undefined, 'a segment has its files before it has links')
    const others = this.#info.files.filter((one) => !(isLinksFile(one) && one.vector === file.vector))
    const files = [...others, file].sort((a, b) => (a.name < b.name ? -1 : 1))
    this.#info = { ...this.#info, files }
  }

  retain(): void {
    this.#users += 1
  }

  release(): void {
    assert(this.#users > 0, 'a handle is released once')
    this.#users -= 1
    if (this.#users > 0) return
    this.#onUnused(this)
    this.#rows.release()
  }
}

/** All segments that are in memory, by id: collections, clones and snapshots share them. */
export class SegmentRegistry {
  /** What brings segments into memory. */
  readonly loading: LoadThreads
  /** What a front door's settings say of graphs, and so of which vectors of a segment stay in its files. */
  readonly graphSettings: GraphSettings
  readonly #handles = new Map<SegmentId, SegmentHandle>()
  readonly #pending = new Map<SegmentId, Promise<SegmentHandle>>()

  constructor(loading: LoadThreads = inlineLoading, graphSettings: GraphSettings = noGraphSettings) {
    this.loading = loading
    this.graphSettings = graphSettings
  }

  /** A new memtable. The caller retains it. */
  create(id: SegmentId, rows: RowSet): SegmentHandle {
    return this.#add(id, rows, undefined)
  }

  /** The handle with its rows in memory, retained once for the caller; `load` is called if it is not there yet. */
  async acquire(info: SegmentInfo, load: () => Promise<RowSet>): Promise<SegmentHandle> {
    const known = this.#handles.get(info.id)
    if (known !== undefined) {
      known.retain()
      return known
    }
    let pending = this.#pending.get(info.id)
    if (pending === undefined) {
      pending = load()
        .then((rows) => this.#add(info.id, rows, info))
        .finally(() => this.#pending.delete(info.id))
      this.#pending.set(info.id, pending)
    }
    const handle = await pending
    handle.retain()
    return handle
  }

  has(id: SegmentId): boolean {
    return this.#handles.has(id)
  }

  /** Every handle in memory. */
  all(): Iterable<SegmentHandle> {
    return this.#handles.values()
  }

  get size(): number {
    return this.#handles.size
  }

  #add(id: SegmentId, rows: RowSet, info: SegmentInfo | undefined): SegmentHandle {
    const handle = new SegmentHandle(id, rows, info, (unused) => {
      if (this.#handles.get(unused.id) === unused) this.#handles.delete(unused.id)
    })
    this.#handles.set(id, handle)
    return handle
  }
}
