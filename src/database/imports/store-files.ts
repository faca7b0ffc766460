import type { SegmentId } from '../../ids/brands.ts'
import type { FileCandidate, FileCandidates, FileFinder } from '../../snapshot/archive/base/external-files.ts'
import { contentKey, type ArchiveFile } from '../../snapshot/archive/format.ts'
import { readSealed } from '../../snapshot/seal.ts'
import type { Engine } from '../engine.ts'

interface StoredFile {
  readonly name: string
  readonly bytes: number
  readonly sha256: string
}

/**
 * Looks for contents among the files of this store's collections and snapshots: segment ids differ from store to
 * store, contents do not. Segments of what it gives are pinned until `close`.
 */
export class StoreFiles implements FileFinder {
  readonly #engine: Engine
  readonly #unpins: (() => void)[] = []

  constructor(engine: Engine) {
    this.#engine = engine
  }

  async find(files: readonly ArchiveFile[]): Promise<FileCandidates> {
    const wanted = new Set(files.map(contentKey))
    const found = new Map<string, FileCandidate[]>()
    if (wanted.size === 0) return found
    const look = (segment: SegmentId, file: StoredFile): void => {
      const key = contentKey(file)
      if (wanted.delete(key)) found.set(key, [this.#candidate(segment, file.name)])
    }
    for (const state of this.#engine.parts.catalog.collections.values()) {
      if (!state.isLoaded) continue
      for (const { handle, deletions } of state.shards.flatMap((shard) => [...shard.entries])) {
        for (const file of handle.info?.files ?? []) look(handle.id, file)
        for (const file of deletions.knownRefs()) look(handle.id, file)
      }
    }
    await this.#findInSnapshots(wanted, look)
    return found
  }

  close(): void {
    for (const unpin of this.#unpins.splice(0)) unpin()
  }

  /** The newest first: the base of an incremental archive is seldom old. */
  async #findInSnapshots(
    wanted: ReadonlySet<string>,
    look: (segment: SegmentId, file: StoredFile) => void,
  ): Promise<void> {
    const { catalog, store } = this.#engine.parts
    for (const { record, sealed } of [...catalog.snapshots.values()].reverse()) {
      for (const ref of sealed ?? []) {
        if (wanted.size === 0) return
        if (!catalog.snapshots.has(record.id)) break
        const content = await readSealed(store, ref).catch(() => undefined)
        // Only what is reached in the tick in which it is pinned: see `Pins`.
        if (content === undefined || !catalog.snapshots.has(record.id)) break
        const { segments, shards } = content.stored
        for (const { id, files } of segments) for (const file of files) look(id, file)
        for (const entry of shards.flat())
          for (const file of [...entry.inherited, ...entry.deltas]) look(entry.segment, file)
      }
    }
  }

  #candidate(segment: SegmentId, name: string): FileCandidate {
    const { store, pins } = this.#engine.parts
    const key = `segments/${segment}/${name}`
    this.#unpins.push(pins.pin([segment]))
    return { from: `the store (${key})`, open: () => store.stream(key) }
  }
}
