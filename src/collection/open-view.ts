import type { CollectionId, SegmentId, SequenceNumber } from '../ids/brands.ts'
import type { DeltaRef, ManifestEntry } from '../manifest/format.ts'
import { DatabaseError } from '../errors/database-error.ts'
import { allEnded } from '../runtime/all-ended.ts'
import { readDelta } from '../segment/delta-reader.ts'
import { corruptFile, segmentKey, type SegmentInfo } from '../segment/format.ts'
import { readSegment, segmentBytes } from '../segment/segment-reader.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import { Deletions } from './deletions.ts'
import { writtenColumns } from './graph-params.ts'
import type { SegmentHandle, SegmentRegistry } from './segment-handle.ts'
import { rowLimitOf, View, type FullConfig, type ViewEntry } from './view.ts'

// While one segment is hashed and decoded, the next is read.
const acquiredAtOnce = 2

/** A collection as files hold it: a manifest's content, or a snapshot's. */
export interface StoredView {
  readonly collection: CollectionId
  readonly seq: SequenceNumber
  readonly config: FullConfig
  readonly shards: readonly (readonly ManifestEntry[])[]
  readonly segments: readonly SegmentInfo[]
}

/** Follows the opening of a view. */
export interface OpenWatch {
  /** A segment of it is in memory. */
  onSegment(info: SegmentInfo): void
  /** True: what is left is not read any more, and opening fails with database-closed. */
  isGivenUp(): boolean
}

/**
 * Brings a stored collection into memory: segments that are not there yet are read and verified, deletions too.
 * The view belongs to the caller, who releases it.
 * @throws segment-corrupt, manifest-corrupt, object-not-found
 */
export async function openView(
  store: ObjectStore,
  registry: SegmentRegistry,
  stored: StoredView,
  watch?: OpenWatch,
): Promise<View> {
  const handles = new Map<SegmentId, SegmentHandle>()
  try {
    await acquireAll(store, registry, stored, handles, watch)
    const shards: ViewEntry[][] = []
    for (const entries of stored.shards) {
      const shard: ViewEntry[] = []
      for (const entry of entries)
        shard.push(await openEntry(store, stored.collection, handles.get(entry.segment)!, entry))
      shards.push(shard)
    }
    return new View(stored.seq, stored.config, shards)
  } finally {
    // The view has its own retention by now, or nobody needs the segments.
    for (const handle of handles.values()) handle.release()
  }
}

/** Fills `handles` with the segments of all entries, the largest first; they belong to the caller also after a failure. */
async function acquireAll(
  store: ObjectStore,
  registry: SegmentRegistry,
  { shards, segments, config }: StoredView,
  handles: Map<SegmentId, SegmentHandle>,
  watch: OpenWatch | undefined,
): Promise<void> {
  const infos = new Map(segments.map((info) => [info.id, info]))
  const vectors = writtenColumns(config, registry.graphSettings)
  const waiting = [...new Set(shards.flat().map(({ segment }) => segment))]
    .map((id) => infos.get(id) ?? missingSegment(id))
    .sort((a, b) => segmentBytes(b) - segmentBytes(a))
  let hasFailed = false
  const acquireNext = async (): Promise<void> => {
    for (let info = waiting.shift(); info !== undefined && !hasFailed; info = waiting.shift()) {
      const wanted = info
      try {
        if (watch?.isGivenUp() === true) throw givenUp()
        const load = () => readSegment(store, wanted, vectors, registry.loading)
        handles.set(wanted.id, await registry.acquire(wanted, load))
        watch?.onSegment(wanted)
      } catch (error) {
        hasFailed = true
        throw error
      }
    }
  }
  await allEnded(Array.from({ length: acquiredAtOnce }, acquireNext))
}

function givenUp(): DatabaseError {
  return new DatabaseError('database-closed', 'Cannot open the collection: the database has been closed')
}

function missingSegment(id: SegmentId): never {
  const text = `Cannot open segment ${id}: its manifest does not describe it`
  throw new DatabaseError('manifest-corrupt', text)
}

async function openEntry(
  store: ObjectStore,
  owner: CollectionId,
  handle: SegmentHandle,
  entry: ManifestEntry,
): Promise<ViewEntry> {
  const inheritedRows: Uint32Array[] = []
  for (const ref of entry.inherited) {
    inheritedRows.push(Uint32Array.from(await readPairs(store, handle, ref), ({ row }) => row))
  }
  const own: Pair[] = []
  for (const ref of entry.deltas) {
    const pairs = await readPairs(store, handle, ref)
    // Each file is in order; that they are among each other, a manifest from outside only says.
    if (own.length > 0 && pairs.length > 0 && pairs[0]!.seq < own.at(-1)!.seq)
      throw corruptFile(
        segmentKey(handle.id, ref.name),
        'its deletions are older than those of the file before',
      )
    own.push(...pairs)
  }
  const deletions = Deletions.read(owner, entry.inherited, inheritedRows, entry.deltas, own)
  return {
    handle,
    rowLimit: rowLimitOf(handle.rows, entry.rowsUpTo),
    rowsUpTo: entry.rowsUpTo,
    foreign: entry.foreign,
    deletions,
    deletionCount: deletions.count,
  }
}

interface Pair {
  readonly row: number
  readonly seq: SequenceNumber
}

async function readPairs(store: ObjectStore, handle: SegmentHandle, ref: DeltaRef): Promise<Pair[]> {
  const { rows, seqs } = await readDelta(store, handle.id, ref, handle.rows.rowCount)
  const pairs: Pair[] = []
  for (let i = 0; i < rows.length; i++) {
    if (seqs[i]! <= ref.upTo) pairs.push({ row: rows[i]!, seq: seqs[i]! as SequenceNumber })
  }
  return pairs
}
