import { fullConfig } from '../collection/collection-state.ts'
import { openView } from '../collection/open-view.ts'
import type { SegmentRegistry } from '../collection/segment-handle.ts'
import type { View } from '../collection/view.ts'
import { collectionIdOf, seqOf, type SegmentId } from '../ids/brands.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import type { Engine } from './engine.ts'
import type { Receipt, StagedCollection } from './records.ts'

/**
 * What an import is about to make known, read from the store as it will be after a restart; the caller releases it.
 * @throws segment-corrupt, manifest-corrupt, object-not-found
 */
export function openStaged(
  { store, registry }: { readonly store: ObjectStore; readonly registry: SegmentRegistry },
  staged: StagedCollection,
): Promise<View> {
  return openView(store, registry, {
    collection: collectionIdOf(staged.id),
    seq: seqOf(0),
    config: fullConfig(staged.config),
    shards: staged.shards,
    segments: staged.segments,
  })
}

/** Segments that are written for an import, before anything names them. End it in any case. */
export class Staging {
  readonly #engine: Engine
  readonly #segments: SegmentId[]
  readonly #unpins: (() => void)[] = []
  #isCommitted = false

  /** Make it before the first byte is written, or garbage collection would take what nothing names yet. */
  constructor(engine: Engine, segments: Iterable<SegmentId>) {
    this.#engine = engine
    this.#segments = [...segments]
    this.#unpins.push(engine.parts.pins.pin(this.#segments))
  }

  /** The id of one more segment. */
  newSegment(): SegmentId {
    const { services, pins } = this.#engine.parts
    const id = services.newSegmentId()
    this.#segments.push(id)
    this.#unpins.push(pins.pin([id]))
    return id
  }

  /** The commit point: one record makes all of it known. `prepared` are the opened collections by id. */
  async commit(
    collections: readonly StagedCollection[],
    aliases: Readonly<Record<string, string>>,
    prepared: ReadonlyMap<string, View>,
    receipt?: Receipt,
  ): Promise<void> {
    const told = receipt === undefined ? {} : { receipt }
    await this.#engine.submit({ type: 'import', collections, aliases, ...told }, prepared)
    this.#isCommitted = true
  }

  /** Removes what was written, unless it was committed. */
  async end(): Promise<void> {
    try {
      // Not known to be refused, not known to be done: if the log failed, only a new start tells. Garbage
      // collection takes the files then, unless the record turns out to be there.
      if (!this.#isCommitted && this.#engine.isWritable) await this.#remove()
    } catch (error) {
      // Nothing names the files, so garbage collection takes them. Why the import failed is what its caller must hear.
      this.#engine.parts.logger.info('files of an import that failed are left to garbage collection', {
        error: String(error),
      })
    } finally {
      for (const unpin of this.#unpins) unpin()
    }
  }

  async #remove(): Promise<void> {
    const { store } = this.#engine.parts
    for (const id of this.#segments) {
      const objects = await store.list(`segments/${id}/`)
      await store.delete(objects.map(({ key }) => key))
    }
  }
}
