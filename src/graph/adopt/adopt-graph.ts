import { assert } from '../../runtime/assert.ts'
import type { GraphState } from '../hnsw/hnsw-graph.ts'
import { graphFields, noRow, readGraphRecord, wordsOfGraph } from '../hnsw/hnsw-records.ts'
import type { ScratchImage } from '../hnsw/hnsw-scratch.ts'
import type { HnswImage } from '../hnsw/hnsw-thread.ts'
import { Parents } from './parents.ts'
import { placesOf, type Places } from './places.ts'
import { Relinker } from './relinker.ts'
import { levelIn, type SourceGraph } from './source-graph.ts'

/**
 * Fills an empty graph with the links of another one, whose rows are the first of its column, with their order and vectors kept:
 * so links are taken over instead of being looked for again. `rowOf` is, per row of the source's, its row in the column, or
 * 2^32 - 1 if it has been left out; what led to such a row is led to rows that it led to. The rows behind are then inserted as
 * usual. In any thread that has a scratch; nobody else reads or writes the graph meanwhile.
 *
 * The graph has the source's m, and was created with `spareRoomFor` it. It obeys every rule of one that was built from the
 * start.
 */
export function adoptInto(
  image: HnswImage,
  scratch: ScratchImage,
  source: SourceGraph,
  rowOf: Uint32Array,
): void {
  const words = new Uint32Array(image.memory.buffer, image.address, graphFields.length)
  const record = readGraphRecord(words)
  assert(record.nextRow === 0 && record.m === source.m, 'lists of the same length are taken over first')
  assert(rowOf.length === source.nextRow, 'every row of the source stays or goes')
  const { presence } = image
  const places = placesOf(source, rowOf, (row) => (((presence[row >>> 5] ?? 0) >>> (row & 31)) & 1) === 1)
  assert(places.rowCount <= image.capacityRows, 'rows that stay are rows of the column')
  const state = stateOf(source, places)
  new Relinker(image, scratch, source, places, Parents.of(source, places)).relinkAll(state.upperWords)
  words.set(wordsOfGraph({ ...record, ...state }))
}

/** What a graph is in numbers in which every place is taken. */
function stateOf(source: SourceGraph, { rowCount, originOf, placeOf, equals }: Places): GraphState {
  let [upperWords, linkedCount, top, root, highest] = [1, 0, 0, noRow, noRow]
  for (const members of equals.values()) linkedCount += members.length
  for (let row = 0; row < rowCount; row++) {
    const origin = originOf[row]!
    if (origin === noRow) continue
    linkedCount += 1
    if (root === noRow) root = row
    const level = levelIn(source, origin)
    if (level > 0) upperWords += 1 + level * source.m
    if (highest === noRow || level > top) [highest, top] = [row, level]
  }
  const before = source.entry === noRow ? noRow : placeOf[source.entry]!
  const isStillTop = before !== noRow && levelIn(source, originOf[before]!) === top
  return { upperWords, nextRow: rowCount, linkedCount, entry: isStillTop ? before : highest, top, root }
}
