import { idOfWords, type IdWords } from '../../../ids/point-id.ts'
import { pickIds, readIdAt } from '../../../segment/id-column.ts'
import { readAhead } from '../../../segment/file-reader.ts'
import { invalidEntry } from '../../../snapshot/archive/archive-error.ts'
import type { QdrantBlock, QdrantIds, QdrantSegment, QdrantShard } from '../../../snapshot/qdrant/types.ts'
import type { ImportedRows } from './imported-rows.ts'
import { NewestPoints } from './newest-points.ts'
import { storedVectors } from './stored-vectors.ts'

/** The points of a shard's segments: of each the newest version. @throws archive-invalid, cancelled */
export async function fillRows(
  rows: ImportedRows,
  shard: QdrantShard,
  onDropped: (name: string) => void,
): Promise<void> {
  const newest = new NewestPoints(shard.segments.map(({ idColumns }) => idColumns))
  for (const _ of newest.compare()) await rows.pause()
  const places = shard.segments.map((_, index) => newest.ofSegment(index))
  rows.expect(places.reduce((sum, { length }) => sum + length, 0))
  for (const [index, segment] of shard.segments.entries())
    await copySegment(rows, { shard, segment }, places[index]!, onDropped)
  rows.expect(0)
}

/** The points at these places of the segment's columns. */
async function copySegment(
  rows: ImportedRows,
  { shard, segment }: { readonly shard: QdrantShard; readonly segment: QdrantSegment },
  places: Uint32Array,
  onDropped: (name: string) => void,
): Promise<void> {
  const { vectors: schema } = rows.config
  const slots = places.map((place) => segment.idColumns.slots[place]!)
  let at = 0
  for await (const block of readAhead(segment.blocks(slots))) {
    checkSlots(segment, block, slots, at)
    const { words, kinds, versions } = idsAt(segment.idColumns, places.subarray(at, at + block.slots.length))
    if (rows.hasSealed) checkNew(rows, { shard, segment }, { words, kinds })
    rows.putAll({
      rowCount: kinds.length,
      ids: { words, kinds },
      written: versions,
      payloads: block.payloads,
      vectors: storedVectors(segment.name, block, schema, onDropped),
    })
    at += kinds.length
    await rows.pause()
  }
  if (at !== places.length) throw invalidEntry(segment.name, `it gave ${at} of ${places.length} points`)
}

/** Of places that ascend: views where they follow each other. */
function idsAt(
  { words, kinds, versions }: QdrantIds,
  places: Uint32Array,
): Pick<QdrantIds, 'words' | 'kinds' | 'versions'> {
  const [first, last] = [places[0] ?? 0, places.at(-1) ?? -1]
  if (last - first === places.length - 1)
    return {
      words: words.subarray(4 * first, 4 * (last + 1)),
      kinds: kinds.subarray(first, last + 1),
      versions: versions.subarray(first, last + 1),
    }
  return {
    ...pickIds({ words, kinds }, places),
    versions: Float64Array.from(places, (place) => versions[place]!),
  }
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
  ids: Pick<QdrantIds, 'words' | 'kinds'>,
): void {
  const id: IdWords = { kind: 0, w0: 0, w1: 0, w2: 0, w3: 0 }
  for (let index = 0; index < ids.kinds.length; index++) {
    readIdAt(ids.words, ids.kinds, index, id)
    if (rows.find(id) === undefined) continue
    const where = shard.key === undefined ? 'another shard' : 'another shard of its key'
    const shown = String(idOfWords(id))
    throw invalidEntry(segment.name, `point ${shown} is in ${where}, too`, { id: shown })
  }
}
