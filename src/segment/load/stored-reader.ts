import { isFineFor } from '../../graph/codes/fine-codes.ts'
import { centreOf } from '../../graph/codes/centre.ts'
import { isMovable, rowBytesOf } from '../../graph/codes/elements.ts'
import { checkPlannedPresence, type GraphPlan } from '../../graph/graph-reader.ts'
import { encodeRunOf } from '../../graph/stored/encode-stored.ts'
import { StoredColumn, type CodeElements } from '../../graph/stored/stored-column.ts'
import type { OpenFile } from '../../storage/disk.ts'
import type { StoredVectors } from '../row-set.ts'
import { sharedBytes } from '../shared-array.ts'
import { sumBlockBytes } from './block-sums.ts'
import type { CheckedFile } from './checked-file.ts'
import type { RunLoadJob } from './load-threads.ts'

/** Rows that are read, encoded and forgotten in one step. */
const stepBytes = 8 * 2 ** 20
/** A step may begin and end within a block of the file's sums. */
const roomBytesMore = 2 * sumBlockBytes
// A sample is some rows at some places of the file: each place is a block to be read.
const samplePlaces = 16
const sampleRowsPerPlace = 32
/** Of each place: fine codes are told by fewer rows. */
const fineRowsPerPlace = 4

/**
 * A column whose rows stay in the file, which has been read and checked once when this resolves. It owns `opened`, also if this
 * fails. @throws segment-corrupt, overloaded
 */
export async function readStored(
  file: CheckedFile,
  opened: OpenFile,
  plan: GraphPlan,
  { metric, codes }: StoredVectors,
  run: RunLoadJob,
): Promise<StoredColumn> {
  let column: StoredColumn | undefined
  try {
    const { dimensions, rowCount, presence: place, vectors } = plan
    const presence = sharedBytes(place.bytes)
    presence.set(await file.read(place.offset, place.offset + place.bytes))
    checkPlannedPresence(plan, presence)
    const sample = await readSample(file, plan, presence)
    const usual = sample.flatMap((rows) => spread(rows, fineRowsPerPlace))
    const elements: CodeElements = codes ?? (isFineFor(usual, dimensions, metric) ? 'int8' : 'bfloat16')
    const centre = isMovable(metric) ? centreOf(sample.flat(), dimensions) : undefined
    const shape = { dimensions, rowCount, elements, centre }
    column = new StoredColumn(shape, { file: opened, key: file.key, offset: vectors.offset })
    await encodeAll(file, plan, presence, column, run)
    column.adopt(presence)
    return column
  } catch (error) {
    if (column === undefined) opened.close()
    else column.dispose()
    throw error
  }
}

async function encodeAll(
  file: CheckedFile,
  plan: GraphPlan,
  presence: Uint8Array,
  column: StoredColumn,
  run: RunLoadJob,
): Promise<void> {
  const { dimensions, rowCount, vectors } = plan
  const rowBytes = rowBytesOf('float32', dimensions)
  const stepRows = Math.min(Math.max(1, Math.floor(stepBytes / rowBytes)), Math.max(1, rowCount))
  const { arena } = column
  const staging = arena.allocate(stepRows * rowBytes)
  // The codes have taken the last room that there was: nothing could be read to that memory, nor searched in it.
  if (staging === undefined) throw new Error('the memory of its codes has no room to read it')
  try {
    // One for all steps: many would be garbage of the size of the file.
    const room = file.isInBlocks ? sharedBytes(stepRows * rowBytes + roomBytesMore) : undefined
    for (let firstRow = 0; firstRow < rowCount; firstRow += stepRows) {
      const count = Math.min(stepRows, rowCount - firstRow)
      const start = vectors.offset + firstRow * rowBytes
      const rows = await file.read(start, start + count * rowBytes, room)
      const job = {
        plan,
        presence,
        rows,
        firstRow,
        memory: arena.memory,
        sums: column.sumsAddress + firstRow * 4,
      }
      await run({ kind: 'encode', ...job, run: encodeRunOf(column, firstRow, count, staging.offset) })
    }
  } finally {
    arena.free(staging)
  }
}

/** Vectors from places all over the file, place by place. */
async function readSample(
  file: CheckedFile,
  { dimensions, rowCount, vectors }: GraphPlan,
  presence: Uint8Array,
): Promise<Float32Array[][]> {
  const rowBytes = rowBytesOf('float32', dimensions)
  const places: Float32Array[][] = []
  const count = Math.min(sampleRowsPerPlace, Math.ceil(rowCount / samplePlaces))
  for (let place = 0; place < samplePlaces && rowCount > 0; place++) {
    const first = Math.min(Math.floor((place * rowCount) / samplePlaces), rowCount - count)
    const start = vectors.offset + first * rowBytes
    const bytes = (await file.read(start, start + count * rowBytes)).slice()
    const found: Float32Array[] = []
    for (let row = first; row < first + count; row++) {
      if (((presence[row >>> 3]! >>> (row & 7)) & 1) === 0) continue
      found.push(new Float32Array(bytes.buffer, (row - first) * rowBytes, dimensions))
    }
    places.push(found)
  }
  return places
}

/** Some of them, from the first to the last. */
function spread<T>(values: readonly T[], count: number): T[] {
  const most = Math.min(count, values.length)
  return Array.from({ length: most }, (_, at) => values[Math.floor((at * values.length) / most)]!)
}
