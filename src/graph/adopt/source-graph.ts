import type { HnswGraph, SpareRoom } from '../hnsw/hnsw-graph.ts'

/** The links of a graph whose rows become the first ones of another. */
export interface SourceGraph {
  readonly m: number
  /** Rows that are in the graph; the others are not looked at. */
  readonly nextRow: number
  readonly entry: number
  /** As in a file: lists of layer 0, the word where a row's upper lists begin, upper lists. */
  readonly links: Uint32Array
  readonly upperAt: Uint32Array
  readonly upper: Uint32Array
}

/** What the graph that takes the rows over is created with. */
export function spareRoomFor({ upper }: SourceGraph): SpareRoom {
  return { spareUpperWords: upper.length }
}

/** Views: good until the graph changes or is disposed. */
export function sourceOf(graph: HnswGraph): SourceGraph {
  const { links, upperAt, upper } = graph.lists()
  const { m, nextRow, entry } = graph.record()
  return { m, nextRow, entry, links: words(links), upperAt: words(upperAt), upper: words(upper) }
}

function words({ buffer, byteOffset, byteLength }: Uint8Array): Uint32Array {
  return new Uint32Array(buffer, byteOffset, byteLength / 4)
}

/** A row's level: 0 if it is on layer 0 only. */
export function levelIn({ upperAt, upper }: SourceGraph, row: number): number {
  const record = upperAt[row]!
  return record === 0 ? 0 : upper[record]!
}
