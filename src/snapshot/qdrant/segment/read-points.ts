import type { QdrantPoint } from '../types.ts'
import type { VectorColumn } from './open-columns.ts'
import type { SlotColumn } from './slot-column.ts'

const batchBytes = 2 * 1024 * 1024
const pointBytes = 200
const noPayload = new Uint8Array(0)

export interface PointColumns {
  readonly vectors: readonly (readonly [name: string, column: VectorColumn])[]
  readonly payload: SlotColumn<Uint8Array> | undefined
}

/** Points of a few thousand slots, in batches of about `batchBytes`. @throws archive-invalid */
export async function* readPoints(columns: PointColumns, slots: Uint32Array): AsyncGenerator<QdrantPoint[]> {
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
    const texts = await payloads?.read(from, to)
    const batch = Array.from(slots.subarray(from, to), (slot, index) => {
      const byName: Record<string, QdrantPoint['vectors'][string]> = {}
      return { slot, vectors: byName, payload: texts?.[index] ?? noPayload }
    })
    for (const { name, values } of vectors) {
      const read = await values.read(from, to)
      for (let i = 0; i < read.length; i++) {
        const value = read[i]
        if (value !== undefined) setOwn(batch[i]!.vectors, name, value)
      }
    }
    yield batch
    from = to
  }
}

/** An assignment to `__proto__`, which is a name like others, would set the prototype. */
function setOwn<T>(target: Record<string, T>, name: string, value: T): void {
  if (name !== '__proto__') target[name] = value
  else Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true })
}
