// The host's side of assembly/hnsw-memory.ts: the same fields, in the same order, each 32 bits.

export const graphFields = [
  'metric',
  'rowBytes',
  'blocks',
  'blockShift',
  'm',
  'efConstruct',
  'seed',
  'links',
  'upperAt',
  'upper',
  'upperWords',
  'nextRow',
  'linkedCount',
  'entry',
  'top',
  'root',
  'elements',
  'centre',
  'exactBlocks',
  'exactBlockShift',
  'exactRowBytes',
  'sketchBlocks',
  'sketchBlockShift',
  'sketchBytes',
  'sketchBits',
] as const

export const scratchFields = [
  'visited',
  'visitedBytes',
  'log',
  'logMax',
  'logCount',
  'pending',
  'scores',
  'list',
  'pruned',
  'chosen',
  'out',
  'open',
  'code',
] as const

export type GraphRecord = Readonly<Record<(typeof graphFields)[number], number>>
export type ScratchRecord = Readonly<Record<(typeof scratchFields)[number], number>>

/** Stands for "no row", and fills a list behind its links. */
export const noRow = 0xffffffff
export const levelMax = 15
/** A link of layer 0 is a row and two marks; compared with bits they are signed, so test for 0. */
export const rowMask = 0x3fffffff
export const childMark = 0x80000000
export const equalMark = 0x40000000
/** More than any record has. */
export const recordBytes = 128

export function readGraphRecord(words: Uint32Array): GraphRecord {
  return Object.fromEntries(graphFields.map((name, index) => [name, words[index]!])) as unknown as GraphRecord
}

export function readScratchRecord(words: Uint32Array): ScratchRecord {
  return Object.fromEntries(
    scratchFields.map((name, index) => [name, words[index]!]),
  ) as unknown as ScratchRecord
}

export function wordsOfGraph(record: GraphRecord): number[] {
  return graphFields.map((name) => record[name])
}

export function wordsOfScratch(record: ScratchRecord): number[] {
  return scratchFields.map((name) => record[name])
}
