import type { GraphSearch } from '../graph-keys.ts'
import type { StoredSearch } from '../../stored/stored-rows.ts'
import type { ScanSearch } from '../scan-keys.ts'
import type { GraphWay } from '../vector-searcher.ts'

// Tasks of one turn go to a thread as one Float64Array, in which every number keeps its value: addresses and counts. It lies
// in memory that both share, or is sent if it is long. A query
// is float32 at the end of its task, two components to a word. Their answers come back in the same order as one Uint32Array.
//
//   task    kind, memory, words of the task, then the fields of its kind, and the query
//   answer  count, 0, and count keys of two words each: what follows begins at a multiple of eight bytes
//
// Memories are sent before the first task that lies in them, each once, and are numbered in that order.

/** To a thread, before the tasks that need it. */
export interface MemoryMessage {
  readonly memory: WebAssembly.Memory
}

/** A place where tasks will be written from now on; they are numbered in the order in which they are sent. */
export interface PlaceMessage {
  readonly place: Float64Array
}

/** Tasks that stand in a place, in so many words. */
export interface PlacedTasks {
  readonly in: number
  readonly words: number
}

export type SearchMessage = MemoryMessage | PlaceMessage | PlacedTasks | Float64Array

const ways: readonly GraphWay[] = ['links', 'wide', 'codes']
const kinds = { graph: 0, scan: 1, stored: 2 } as const
const headWords = 3
const graphFields = 13
const scanFields = 10
const chunkFields = 3
const storedFields = 10

export type SearchWork =
  | { readonly kind: 'graph'; readonly memory: number; readonly search: GraphSearch }
  | { readonly kind: 'scan'; readonly memory: number; readonly search: ScanSearch }
  | { readonly kind: 'stored'; readonly memory: number; readonly search: StoredSearch }

/** How long the message for these tasks is, in words. */
export function wordsOfTasks(tasks: readonly SearchWork[]): number {
  let length = 0
  for (const task of tasks) length += wordsOf(task)
  return length
}

/** Into words that are as many, or more. */
export function writeTasks(tasks: readonly SearchWork[], words: Float64Array): void {
  const floats = new Float32Array(words.buffer)
  let at = 0
  for (const task of tasks) {
    const { query } = task.search
    const count = wordsOf(task)
    words[at] = kinds[task.kind]
    words[at + 1] = task.memory
    words[at + 2] = count
    floats.set(query, (at + count - queryWords(query.length)) * 2)
    if (task.kind === 'graph') writeGraph(words, at + headWords, task.search)
    else if (task.kind === 'stored') writeStored(words, at + headWords, task.search)
    else writeScan(words, at + headWords, task.search)
    at += count
  }
}

/** The tasks of a message, in their order. */
export function* readTasks(words: Float64Array): Iterable<SearchWork> {
  for (let at = 0; at < words.length; at += words[at + 2]!) {
    const memory = words[at + 1]!
    const end = at + words[at + 2]!
    if (words[at] === kinds.graph)
      yield { kind: 'graph', memory, search: readGraph(words, at + headWords, end) }
    else if (words[at] === kinds.stored)
      yield { kind: 'stored', memory, search: readStored(words, at + headWords, end) }
    else yield { kind: 'scan', memory, search: readScan(words, at + headWords, end) }
  }
}

function wordsOf(work: SearchWork): number {
  return headWords + fieldsOf(work) + queryWords(work.search.query.length)
}

function queryWords(length: number): number {
  return (length + 1) >>> 1
}

/** The query of a task that ends before the word `end`: a view. */
function readQuery(words: Float64Array, end: number, length: number): Float32Array {
  return new Float32Array(words.buffer, words.byteOffset + (end - queryWords(length)) * 8, length)
}

function fieldsOf({ kind, search }: SearchWork): number {
  if (kind === 'graph') return graphFields
  return kind === 'scan' ? scanFields + search.chunks.length * chunkFields : storedFields + search.rows.length
}

function writeGraph(words: Float64Array, at: number, search: GraphSearch): void {
  words[at] = search.graph
  words[at + 1] = search.scratch
  words[at + 2] = search.queryAt
  words[at + 3] = search.out
  words[at + 4] = search.stride
  words[at + 5] = search.ef
  words[at + 6] = search.limit
  words[at + 7] = search.rowLimit
  words[at + 8] = search.passing
  words[at + 9] = ways.indexOf(search.way)
  words[at + 10] = search.shareMin
  words[at + 11] = search.query.length
  words[at + 12] = search.deviations
}

