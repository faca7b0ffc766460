import { idOfWords, type IdWords } from '../../../ids/point-id.ts'
import { readAhead } from '../../../segment/file-reader.ts'
import { invalidEntry } from '../../../snapshot/archive/archive-error.ts'
import type { QdrantBlock, QdrantSegment, QdrantShard } from '../../../snapshot/qdrant/types.ts'
import type { ImportedRows } from './imported-rows.ts'
import { NewestPoints } from './newest-points.ts'
import { storedVectors } from './stored-vectors.ts'

/** The points of a shard's segments: of each the newest version. @throws archive-invalid, cancelled */
export async function fillRows(
  rows: ImportedRows,
  shard: QdrantShard,
  onDropped: (name: string) => void,
): Promise<void> {
  const newest = new NewestPoints()
  for (const [index, segment] of shard.segments.entries())
    for (const _ of newest.addAll(index, segment.idColumns)) await rows.pause()
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
  const { vectors: schema } = rows.config
  const slots = Uint32Array.from(places, (place) => newest.slotAt(place))
  for (let i = 1; i < slots.length; i++) {
    if (slots[i] === slots[i - 1])
      throw invalidEntry(segment.name, `slot ${slots[i]!} is there twice`, { slot: slots[i] })
  }
  let at = 0
  for await (const block of readAhead(segment.blocks(slots))) {
    const mine = places.subarray(at, at + block.slots.length)
    checkSlots(segment, block, slots, at)
    if (rows.hasSealed) checkNew(rows, { shard, segment }, newest, mine)
    const { words, kinds, versions } = newest.columnsOf(mine)
    rows.putAll({
      rowCount: mine.length,
      ids: { words, kinds },
      written: versions,
      payloads: block.payloads,
      vectors: storedVectors(segment.name, block, schema, onDropped),
    })
    at += mine.length
    await rows.pause()
  }
  if (at !== places.length) throw invalidEntry(segment.name, `it gave ${at} of ${places.length} points`)
}

/** What the segment gave must be what it was asked for. */
function checkSlots(segment: QdrantSegment, block: QdrantBlock, slots: Uint32Array, at: number): void {
  for (let i = 0; i < block.slots.length; i++) {
    if (block.slots[i] === slots[at + i]) continue
    throw invalidEntry(segment.name, `it gave slot ${block.slots[i]!} in the place of ${slots[at + i]!}`, {
      slot: block.slots[i],
    })
  }
}

/** Of the shard itself each id is there once. */
function checkNew(
  rows: ImportedRows,
  { shard, segment }: { readonly shard: QdrantShard; readonly segment: QdrantSegment },
  newest: NewestPoints,
  places: Uint32Array,
): void {
  const id: IdWords = { kind: 0, w0: 0, w1: 0, w2: 0, w3: 0 }
  for (const place of places) {
    newest.idAt(place, id)
    if (rows.find(id) === undefined) continue
    const where = shard.key === undefined ? 'another shard' : 'another shard of its key'
    const shown = String(idOfWords(id))
    throw invalidEntry(segment.name, `point ${shown} is in ${where}, too`, { id: shown })
  }
}
