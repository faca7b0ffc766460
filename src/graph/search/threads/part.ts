import { rowBytesOf } from '../../codes/elements.ts'
import { alignedBytes, metricNumbers, type Chunk } from '../../exact-scan.ts'
import type { DenseColumn } from '../../stored/dense-column.ts'
import type { HnswGraph } from '../../hnsw/hnsw-graph.ts'
import { strideOf } from '../../vector-column.ts'
import type { Arena } from '../../vector-memory.ts'
import type { LentBits } from '../bits-in-arena.ts'
import { graphSearchOf } from '../graph-search-of.ts'
import type { InlineSearcher } from '../inline-searcher.ts'
import type { FoundKeys, GraphTask, ScanTask, StoredTask } from '../vector-searcher.ts'
import type { SearchWork } from './search-message.ts'
import type { SearchThread } from './search-thread.ts'

// Costs are counted in rows that are compared.

/** What a row that a graph search keeps in view costs. */
const keptRowCost = 24
/** The same of a search that scores passing rows only. */
const filteredRowCost = 50
/** What a row costs in a scan of rows that lie in order. */
const sequentialRowCost = 0.3
/** What a row costs that is read from a file: a system call. */
const storedRowCost = 20

/** What costs no more, in rows of so many bytes, is short: half a millisecond. */
const shortMax = 10_000
const shortRowBytes = 512

/** Scans are cut into parts of so many bytes, for several threads and so that no other search waits long. */
const partBytes = 16 * 2 ** 20

/** A task as a thread does it, or a part of one. */
export interface Part {
  readonly cost: number
  /** Whether the calling thread may do it, too. */
  readonly isShort: boolean
  /** What to tell the thread; undefined if its memory has no room for the search. @throws overloaded */
  work(thread: SearchThread): SearchWork | undefined
  /** The same in the calling thread. */
  runHere(): FoundKeys
}

/** `bits` are those that pass, in the graph's memory. */
export function graphPart(inline: InlineSearcher, task: GraphTask, bits: LentBits | undefined): Part {
  const { graph, ef } = task
  const cost = graphCost(task)
  return {
    cost,
    isShort: isShort(cost, comparedBytes(graph)),
    work: (thread) => {
      const scratch = thread.scratch.ofGraph(graph, ef)?.image()
      if (scratch === undefined) return undefined
      return {
        kind: 'graph',
        memory: thread.numberOf(graph.arena),
        search: graphSearchOf(task, scratch, bits?.address ?? 0),
      }
    },
    runHere: () => inline.graphNow(task),
  }
}

/** A window of a scan; `bits` are those that pass, in its memory. */
export function scanPart(
  inline: InlineSearcher,
  task: ScanTask,
  { arena, chunks, firstRow, rowLimit }: Window,
  bits: LentBits | undefined,
): Part {
  const { column, metric, query, limit } = task
  const cost = scanCost(task, rowLimit - firstRow)
  return {
    cost,
    isShort: isShort(cost, floatBytes(column)),
    work: (thread) => {
      const stride = strideOf(column.dimensions)
      const heapBytes = alignedBytes(limit * 8)
      const heap = thread.scratch.ofScans(arena, heapBytes + stride * 4)
      if (heap === undefined) return undefined
      return {
        kind: 'scan',
        memory: thread.numberOf(arena),
        search: {
          metric: metricNumbers[metric],
          stride,
          query,
          queryAt: heap + heapBytes,
          heap,
          limit,
          firstRow,
          rowLimit,
          passing: bits?.address ?? 0,
          chunks: chunks.map((chunk) => ({
            offset: chunk.region.offset,
            firstRow: chunk.firstRow,
            rows: chunk.rows,
          })),
        },
      }
    },
    runHere: () => inline.scanNow({ ...task, firstRow, rowLimit }),
  }
}

/** Never in the calling thread, whatever it costs: nobody knows how long a disk takes. */
export function storedPart(task: StoredTask): Part {
  const { column, limit } = task
  return {
    cost: task.rows.length * storedRowCost,
    isShort: false,
    work: (thread) => {
      const scratch = thread.scratch.ofScans(column.arena, column.searchBytes(limit))
      if (scratch === undefined) return undefined
      return {
        kind: 'stored',
        memory: thread.numberOf(column.arena),
        search: column.searchOf(task, scratch),
      }
    },
    runHere: () => undefined,
  }
}

function graphCost({ ef, passing, passingCount, way }: GraphTask): number {
  if (way === 'codes') return passingCount
  return ef * (passing === undefined || way === 'wide' ? keptRowCost : filteredRowCost)
}

/** What a part with so many of the rows costs. */
function scanCost({ passing, passingCount, rowLimit }: ScanTask, rows: number): number {
  return rows * (passing === undefined ? sequentialRowCost : passingCount / rowLimit)
}

export function isShortGraph(task: GraphTask): boolean {
  return isShort(graphCost(task), comparedBytes(task.graph))
}

export function isShortScan(task: ScanTask): boolean {
  return isShort(scanCost(task, task.rowLimit - task.firstRow), floatBytes(task.column))
}

function isShort(cost: number, rowBytes: number): boolean {
  return cost * Math.max(1, rowBytes / shortRowBytes) <= shortMax
}

function floatBytes({ dimensions }: DenseColumn): number {
  return strideOf(dimensions) * 4
}

/** Of a row as the graph compares it. */
function comparedBytes({ column, elements }: HnswGraph): number {
  return rowBytesOf(elements, column.dimensions)
}

/** Rows of one memory. */
export interface Window {
  readonly arena: Arena
  readonly chunks: Chunk[]
  readonly firstRow: number
  rowLimit: number
}

/** Parts of about equal size, none of which lies in two memories. */
export function windowsOf({ column, firstRow, rowLimit }: ScanTask): Window[] {
  const partRows = Math.max(1, Math.floor(partBytes / (strideOf(column.dimensions) * 4)))
  const windows: Window[] = []
  for (const chunk of column.chunks()) {
    const [first, end] = [Math.max(chunk.firstRow, firstRow), Math.min(chunk.firstRow + chunk.rows, rowLimit)]
    if (first >= end) continue
    const { arena } = chunk.region
    const last = windows.at(-1)
    if (last?.arena === arena && end - last.firstRow <= partRows) {
      last.chunks.push(chunk)
      last.rowLimit = end
    } else windows.push({ arena, chunks: [chunk], firstRow: first, rowLimit: end })
  }
  return windows
}
