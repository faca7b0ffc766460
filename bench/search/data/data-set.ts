import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { seededRandom } from '../../../src/runtime/random.ts'
import { startProgress } from '../../../scripts/terminal/progress.ts'
import { numbersBelow, rowFilters } from './filters.ts'
import { vectorsOf, type Kind } from './mixtures.ts'
import { ExactSearch, type Vectors } from './truth.ts'

export interface DataShape {
  readonly kind: Kind
  readonly rows: number
  readonly dimensions: number
  readonly seed: number
}

/** Where a data set lies: files of little-endian numbers, made once per shape. */
export interface DataSet extends DataShape {
  readonly name: string
  readonly folder: string
}

/** What a measurement asks; the truth of a filter covers the first `filteredQueries`. */
export interface Questions {
  readonly queries: Vectors
  truth(filter: string | undefined): Promise<Uint32Array>
}

/** Changes with what the same seed gives. */
const version = 1
export const queryCount = 1_000
export const filteredQueries = 300

/** Generates the data set below `cache` unless it lies there. */
export async function dataSetIn(cache: string, shape: DataShape, signal: AbortSignal): Promise<DataSet> {
  const { kind, rows, dimensions, seed } = shape
  const name = `${kind} ${rows} x ${dimensions}`
  const folder = join(cache, `${kind}-${rows}x${dimensions}-seed${seed}-v${version}`)
  const dataSet = { ...shape, name, folder }
  if ((await stat(folder).catch(() => undefined)) !== undefined) return dataSet
  const unfinished = `${folder}.${process.pid}`
  try {
    await mkdir(unfinished, { recursive: true })
    await generate({ ...dataSet, folder: unfinished }, signal)
    await rename(unfinished, folder)
  } finally {
    await rm(unfinished, { recursive: true, force: true })
  }
  return dataSet
}

async function generate(dataSet: DataSet, signal: AbortSignal): Promise<void> {
  const { kind, rows, dimensions, seed, folder, name } = dataSet
  const progress = startProgress(`generating ${name}, with exact answers`, rowFilters.length + 2, 'steps')
  try {
    const all = vectorsOf(kind, rows + queryCount, dimensions, seed)
    const vectors = { dimensions, flat: all.subarray(0, rows * dimensions) }
    const queries = { dimensions, flat: all.subarray(rows * dimensions) }
    const random = seededRandom(seed + 3)
    const numbers = Uint32Array.from({ length: rows }, () => Math.floor(random.next() * numbersBelow))
    await writeFile(join(folder, 'rows'), vectors.flat)
    await writeFile(join(folder, 'queries'), queries.flat)
    await writeFile(join(folder, 'numbers'), numbers)
    progress.update(1)
    const exact = new ExactSearch(vectors, numbers)
    try {
      await writeFile(join(folder, truthFile(undefined)), exact.answers(queries, queryCount))
      for (const [at, filter] of rowFilters.entries()) {
        progress.update(at + 2)
        // Ctrl-C is noticed between steps only.
        await new Promise((resolve) => setImmediate(resolve))
        signal.throwIfAborted()
        const answers = exact.answers(queries, filteredQueries, filter)
        await writeFile(join(folder, truthFile(filter.name)), answers)
      }
    } finally {
      exact.dispose()
    }
    progress.update(rowFilters.length + 2)
  } finally {
    progress.end()
  }
}

function truthFile(filter: string | undefined): string {
  return filter === undefined ? 'truth' : `truth of ${filter.replace('%', 'percent')}`
}

export async function questionsOf({ folder, dimensions }: DataSet): Promise<Questions> {
  const flat = floatsOf(await readFile(join(folder, 'queries')))
  return {
    queries: { dimensions, flat },
    truth: async (filter) => numbersOf(await readFile(join(folder, truthFile(filter)))),
  }
}

export function floatsOf(bytes: Buffer): Float32Array {
  return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4)
}

export function numbersOf(bytes: Buffer): Uint32Array {
  return new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4)
}
