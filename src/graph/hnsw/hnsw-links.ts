import { DatabaseError } from '../../errors/database-error.ts'
import { assert } from '../../runtime/assert.ts'
import { elementNumbers, elementsOf, type Elements } from '../codes/elements.ts'
import { deriveRows, type DerivedRun } from '../codes/sketch-column.ts'
import { metricNumbers } from '../exact-scan.ts'
import type { LinksSection } from '../graph-reader.ts'
import type { DenseColumn } from '../stored/dense-column.ts'
import type { Metric } from '../vector-hits.ts'
import { linksFields, linksHeaderBytes, linksLayout, linksVersion, type LinksHeader } from './hnsw-format.ts'
import { efMax, HnswGraph, mMax } from './hnsw-graph.ts'
import { graphFields, levelMax, readGraphRecord } from './hnsw-records.ts'
import { kernelsOf, type HnswImage } from './hnsw-thread.ts'

/** The links' section in parts. All but the first are views: use them before the graph changes or is disposed. */
export function writeLinks(graph: HnswGraph): Uint8Array[] {
  return linksOf(graph.image())
}

/** The same, in any thread. Nobody inserts meanwhile. `elements`: what distances are to be taken of from now on. */
export function linksOf(
  { memory, address }: Pick<HnswImage, 'memory' | 'address'>,
  elements?: Elements,
): Uint8Array[] {
  const record = readGraphRecord(new Uint32Array(memory.buffer, address, graphFields.length))
  const header = Buffer.alloc(linksHeaderBytes)
  const values: LinksHeader = {
    version: linksVersion,
    ...record,
    ...(elements !== undefined && { elements: elementNumbers[elements] }),
  }
  for (const [index, name] of linksFields.entries()) header.writeUInt32LE(values[name], index * 4)
  const { nextRow, m, upperWords } = record
  const bytes = (at: number, words: number) => new Uint8Array(memory.buffer, at, words * 4)
  return [
    header,
    bytes(record.links, nextRow * 2 * m),
    bytes(record.upperAt, nextRow),
    bytes(record.upper, upperWords),
  ]
}

/** Lists that are to be copied into a graph and checked, in any thread: all of it lies in shared memory. */
export interface FillJob {
  readonly memory: WebAssembly.Memory
  /** Of the graph's record. */
  readonly graph: number
  readonly section: Uint8Array
  readonly presence: Uint32Array
  /** Where there is room for three bitsets of the rows in the graph. */
  readonly bits: number
  readonly derive: readonly DerivedRun[]
}

/** A graph that is not to be used before its job has been done. */
export interface BegunLinks {
  readonly job: FillJob
  /** @param found what `fillLinks` gave @throws segment-corrupt, and then the graph is gone */
  finish(found: bigint): HnswGraph
  /** If the job was not done; nobody works on it any more. */
  abandon(): void
}

/**
 * A graph over a column from its file, which may come from outside: everything is checked, down to the last link.
 * Undefined if the column's memory has no room for it.
 * @throws segment-corrupt, version-unsupported, overloaded
 */
export function readLinks(column: DenseColumn, section: LinksSection): HnswGraph | undefined {
  const begun = beginLinks(column, section)
  return begun?.finish(fillLinks(begun.job))
}

/** The same in steps: what takes time is left to whoever does the job. @throws segment-corrupt, version-unsupported, overloaded */
export function beginLinks(column: DenseColumn, section: LinksSection): BegunLinks | undefined {
  const header = readHeader(section, column)
  const graph = placeGraph(column, section, header)
  if (graph === undefined) return undefined
  const { arena } = graph
  const bits = arena.allocate(3 * bitWords(header) * 4)
  if (bits === undefined) {
    graph.dispose()
    const out = 'Cannot check the links of a graph: the memory is exhausted'
    throw new DatabaseError('overloaded', out, {})
  }
  const { memory, address, presence } = graph.image()
  const job = {
    ...{ memory, graph: address, section: section.bytes, presence, bits: bits.offset },
    derive: graph.takeRuns(),
  }
  const abandon = (): void => {
    arena.free(bits)
    graph.dispose()
  }
  const finish = (found: bigint): HnswGraph => {
    if (found !== 0n) {
      abandon()
      const { why, at } = faultOf(Number(found >> 32n), Number(found & 0xffffffffn), header)
      throw corrupt(why, section.offset + at)
    }
    arena.free(bits)
    return graph
  }
  return { job, finish, abandon }
}

