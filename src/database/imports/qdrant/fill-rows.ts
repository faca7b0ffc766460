import type { IdWords } from '../../../ids/point-id.ts'
import { idOfWords } from '../../../ids/point-id.ts'
import { invalidEntry } from '../../../snapshot/archive/archive-error.ts'
import type { QdrantSegment, QdrantShard } from '../../../snapshot/qdrant/types.ts'
import type { ImportedRows } from './imported-rows.ts'
import { NewestPoints } from './newest-points.ts'
import { storedVectors } from './stored-point.ts'

/** The points of a shard's segments: of each the newest version. @throws archive-invalid, cancelled */
export async function fillRows(
  rows: ImportedRows,
  shard: QdrantShard,
  onDropped: (name: string) => void,
): Promise<void> {
  const newest = new NewestPoints()
  for (const [index, segment] of shard.segments.entries()) {
    for await (const slots of segment.ids()) {
      for (const one of slots) newest.add(index, one)
      await rows.pause()
    }
  }
  for (const [index, segment] of shard.segments.entries()) {
    await copySegment(rows, { shard, segment }, newest, newest.ofSegment(index), onDropped)
  }
}

async function copySegment(
  rows: ImportedRows,
  { shard, segment }: { readonly shard: QdrantShard; readonly segment: QdrantSegment },
  newest: NewestPoints,
  places: Uint32Array,
  onDropped: (name: string) => void,
): Promise<void> {
  function* slots(): Iterable<number> {
    for (const place of places) yield newest.slotAt(place)
  }
  const id: IdWords = { kind: 0, w0: 0, w1: 0, w2: 0, w3: 0 }
  const { vectors: schema } = rows.config
  let at = 0
  for await (const points of segment.points(slots())) {
    for (const point of points) {
      const place = places[at]
      if (place === undefined || newest.slotAt(place) !== point.slot)
        throw invalidEntry(segment.name, `slot ${point.slot} is there twice`, { slot: point.slot })
      at += 1
      newest.idAt(place, id)
      // Of the shard itself each id is there once.
      if (rows.hasSealed && rows.find(id) !== undefined) {
        const where = shard.key === undefined ? 'another shard' : 'another shard of its key'
        const why = `point ${String(idOfWords(id))} is in ${where}, too`
        throw invalidEntry(segment.name, why, { id: String(idOfWords(id)) })
      }
      const vectors = storedVectors(segment.name, point, schema, onDropped)
      rows.put(id, newest.versionAt(place), { payload: point.payload, vectors })
    }
    await rows.pause()
  }
  if (at !== places.length) throw invalidEntry(segment.name, `it gave ${at} of ${places.length} points`)
}
