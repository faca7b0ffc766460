import { expect, test } from 'vitest'
import { wordsOfId } from '../../../ids/point-id.ts'
import { seededRandom, type Random } from '../../../runtime/random.ts'
import type { QdrantIds } from '../../../snapshot/qdrant/types.ts'
import { NewestPoints } from './newest-points.ts'

interface Held {
  readonly segment: number
  readonly slot: number
  readonly version: number
}

const seed = 20_261_122
const below = (end: number, random: Random): number => Math.floor(random.next() * end)

test('of each id the newest version is found, whatever segments hold it, and the first of several that are equally new', () => {
  const random = seededRandom(seed)
  for (let round = 0; round < 50; round++) {
    const model = new Map<number, Held>()
    const segments: QdrantIds[] = []
    const segmentCount = 1 + below(5, random)
    for (let segment = 0; segment < segmentCount; segment++) {
      const ids = new Set(Array.from({ length: below(60, random) }, () => below(80, random)))
      const points = [...ids].map((id) => ({ id, version: below(4, random) }))
      for (const [slot, { id, version }] of points.entries()) {
        const held = model.get(id)
        if (held === undefined || version > held.version) model.set(id, { segment, slot: 2 * slot, version })
      }
      segments.push(idsOf(points))
    }
    const newest = new NewestPoints(segments)
    for (const _ of newest.compare());
    const found = new Map<number, Held>()
    for (const [segment, { words, slots, versions }] of segments.entries()) {
      const places = newest.ofSegment(segment)
      expect(places, `seed ${seed}`).toEqual(places.toSorted())
      for (const place of places) {
        const id = words[4 * place]!
        expect(found.has(id), `seed ${seed}`).toBe(false)
        found.set(id, { segment, slot: slots[place]!, version: versions[place]! })
      }
    }
    const ordered = (map: ReadonlyMap<number, Held>) => [...map].sort(([a], [b]) => a - b)
    expect(ordered(found), `seed ${seed}`).toEqual(ordered(model))
  }
})

function idsOf(points: readonly { readonly id: number; readonly version: number }[]): QdrantIds {
  return {
    slots: Uint32Array.from(points, (_, index) => 2 * index),
    versions: Float64Array.from(points, ({ version }) => version),
    kinds: new Uint8Array(points.length),
    words: Uint32Array.from(points.flatMap(({ id }) => [wordsOfId(id).w0, 0, 0, 0])),
  }
}
