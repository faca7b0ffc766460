import { CollectionReader } from '../../collection/reader.ts'
import { contentHashOf } from '../../collection/hashes/content-hash.ts'
import { openView } from '../../collection/open-view.ts'
import { SegmentRegistry } from '../../collection/segment-handle.ts'
import type { View } from '../../collection/view.ts'
import { canonicalJson, type JsonValue } from '../../encoding/json.ts'
import { DatabaseError } from '../../errors/database-error.ts'
import { checkMembers, type Members } from '../../errors/known-members.ts'
import type { SealedContent } from '../../snapshot/seal.ts'
import { MeteredStore } from '../../snapshot/verify/metered-store.ts'
import { isDamage, keyOf, whyUnread, type Problem, type VerifyPlan } from '../../snapshot/verify/plan.ts'
import { sampleVectors, searchItself } from '../../snapshot/verify/self-search.ts'
import { runVerification, type VerifyProgress } from '../../snapshot/verify/verify.ts'
import { drillCloneName, isDrillClone } from './drill-clone.ts'
import type { Engine } from '../engine.ts'
import { createMark, openSealedFiles, type SealedFiles } from './sealed-files.ts'

const searchesDefault = 10

export interface DrillOptions {
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: VerifyProgress) => void
  /** How many points of each collection are searched by their own vectors. Default 10. */
  readonly searches?: number
}

const ofDrill: Members<DrillOptions> = { signal: true, onProgress: true, searches: true }

export interface DrilledCollection {
  /** In the snapshot. */
  readonly name: string
  /** As counted in the clone. */
  readonly pointCount: number
  /** SHA-256 of the clone's content. */
  readonly contentHash: string
  /** How many were made. */
  readonly searches: number
}

export interface DrillReport {
  /** True if every collection was restored and is what it should be. */
  readonly ok: boolean
  /** `file`: the damaged object, or the metadata document of the collection that is not what it should be. */
  readonly problems: readonly Problem[]
  /** Those that could be restored. */
  readonly collections: readonly DrilledCollection[]
  /** Bytes that were read back from the store. */
  readonly bytes: number
  readonly durationMs: number
}

/** Clones of drills that are under way. */
const running = new WeakMap<Engine, Set<string>>()

/** Restores a snapshot aside, tries it out and removes it again. See `Snapshot.drill`. */
export async function drillSnapshot(engine: Engine, id: string, options: DrillOptions): Promise<DrillReport> {
  checkMembers(options, ofDrill, { cannot: 'Cannot drill', of: 'the options' })
  const searches = options.searches ?? searchesDefault
  if (!Number.isSafeInteger(searches) || searches < 0) {
    const text = `Cannot drill: searches is ${String(searches)}, not a whole number from 0`
    throw new DatabaseError('request-invalid', text, { searches })
  }
  const startedAt = engine.parts.clock.monotonic()
  const files = await openSealedFiles(engine, id)
  try {
    await dropLeftoverDrills(engine)
    const drill = new Drill(engine, files, searches, options)
    const { problems, collections, bytes, hashes } = await drill.run()
    const ok = problems.length === 0
    const drilled = createMark(engine, ok, problems, bytes)
    await engine.submit({ type: 'update-snapshot', id, change: { drilled, contentHashes: hashes } })
    return { ok, problems, collections, bytes, durationMs: engine.parts.clock.monotonic() - startedAt }
  } finally {
    files.release()
  }
}

/** Drops the clones of drills that a crash interrupted. */
export async function dropLeftoverDrills(engine: Engine): Promise<void> {
  const own = running.get(engine)
  for (const state of [...engine.parts.catalog.collections.values()]) {
    if (!isDrillClone(state) || own?.has(state.id) === true) continue
    await engine.submit({ type: 'drop-collection', name: state.name })
    engine.parts.logger.info('dropped what an interrupted drill left', { collection: state.name })
  }
}

class Drill {
  readonly #engine: Engine
  readonly #files: SealedFiles
  readonly #searches: number
  readonly #options: DrillOptions
  readonly #store: MeteredStore
  readonly #problems: Problem[] = []
  readonly #collections: DrilledCollection[] = []
  readonly #hashes: Record<string, string> = {}
  readonly #totalBytes: number
  #bytes = 0

  constructor(engine: Engine, files: SealedFiles, searches: number, options: DrillOptions) {
    this.#engine = engine
    this.#files = files
    this.#searches = searches
    this.#options = options
    this.#totalBytes = files.plan.contents.reduce((sum, content) => sum + bytesOf(files.plan, content), 0)
    this.#store = new MeteredStore(engine.parts.store, (key, bytes) => this.#onRead(key, bytes))
  }

  async run() {
    const { plan } = this.#files
    let damage: DatabaseError | undefined
    for (const content of plan.contents) {
      this.#checkSignal()
      try {
        await this.#drillCollection(content)
      } catch (error) {
        if (!isDamage(error)) throw error
        damage = error
      }
    }
    if (damage !== undefined || plan.problems.length > 0) await this.#nameDamage(damage)
    return {
      problems: this.#problems,
      collections: this.#collections,
      bytes: this.#bytes,
      hashes: this.#hashes,
    }
  }

  async #drillCollection(content: SealedContent): Promise<void> {
    this.#compareRecords(content)
    const expected = await this.#expectedHash(content)
    // A registry of its own: what happens to be in memory proves nothing of the store.
    const aside = await openView(this.#store, new SegmentRegistry(), content.stored)
    try {
      await this.#withClone(content, aside, (clone) => this.#tryOut(content, clone, expected))
    } finally {
      aside.release()
    }
  }

