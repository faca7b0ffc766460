// The links' section of a `.graph` file, version 1 (docs/format/segment-graph.md). All integers are 32 bits, little-endian.
//
//   0  4  links version
//   4  4  metric: 0 dot, 1 Euclid, 2 Manhattan, 3 cosine, 4 Jaccard
//   8  4  m
//  12  4  efConstruct
//  16  4  seed
//  20  4  upper words: length of the upper lists
//  24  4  next row: rows from here on are not in the graph yet
//  28  4  linked rows: those before it that have a vector
//  32  4  entry, 2^32 - 1 if no row is linked
//  36  4  top: the entry's level
//  40  4  root: the first linked row, 2^32 - 1 if there is none
//  44  4  elements that distances were taken of: 0 float32, 1 int8, 2 bfloat16
//  48 16  zeros
//  64  …  lists of layer 0: next row x 2m links
//   …     records: next row words
//   …     upper lists: upper words words, the first of them 0
//
// The invariants of the lists stand in assembly/hnsw-memory.ts; hnswCheck tests them all before a search follows a link.

export const linksVersion = 1
export const linksHeaderBytes = 64

/** The words of the header, in order. */
export const linksFields = [
  'version',
  'metric',
  'm',
  'efConstruct',
  'seed',
  'upperWords',
  'nextRow',
  'linkedCount',
  'entry',
  'top',
  'root',
  'elements',
] as const

export type LinksHeader = Readonly<Record<(typeof linksFields)[number], number>>

export interface LinksLayout {
  readonly links: number
  readonly upperAt: number
  readonly upper: number
  readonly end: number
}

/** Where the parts begin. */
export function linksLayout({
  nextRow,
  m,
  upperWords,
}: Pick<LinksHeader, 'nextRow' | 'm' | 'upperWords'>): LinksLayout {
  const upperAt = linksHeaderBytes + nextRow * 2 * m * 4
  const upper = upperAt + nextRow * 4
  return { links: linksHeaderBytes, upperAt, upper, end: upper + upperWords * 4 }
}
