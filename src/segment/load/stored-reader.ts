import { isFineFor } from '../../graph/codes/fine-codes.ts'
import { centreOf } from '../../graph/codes/centre.ts'
import { isMovable, rowBytesOf } from '../../graph/codes/elements.ts'
import type { PlacedPlan } from '../../graph/graph-reader.ts'
import { runsWithin } from '../../graph/row-runs.ts'
import { encodeRunOf } from '../../graph/stored/encode-stored.ts'
import { StoredColumn, type CodeElements } from '../../graph/stored/stored-column.ts'
import type { OpenFile } from '../../storage/disk.ts'
import type { StoredVectors } from '../row-set.ts'
import { sharedBytes } from '../shared-array.ts'
import type { CheckedFile, Stretch } from './checked-file.ts'
import type { RunLoadJob } from './load-threads.ts'

/** Rows that are read, encoded and forgotten in one step. */
const stepBytes = 8 * 2 ** 20
// A sample is some rows at some places of the file: each place is a block to be read.
const samplePlaces = 16
const sampleRowsPerPlace = 32
/** Of each place: fine codes are told by fewer rows. */
const fineRowsPerPlace = 4

/** Rows in a file, of which the presence bits have been checked. */
export interface StoredSource extends PlacedPlan {
  readonly file: CheckedFile
}

/**
 * A column whose rows stay in the file, which has been read and checked once when this resolves. It owns `opened`, also if this
 * fails. @throws segment-corrupt, overloaded
 */
export async function readStored(
  source: StoredSource,
  opened: OpenFile,
  { metric, codes }: StoredVectors,
  run: RunLoadJob,
): Promise<StoredColumn> {
  let column: StoredColumn | undefined
  try {
    const { file, dimensions, rowCount, presence, runs } = source
    const sample = await readSample(source)
    const usual = sample.flatMap((rows) => spread(rows, fineRowsPerPlace))
    const elements: CodeElements = codes ?? (isFineFor(usual, dimensions, metric) ? 'int8' : 'bfloat16')
    const centre = isMovable(metric) ? centreOf(sample.flat(), dimensions) : undefined
    const shape = { dimensions, rowCount, elements, centre }
    column = new StoredColumn(shape, { file: opened, key: file.key, runs })
    await encodeAll(source, column, run)
    column.adopt(presence)
    return column
  } catch (error) {
    if (column === undefined) opened.close()
    else column.dispose()
    throw error
  }
}

async function encodeAll(source: StoredSource, column: StoredColumn, run: RunLoadJob): Promise<void> {
  const { dimensions, rowCount, presentCount, presence } = source
  const plan = { dimensions, rowCount, presentCount, presence }
  const rowBytes = rowBytesOf('float32', dimensions)
  const stepRows = Math.min(Math.max(1, Math.floor(stepBytes / rowBytes)), Math.max(1, rowCount))
  const { arena } = column
  const staging = arena.allocate(stepRows * rowBytes)
  // The codes have taken the last room that there was: nothing could be read to that memory, nor searched in it.
  if (staging === undefined) throw new Error('the memory of its codes has no room to read it')
  try {
    // One for all steps: many would be garbage of the size of the file.
    const room = sharedBytes(stepRows * rowBytes)
    for (let firstRow = 0; firstRow < rowCount; firstRow += stepRows) {
      const count = Math.min(stepRows, rowCount - firstRow)
      const rows = room.subarray(0, count * rowBytes)
      await readRowsTo(rows, source, firstRow, count)
      const job = {
        plan,
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

/** `count` rows from `firstRow` on, one behind the other. */
async function readRowsTo(
  target: Uint8Array,
  { file, dimensions, runs }: StoredSource,
  firstRow: number,
  count: number,
): Promise<void> {
  const rowBytes = rowBytesOf('float32', dimensions)
  const stretches: Stretch[] = []
  let at = 0
  for (const { offset, rowCount } of runsWithin(runs, rowBytes, firstRow, count)) {
    const end = at + rowCount * rowBytes
    stretches.push({ offset, targets: [target.subarray(at, end)] })
    at = end
  }
  await file.readStretches(stretches)
}

/** Vectors from places all over the file, place by place. */
async function readSample(source: StoredSource): Promise<Float32Array[][]> {
  const { dimensions, rowCount, presence } = source
  const rowBytes = rowBytesOf('float32', dimensions)
  const places: Float32Array[][] = []
  const count = Math.min(sampleRowsPerPlace, Math.ceil(rowCount / samplePlaces))
  for (let place = 0; place < samplePlaces && rowCount > 0; place++) {
    const first = Math.min(Math.floor((place * rowCount) / samplePlaces), rowCount - count)
    const bytes = sharedBytes(count * rowBytes)
    await readRowsTo(bytes, source, first, count)
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
