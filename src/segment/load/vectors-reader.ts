import {
  adoptGraph,
  checkPlannedPresence,
  graphHeadBytesMax,
  isPlaced,
  planGraph,
  readGraph,
  readPlaces,
  type GraphPlan,
  type PlacedPlan,
} from '../../graph/graph-reader.ts'
import { VectorColumn } from '../../graph/vector-column.ts'
import { decoding } from '../file-reader.ts'
import { packedSuffix } from '../format.ts'
import { readPacked } from '../packed-format.ts'
import type { DeclaredVector, RowVectors, StoredVectors } from '../row-set.ts'
import { sharedBytes } from '../shared-array.ts'
import type { CheckedFile } from './checked-file.ts'
import type { RunLoadJob } from './load-threads.ts'
import { readStored, type StoredSource } from './stored-reader.ts'

interface VectorFiles {
  readonly file: CheckedFile
  /** Of the segment: some columns' files only say where in it their vectors are. */
  readonly openRows: () => Promise<CheckedFile>
}

/** A column from its file, of whatever kind that is. @throws segment-corrupt, version-unsupported, overloaded */
export async function readVectors(
  { file, openRows }: VectorFiles,
  rowCount: number,
  declared: DeclaredVector | undefined,
  run: RunLoadJob,
): Promise<RowVectors> {
  const kind = declared?.kind ?? 'dense'
  const isPacked = file.key.endsWith(packedSuffix)
  if (!isPacked && kind === 'dense') {
    const expected = { rowCount, ...(declared && { dimensions: declared.dimensions }) }
    return readDense({ file, openRows }, expected, declared?.stored, run)
  }
  return decoding(file.key, async () => {
    if (declared !== undefined && isPacked !== (kind !== 'dense'))
      throw new Error(`its vectors are not ${kind}`)
    const expected = declared === undefined || kind === 'dense' ? {} : { declared: { ...declared, kind } }
    return readPacked(await file.read(0, file.bytes), { rowCount, ...expected })
  })
}

async function readDense(
  { file, openRows }: VectorFiles,
  expected: { readonly rowCount: number; readonly dimensions?: number },
  stored: StoredVectors | undefined,
  run: RunLoadJob,
): Promise<RowVectors> {
  const head = await file.read(0, Math.min(file.bytes, graphHeadBytesMax))
  if (isPlaced(head)) {
    const rows = await openRows()
    const places = async () => readPlaces(await file.read(0, file.bytes), rows.bytes, expected)
    return readPlaced(rows, await decoding(file.key, places), stored, run)
  }
  return decoding(file.key, async () => {
    const staysThere = stored !== undefined && file.canStayOpen
    const plan = staysThere || file.isInBlocks ? planGraph(head, file.bytes, expected) : undefined
    if (plan === undefined) return readGraph(await file.read(0, file.bytes), expected)
    if (!staysThere) return readPlanned(file, plan)
    return readStored(await sourceOf(file, plan), await file.keepOpen(), stored, run)
  })
}

/** The vectors go from the file to where they stay, with no copy in between. */
async function readPlanned(file: CheckedFile, plan: GraphPlan): Promise<VectorColumn> {
  const { presence, vectors } = plan
  const { column, parts } = VectorColumn.reserve(plan.dimensions, plan.rowCount)
  try {
    const head = sharedBytes(vectors.offset)
    const tail = sharedBytes(file.bytes - vectors.offset - vectors.bytes)
    await file.readInto([head, ...parts, tail])
    adoptGraph(column, parts, plan, head.subarray(presence.offset, presence.offset + presence.bytes))
    return column
  } catch (error) {
    column.dispose()
    throw error
  }
}

/** Rows that stay in a `.graph` file, its presence bits in memory. */
async function sourceOf(
  file: CheckedFile,
  { dimensions, rowCount, presentCount, presence: place, vectors }: GraphPlan,
): Promise<StoredSource> {
  const presence = sharedBytes(place.bytes)
  presence.set(await file.read(place.offset, place.offset + place.bytes))
  checkPlannedPresence({ rowCount, presentCount }, presence)
  return { file, dimensions, rowCount, presentCount, presence, runs: [{ offset: vectors.offset, rowCount }] }
}

/** The same from rows.parquet. */
async function readPlaced(
  rows: CheckedFile,
  plan: PlacedPlan,
  stored: StoredVectors | undefined,
  run: RunLoadJob,
): Promise<RowVectors> {
  const { dimensions, rowCount, presence, runs } = plan
  if (stored !== undefined && rows.canStayOpen) {
    const source = { ...plan, file: rows }
    return decoding(rows.key, async () => readStored(source, await rows.keepOpen(), stored, run))
  }
  const { column, parts } = VectorColumn.reserve(dimensions, rowCount)
  try {
    const room = new Room(parts)
    const stretches = runs.map(({ offset, rowCount: count }) => ({
      offset,
      targets: room.take(count * dimensions * 4),
    }))
    await decoding(rows.key, () => rows.readStretches(stretches))
    column.adopt(rowCount, presence)
    return column
  } catch (error) {
    column.dispose()
    throw error
  }
}

/** Memory in parts, which is given away from its beginning to its end. */
class Room {
  readonly #parts: readonly Uint8Array[]
  #part = 0
  #at = 0

  constructor(parts: readonly Uint8Array[]) {
    this.#parts = parts
  }

  /** As much as is left, at most. */
  take(bytes: number): Uint8Array[] {
    const taken: Uint8Array[] = []
    for (let left = bytes; left > 0;) {
      const part = this.#parts[this.#part]!
      const piece = part.subarray(this.#at, this.#at + left)
      taken.push(piece)
      left -= piece.length
      this.#at += piece.length
      if (this.#at < part.length) continue
      this.#part += 1
      this.#at = 0
    }
    return taken
  }
}
