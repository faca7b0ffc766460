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
    const texts = (await payloads?.read(from, to, memory)) ?? noTexts(to - from)
    const byName = new Map<string, VectorBlock>()
    for (const { name, values } of vectors) byName.set(name, await values.read(from, to, memory))
    yield { slots: slots.subarray(from, to), vectors: byName, payloads: texts }
    from = to
  }
}

function noTexts(count: number): TextBlock {
  return { bytes: new Uint8Array(0), ends: new Uint32Array(count) }
}
