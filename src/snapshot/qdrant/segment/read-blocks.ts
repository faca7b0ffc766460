import { allEnded } from '../../../runtime/all-ended.ts'
import type { TextBlock, VectorBlock } from '../../../segment/row-block.ts'
import type { QdrantBlock } from '../types.ts'
import type { VectorColumn } from './open-columns.ts'
import type { BlockMemory, SlotColumn } from './slot-column.ts'

const batchBytes = 4 * 1024 * 1024
const pointBytes = 50

export interface PointColumns {
  readonly vectors: readonly (readonly [name: string, column: VectorColumn])[]
  readonly payload: SlotColumn<TextBlock> | undefined
}

/** Points of a few thousand slots, in blocks of about `batchBytes`. @throws archive-invalid */
export async function* readBlocks(
  columns: PointColumns,
  slots: Uint32Array,
  memory: BlockMemory,
): AsyncGenerator<QdrantBlock> {
  const vectors = []
  for (const [name, column] of columns.vectors) vectors.push({ name, values: await column.locate(slots) })
  const payloads = await columns.payload?.locate(slots)
  const sized =
    payloads === undefined
      ? vectors.map(({ values }) => values)
      : [payloads, ...vectors.map(({ values }) => values)]
  for (let from = 0; from < slots.length;) {
    let to = from
    for (let bytes = 0; to < slots.length; to++) {
      for (const values of sized) bytes += values.bytesAt(to)
      bytes += pointBytes
      if (bytes > batchBytes && to > from) break
    }
    memory.next()
    const texts = payloads?.read(from, to, memory) ?? Promise.resolve(noTexts(to - from))
    // At the same time: the system reads one while the other is checked. Nothing is read any more when one of them has failed.
    const reads = vectors.map(({ values }) => values.read(from, to, memory))
    await allEnded<TextBlock | VectorBlock>([texts, ...reads])
    const byName = new Map<string, VectorBlock>()
    for (const [index, { name }] of vectors.entries()) byName.set(name, await reads[index]!)
    yield { slots: slots.subarray(from, to), vectors: byName, payloads: await texts }
    from = to
  }
}

function noTexts(count: number): TextBlock {
  return { bytes: new Uint8Array(0), ends: new Uint32Array(count) }
}