  /** Runs `use` on a real clone, made by a log record as any restore, which is gone afterwards. */
  async #withClone(content: SealedContent, aside: View, use: (id: string) => Promise<void>): Promise<void> {
    const engine = this.#engine
    const id = engine.parts.random.uuid()
    const name = drillCloneName(id)
    const source = content.stored.collection
    const own = running.get(engine) ?? new Set()
    running.set(engine, own.add(id))
    try {
      await engine.submit(
        {
          type: 'restore',
          source: { snapshot: this.#files.state.record.id },
          collections: [{ source, id, name, inPlace: false }],
          aliases: {},
          undo: null,
        },
        new Map([[source, aside]]),
      )
      try {
        await use(id)
      } finally {
        await engine.submit({ type: 'drop-collection', name })
      }
    } finally {
      own.delete(id)
    }
  }

  async #tryOut(content: SealedContent, id: string, expected: string): Promise<void> {
    const engine = this.#engine
    const view = engine.state(id).view(engine.appliedSeq)
    try {
      const pointCount = view.pointCount()
      if (pointCount !== content.pointCount)
        this.#blame(content, `count: it has ${pointCount} points, its manifest says ${content.pointCount}`)
      if (textOf(view.config) !== textOf(content.stored.config))
        this.#blame(content, 'config: the clone has another configuration')
      const contentHash = await contentHashOf(view, () => this.#checkSignal())
      if (contentHash !== expected)
        this.#blame(
          content,
          `hash: the clone's content hash is ${contentHash}, the snapshot's is ${expected}`,
        )
      const searches = await this.#search(content, view)
      this.#collections.push({ name: content.name, pointCount, contentHash, searches })
    } finally {
      view.release()
    }
  }

  async #search(content: SealedContent, view: View): Promise<number> {
    const { random } = this.#engine.parts
    const reader = new CollectionReader({
      name: content.name,
      id: content.stored.collection,
      view: () => view.copy(),
      random: () => random.next(),
      services: this.#engine.parts.reading,
    })
    const known = sampleVectors(view, this.#searches, random)
    for (const vector of known) {
      this.#checkSignal()
      const why = await searchItself(reader, vector)
      if (why !== undefined) this.#blame(content, why)
    }
    return known.length
  }

  /** The hash that was kept, or that of the snapshot's own view, which is kept from now on. */
  async #expectedHash({ stored }: SealedContent): Promise<string> {
    const { state } = this.#files
    const kept = state.marks.contentHashes[stored.collection]
    if (kept !== undefined) return kept
    const view = await this.#engine.openSnapshot(state, stored.collection)
    try {
      const hash = await contentHashOf(view, () => this.#checkSignal())
      this.#hashes[stored.collection] = hash
      return hash
    } finally {
      view.release()
    }
  }

  /** What the files say of the snapshot against what the catalog says. Names and notes may have changed since. */
  #compareRecords(content: SealedContent): void {
    const { record } = this.#files.state
    const found = content.record
    if (found.id !== record.id || found.seq !== record.seq)
      this.#blame(content, `format: it is of snapshot ${found.id} at ${found.seq}`)
    if (textOf(found.aliases) !== textOf(record.aliases))
      this.#blame(content, 'aliases: they are not those of the catalog')
    if (textOf(found.collections) !== textOf(record.collections))
      this.#blame(content, 'collections: they are not those of the catalog')
    const named = record.collections.find(({ collection }) => collection === content.stored.collection)
    if (named?.name !== content.name) this.#blame(content, 'collections: it is of another collection')
  }

  /** A restore ends at the first damage; this names all of it. */
  async #nameDamage(damage: DatabaseError | undefined): Promise<void> {
    const { clock, store, verified } = this.#engine.parts
    const { signal } = this.#options
    const isStopped = (): boolean => signal?.aborted === true || !this.#engine.isOpen
    const source = { store, clock, isStopped, again: new Set<string>(), verified }
    const { problems, bytes } = await runVerification(source, this.#files.plan, {})
    this.#checkSignal()
    this.#bytes += bytes
    this.#problems.push(...problems)
    if (problems.length > 0 || damage === undefined) return
    const why = damage.kind === 'corrupt' ? `format: ${damage.message}` : whyUnread(damage)
    this.#problems.push({ file: keyOf(damage, this.#files.state.record.id), why })
  }

  #blame(content: SealedContent, why: string): void {
    this.#problems.push({ file: content.keys[0]!, why })
  }

  #onRead(key: string, bytes: number): void {
    this.#checkSignal()
    this.#bytes += bytes
    this.#options.onProgress?.({
      // A segment's end is read twice: it says which parts of it are worth keeping.
      bytes: Math.min(this.#bytes, this.#totalBytes),
      totalBytes: this.#totalBytes,
      file: key,
      problems: this.#problems.length,
    })
  }

  #checkSignal(): void {
    if (this.#options.signal?.aborted === true)
      throw new DatabaseError('cancelled', 'Cannot go on with the drill: it was cancelled')
  }
}

/** Bytes that opening the collection reads. */
function bytesOf(plan: VerifyPlan, content: SealedContent): number {
  const keys = new Set(content.keys)
  return plan.files.reduce(
    (sum, { key, bytes, sha256 }) => (sha256 !== undefined && keys.has(key) ? sum + bytes : sum),
    0,
  )
}

function textOf(value: unknown): string {
  return canonicalJson(value as JsonValue)
}
