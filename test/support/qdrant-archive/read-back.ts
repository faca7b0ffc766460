import type { QdrantPoint, QdrantSegment } from '../../../src/snapshot/qdrant/types.ts'
import type { TestPoint } from './segment.ts'
import type { TestVector } from './vector-files.ts'

/** All points of a segment by slot, in the form that they are written from. */
export async function readSegmentPoints(segment: QdrantSegment): Promise<TestPoint[]> {
  const slots = []
  for await (const batch of segment.ids()) slots.push(...batch)
  slots.sort((a, b) => a.slot - b.slot)
  const points: TestPoint[] = []
  for await (const batch of segment.points(slots.map(({ slot }) => slot))) {
    for (const point of batch) {
      const { id, version, slot } = slots[points.length]!
      if (slot !== point.slot) throw new Error(`slot ${point.slot} came in the place of ${slot}`)
      points.push({ id, version, ...contentOf(point) })
    }
  }
  return points
}

function contentOf({ vectors, payload }: QdrantPoint): Pick<TestPoint, 'vectors' | 'payload'> {
  const plain = Object.entries(vectors).map(([name, value]): [string, TestVector] => {
    if ('indices' in value) return [name, { indices: [...value.indices], values: [...value.values] }]
    if (!('dimensions' in value)) return [name, [...value]]
    const { dimensions, values } = value
    const row = (i: number): number[] => [...values.subarray(i * dimensions, (i + 1) * dimensions)]
    return [name, Array.from({ length: values.length / dimensions }, (_, i) => row(i))]
  })
  return {
    vectors: Object.fromEntries(plain),
    ...(payload.byteLength === 0 ? {} : { payload: Buffer.from(payload).toString() }),
  }
}
