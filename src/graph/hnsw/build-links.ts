import { DatabaseError } from '../../errors/database-error.ts'
import { yieldToEventLoop } from '../../runtime/yield.ts'
import { adoptInto } from '../adopt/adopt-graph.ts'
import type { SourceGraph } from '../adopt/source-graph.ts'
import { deriveRows, type DerivedRun } from '../codes/sketch-column.ts'
import { strideOf } from '../vector-column.ts'
import type { ScratchImage } from './hnsw-scratch.ts'
import { linksOf } from './hnsw-links.ts'
import { HnswThread, kernelsOf, type HnswImage } from './hnsw-thread.ts'
import { writeLinksFile } from './links-file.ts'

/** A graph to be gone on with, in whatever thread. Nobody searches it meanwhile. */
export interface LinksJob {
  readonly image: HnswImage
  readonly scratch: ScratchImage
  readonly control: BuildControl
  /** Codes and sketches that are to be made first. */
  readonly derive: readonly DerivedRun[]
  /** Links that are taken over after that, before the first row is inserted. */
  readonly adopt?: AdoptedLinks
  /** The file of the whole graph says that distances are taken of the vectors, whatever it was built over. */
  readonly dropsCodes: boolean
}

export interface AdoptedLinks {
  readonly source: SourceGraph
  /** See `adoptInto`. */
  readonly rowOf: Uint32Array
}

/** One word in shared memory: see `buildOrders`. */
export type BuildControl = Int32Array

export const buildOrders = { goOn: 0, save: 1, giveUp: 2 } as const

// What is lost if the process ends is no more than what these vectors take: about a minute's work.
const savedBytes = 96 * 2 ** 20
// A slice is some ten milliseconds: an order is obeyed after it.
const sliceBytes = 16 * 2 ** 10

/** Without an order it goes on. */
export function newBuildControl(): BuildControl {
  return new Int32Array(new SharedArrayBuffer(4))
}

export function orderBuild(control: BuildControl, order: keyof typeof buildOrders): void {
  Atomics.store(control, 0, buildOrders[order])
}

/**
 * Puts rows into the graph and then gives its file in parts: of the whole graph, or of what there is after some minutes or by
 * the order `save`. All parts but the first ones are views. When it is over, nobody writes to the graph any more.
 * @throws cancelled by the order `giveUp`
 */
export async function* buildLinks(job: LinksJob): AsyncGenerator<Uint8Array> {
  const kernels = kernelsOf(job.image.memory)
  for (const run of job.derive) {
    deriveRows(kernels, run)
    await yieldToEventLoop()
  }
  if (job.adopt !== undefined) adoptInto(job.image, job.scratch, job.adopt.source, job.adopt.rowOf)
  const thread = new HnswThread(job.image, job.scratch)
  const rowBytes = strideOf(job.image.dimensions) * 4
  const rowsMax = Math.max(1, Math.ceil(savedBytes / rowBytes))
  const sliceRows = Math.max(1, Math.ceil(sliceBytes / rowBytes))
  for (let inserted = 0; inserted < rowsMax;) {
    const order = Atomics.load(job.control, 0)
    if (order === buildOrders.giveUp) {
      throw new DatabaseError('cancelled', 'Cannot go on with the graph: it was cancelled')
    }
    if (order === buildOrders.save) break
    const count = thread.insert(sliceRows)
    if (count === 0) break
    inserted += count
    await yieldToEventLoop()
  }
  const isWhole = thread.nextRow === job.image.capacityRows
  yield* writeLinksFile(linksOf(job.image, isWhole && job.dropsCodes ? 'float32' : undefined))
}
