import { DatabaseError } from '../../../errors/database-error.ts'
import { assert } from '../../../runtime/assert.ts'
import type { QdrantBlock, QdrantIds, QdrantPoint, QdrantSegment, QdrantSlot } from '../types.ts'
import type { VectorLayout } from '../vector-layout.ts'
import { compareVersions, readVersion, segmentVersion } from '../version-info.ts'
import type { SlotList } from './ids/slot-list.ts'
import { readTracker } from './ids/read-tracker.ts'
import {
  checkAgrees,
  oldStore,
  openPayloadColumn,
  openVectorColumn,
  type SlotBounds,
  type VectorColumn,
} from './open-columns.ts'
import { pointsOfBlock } from './block-points.ts'
import { readBlocks, type PointColumns } from './read-blocks.ts'
import { readSegmentConfig, type SegmentVector } from './segment-config.ts'
import { BlockMemory } from './slot-column.ts'
import type { SegmentFiles } from './segment-files.ts'

// Looked up at once: each column takes a read for them.
const slotsPerBatch = 16_384
const oldFiles = /^(?:.*\/)?(?:db_backup|db)\/|^(?:CURRENT|MANIFEST-\d+|[^/]+\.sst)$/

/**
 * Opens the files of a segment: reads all of its ids, and of the rest what says how it is laid out.
 * `expected` are the vectors of the collection by name, if they are known: others are left out.
 * @throws archive-invalid, version-unsupported
 */
export async function openSegment(
  files: SegmentFiles,
  expected: ReadonlyMap<string, VectorLayout> | undefined,
): Promise<QdrantSegment> {
  await checkVersion(files)
  const config = readSegmentConfig(await files.json('segment.json'))
  const document = files.get('segment.json').name
  if (config.hasOldPayloads) throw oldStore(document)
  const tracker = await readTracker(files)
  // Servers that moved everything out of RocksDB leave its files behind. Whether payloads and vectors are still there, segment.json
  // says; of ids, that they are nowhere else. Indexes are made anew, wherever they were.
  const old = tracker.kind === 'none' ? [...files.paths()].find((path) => oldFiles.test(path)) : undefined
  if (old !== undefined) throw oldStore(files.get(old).name)
  const { slots, slotCount } = tracker.list
  const bounds: SlotBounds = { slotCount, livingEnd: (slots.at(-1) ?? -1) + 1, kind: tracker.kind }
  const vectors: [string, VectorColumn][] = []
  for (const vector of known(config.vectors, expected)) {
    const layout = expected?.get(vector.name)
    if (layout !== undefined) checkAgrees(document, vector, layout)
    vectors.push([vector.name, await openVectorColumn(files, vector, bounds)])
  }
  const columns = { vectors, payload: await openPayloadColumn(files, bounds) }
  return new OpenSegment(files.name, config.version, tracker.list, columns)
}

function known(
  vectors: readonly SegmentVector[],
  expected: ReadonlyMap<string, VectorLayout> | undefined,
): readonly SegmentVector[] {
  return expected === undefined ? vectors : vectors.filter(({ name }) => expected.has(name))
}

async function checkVersion(files: SegmentFiles): Promise<void> {
  const entry = files.get('version.info')
  const version = await readVersion(entry, segmentVersion)
  if (compareVersions(version, '0.6.0') >= 0) return
  const message = `Cannot read archive: entry ${entry.name}: segments of version ${version} are too old`
  throw new DatabaseError('version-unsupported', message, { entry: entry.name, version })
}

class OpenSegment implements QdrantSegment {
  readonly name: string
  readonly version: number | null
  readonly #list: SlotList
  readonly #columns: PointColumns

  constructor(name: string, version: number | null, list: SlotList, columns: PointColumns) {
    this.name = name
    this.version = version
    this.#list = list
    this.#columns = columns
  }

  get pointCount(): number {
    return this.#list.pointCount
  }

  async *ids(): AsyncGenerator<readonly QdrantSlot[]> {
    yield* this.#list.batches(slotsPerBatch)
  }

  get idColumns(): QdrantIds {
    return this.#list.columns
  }

  async *points(slots: Iterable<number>): AsyncGenerator<readonly QdrantPoint[]> {
    for await (const block of this.blocks(Uint32Array.from(slots))) yield pointsOfBlock(block)
  }

  async *blocks(slots: Uint32Array): AsyncGenerator<QdrantBlock> {
    const memory = new BlockMemory()
    for (let from = 0, last = -1; from < slots.length; from += slotsPerBatch) {
      const batch = slots.subarray(from, from + slotsPerBatch)
      assert(
        ascend(batch, last) && batch.at(-1)! < this.#list.slotCount,
        'slots ascend and are those of the segment',
      )
      last = batch.at(-1)!
      yield* readBlocks(this.#columns, batch, memory)
    }
  }
}

/** Whether each is above the one before it, the first above `last`. */
function ascend(slots: Uint32Array, last: number): boolean {
  for (let i = 0, before = last; i < slots.length; before = slots[i++]!) if (slots[i]! <= before) return false
  return true
}