/** Gives what is wrong, 0 if nothing is: see `BegunLinks.finish`. */
export function fillLinks({ memory, graph, section, presence, bits, derive }: FillJob): bigint {
  const kernels = kernelsOf(memory)
  for (const run of derive) deriveRows(kernels, run)
  const record = readGraphRecord(new Uint32Array(memory.buffer, graph, graphFields.length))
  const layout = linksLayout(record)
  const put = (at: number, from: number, to: number): void =>
    new Uint8Array(memory.buffer, at, to - from).set(section.subarray(from, to))
  put(record.links, layout.links, layout.upperAt)
  put(record.upperAt, layout.upperAt, layout.upper)
  put(record.upper, layout.upper, layout.end)
  const words = bitWords(record)
  const sets = new Uint32Array(memory.buffer, bits, 3 * words)
  sets.fill(0)
  sets.set(presence.subarray(0, words))
  return kernels.hnswCheck(graph, bits, bits + words * 4, bits + 2 * words * 4)
}

function bitWords({ nextRow }: Pick<LinksHeader, 'nextRow'>): number {
  return Math.max(1, Math.ceil(nextRow / 32))
}

function placeGraph(
  column: DenseColumn,
  { bytes, offset }: LinksSection,
  header: LinksHeader,
): HnswGraph | undefined {
  const metric = metricOf(header.metric)
  if (metric === undefined) throw corrupt(`its metric ${header.metric} is unknown`, offset + 4)
  const elements = elementsOf(header.elements)
  if (elements === undefined) throw corrupt(`its elements ${header.elements} are unknown`, offset + 44)
  const { upper } = linksLayout(header)
  if (bytes.readUInt32LE(upper) !== 0) throw corrupt('its upper lists do not begin with 0', offset + upper)
  const { upperWords, nextRow, linkedCount, entry, top, root, m, efConstruct, seed } = header
  const parameters = { m, efConstruct, seed, ...(elements !== 'float32' && { elements }) }
  const state = { upperWords, nextRow, linkedCount, entry, top, root }
  return HnswGraph.place(column, metric, parameters, state, { encodesLater: true })
}

function readHeader({ bytes, offset }: LinksSection, column: DenseColumn): LinksHeader {
  if (bytes.byteLength < linksHeaderBytes) throw corrupt('its links have no header', offset)
  const words = linksFields.map((name, index) => [name, bytes.readUInt32LE(index * 4)] as const)
  const header = Object.fromEntries(words) as unknown as LinksHeader
  checkVersion(header.version, offset)
  const places = new Map<string, number>(linksFields.map((name, index) => [name, offset + index * 4]))
  const within = (name: keyof LinksHeader, min: number, max: number) => {
    if (header[name] < min || header[name] > max)
      throw corrupt(`its links' ${name} is ${header[name]}`, places.get(name)!)
  }
  within('m', 2, mMax)
  within('efConstruct', 1, efMax)
  within('nextRow', 0, column.rowCount)
  within('upperWords', 1, 1 + header.nextRow * (1 + levelMax * header.m))
  const rest = bytes.subarray(linksFields.length * 4, linksHeaderBytes)
  if (rest.some((byte) => byte !== 0)) {
    throw corrupt("its links' header has stray bytes", offset + linksFields.length * 4)
  }
  const { end } = linksLayout(header)
  if (end !== bytes.byteLength) throw corrupt(`its links have ${bytes.byteLength} bytes, not ${end}`, offset)
  return header
}

function checkVersion(version: number, offset: number): void {
  if (version === 0) throw corrupt("its links' version is 0", offset)
  if (version <= linksVersion) return
  const message = `Cannot read graph file: its links' version is ${version}, this release reads up to ${linksVersion}`
  throw new DatabaseError('version-unsupported', message, { version })
}

function metricOf(number: number): Metric | undefined {
  return (Object.keys(metricNumbers) as Metric[]).find((name) => metricNumbers[name] === number)
}

/** In words, and where in the section; the kinds are those of assembly/hnsw-check.ts. */
function faultOf(kind: number, index: number, header: LinksHeader): { why: string; at: number } {
  const layout = linksLayout(header)
  const { m } = header
  switch (kind) {
    case 1:
      return { why: `a link of row ${Math.floor(index / (2 * m))} is wrong`, at: layout.links + index * 4 }
    case 2:
      return {
        why: `the upper lists of row ${index} are not where they belong`,
        at: layout.upperAt + index * 4,
      }
    case 3:
      return { why: `word ${index} of the upper lists is wrong`, at: layout.upper + index * 4 }
    case 4:
      return {
        why: `row ${index} has no parent, or is the root and has one`,
        at: layout.links + index * 2 * m * 4,
      }
    default:
      assert(kind === 5, 'the kernel has five kinds of faults')
      return { why: "its links' count, entry, top or root is wrong", at: (7 + index) * 4 }
  }
}

function corrupt(why: string, offset: number): DatabaseError {
  const message = `Cannot read graph file: ${why} (at byte ${offset})`
  return new DatabaseError('segment-corrupt', message, { offset })
}