function readGraph(words: Float64Array, at: number, end: number): GraphSearch {
  return {
    graph: words[at]!,
    scratch: words[at + 1]!,
    queryAt: words[at + 2]!,
    out: words[at + 3]!,
    stride: words[at + 4]!,
    ef: words[at + 5]!,
    limit: words[at + 6]!,
    rowLimit: words[at + 7]!,
    passing: words[at + 8]!,
    way: ways[words[at + 9]!]!,
    shareMin: words[at + 10]!,
    deviations: words[at + 12]!,
    query: readQuery(words, end, words[at + 11]!),
  }
}

function writeScan(words: Float64Array, at: number, search: ScanSearch): void {
  words[at] = search.metric
  words[at + 1] = search.stride
  words[at + 2] = search.limit
  words[at + 3] = search.firstRow
  words[at + 4] = search.rowLimit
  words[at + 5] = search.passing
  words[at + 6] = search.heap
  words[at + 7] = search.queryAt
  words[at + 8] = search.query.length
  words[at + 9] = search.chunks.length
  let chunk = at + scanFields
  for (const { offset, firstRow, rows } of search.chunks) {
    words[chunk] = offset
    words[chunk + 1] = firstRow
    words[chunk + 2] = rows
    chunk += chunkFields
  }
}

function readScan(words: Float64Array, at: number, end: number): ScanSearch {
  const chunks = Array.from({ length: words[at + 9]! }, (_, index) => {
    const chunk = at + scanFields + index * chunkFields
    return { offset: words[chunk]!, firstRow: words[chunk + 1]!, rows: words[chunk + 2]! }
  })
  return {
    metric: words[at]!,
    stride: words[at + 1]!,
    limit: words[at + 2]!,
    firstRow: words[at + 3]!,
    rowLimit: words[at + 4]!,
    passing: words[at + 5]!,
    heap: words[at + 6]!,
    queryAt: words[at + 7]!,
    chunks,
    query: readQuery(words, end, words[at + 8]!),
  }
}

function writeStored(words: Float64Array, at: number, search: StoredSearch): void {
  const { descriptor, table, runCount, rowBytes, sums } = search.stored
  words.set([descriptor, table, runCount, rowBytes, sums], at)
  words[at + 5] = search.metric
  words[at + 6] = search.limit
  words[at + 7] = search.scratch
  words[at + 8] = search.query.length
  words[at + 9] = search.rows.length
  words.set(search.rows, at + storedFields)
}

function readStored(words: Float64Array, at: number, end: number): StoredSearch {
  return {
    stored: {
      ...{ descriptor: words[at]!, table: words[at + 1]!, runCount: words[at + 2]! },
      ...{ rowBytes: words[at + 3]!, sums: words[at + 4]! },
    },
    metric: words[at + 5]!,
    limit: words[at + 6]!,
    scratch: words[at + 7]!,
    query: readQuery(words, end, words[at + 8]!),
    rows: Uint32Array.from(words.subarray(at + storedFields, at + storedFields + words[at + 9]!)),
  }
}

/** The keys behind a word that says whether there are any: a file that cannot be read is no failure of the thread. */
export function storedAnswer(search: () => BigUint64Array): BigUint64Array {
  try {
    const keys = search()
    const answer = new BigUint64Array(1 + keys.length)
    answer.set(keys, 1)
    return answer
  } catch {
    // Whoever asked tries it itself, and meets the error with all that there is to say of it.
    return BigUint64Array.of(1n)
  }
}

/** Undefined if the rows could not be read. */
export function keysOfStored(answer: BigUint64Array): BigUint64Array | undefined {
  return answer[0] === 0n ? answer.subarray(1) : undefined
}

/** The message for these answers. */
export function writeAnswers(answers: readonly BigUint64Array[]): Uint32Array {
  const message = new BigUint64Array(answers.reduce((sum, keys) => sum + 1 + keys.length, 0))
  let at = 0
  for (const keys of answers) {
    message[at] = BigInt(keys.length)
    message.set(keys, at + 1)
    at += 1 + keys.length
  }
  return new Uint32Array(message.buffer)
}

/** The answers, in the order of their tasks. */
export function readAnswers(message: Uint32Array): BigUint64Array[] {
  const answers: BigUint64Array[] = []
  for (let at = 0; at < message.length; at += 2) {
    const keys = message[at]!
    answers.push(new BigUint64Array(message.buffer, message.byteOffset + (at + 2) * 4, keys))
    at += keys * 2
  }
  return answers
}
