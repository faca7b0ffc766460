import {
  adoptGraph,
  graphHeadBytesMax,
  planGraph,
  readGraph,
  type GraphPlan,
} from '../../graph/graph-reader.ts'
import { VectorColumn } from '../../graph/vector-column.ts'
import { decoding } from '../file-reader.ts'
import { packedSuffix } from '../format.ts'
import { readPacked } from '../packed-format.ts'
import type { DeclaredVector, RowVectors } from '../row-set.ts'
import { sharedBytes } from '../shared-array.ts'
import type { CheckedFile } from './checked-file.ts'
import type { RunLoadJob } from './load-threads.ts'
import { readStored } from './stored-reader.ts'

/** A column from its file, of whatever kind that is. @throws segment-corrupt, version-unsupported, overloaded */
export async function readVectors(
  file: CheckedFile,
  rowCount: number,
  declared: DeclaredVector | undefined,
  run: RunLoadJob,
): Promise<RowVectors> {
  return decoding(file.key, async () => {
    const isPacked = file.key.endsWith(packedSuffix)
    const kind = declared?.kind ?? 'dense'
    if (declared !== undefined && isPacked !== (kind !== 'dense'))
      throw new Error(`its vectors are not ${kind}`)
    if (isPacked) {
      const expected = declared === undefined || kind === 'dense' ? {} : { declared: { ...declared, kind } }
      return readPacked(await file.read(0, file.bytes), { rowCount, ...expected })
    }
    const expected = { rowCount, ...(declared && { dimensions: declared.dimensions }) }
    const stored = declared?.stored
    if (stored !== undefined && !isPacked && file.canStayOpen) {
      const plan = await planOf(file, expected)
      if (plan !== undefined) return readStored(file, await file.keepOpen(), plan, stored, run)
    }
    if (!file.isInBlocks) return readGraph(await file.read(0, file.bytes), expected)
    const plan = await planOf(file, expected)
    return plan === undefined ? readGraph(await file.read(0, file.bytes), expected) : readPlanned(file, plan)
  })
}

async function planOf(
  file: CheckedFile,
  expected: { readonly rowCount: number; readonly dimensions?: number },
): Promise<GraphPlan | undefined> {
  const head = await file.read(0, Math.min(file.bytes, graphHeadBytesMax))
  return planGraph(head, file.bytes, expected)
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
