import { Worker } from 'node:worker_threads'
import { expect, test } from 'vitest'
import { graphOf, linksOf, present } from '../../../test/support/built-graph.ts'
import { mixtureOf, sampledBits } from '../../../test/support/vector-mixture.ts'
import type { VectorHits } from '../vector-column.ts'
import type { HnswScratch } from './hnsw-scratch.ts'
import type { HnswImage, HnswRequest } from './hnsw-thread.ts'

const seed = 9_001
const all = mixtureOf({ rows: 4_200, dimensions: 24, clusters: 80, sigma: 0.4, seed })
const rows = all.slice(0, 4_000)
const queries = all.slice(4_000)

const worker = `
  import { parentPort, workerData } from 'node:worker_threads'
  const { tsImport } = await import(workerData.loader)
  const { HnswThread } = await tsImport(workerData.module, workerData.module)
  const thread = new HnswThread(workerData.image, workerData.scratch)
  parentPort.on('message', ({ insert, requests }) => {
    if (insert !== undefined) parentPort.postMessage(thread.insert(insert))
    else parentPort.postMessage(requests.map((request) => thread.search(request)))
  })
`

class GraphWorker {
  readonly #worker: Worker

  constructor(image: HnswImage, scratch: HnswScratch) {
    const loader = import.meta.resolve('tsx/esm/api')
    const module = new URL('./hnsw-thread.ts', import.meta.url).href
    const source = new URL(`data:text/javascript,${encodeURIComponent(worker)}`)
    this.#worker = new Worker(source, { workerData: { loader, module, image, scratch: scratch.image() } })
  }

  search(requests: readonly HnswRequest[]): Promise<VectorHits[]> {
    return this.#ask({ requests })
  }

  insert(rowsMax: number): Promise<number> {
    return this.#ask({ insert: rowsMax })
  }

  async end(): Promise<void> {
    await this.#worker.terminate()
  }

  #ask<Answer>(message: unknown): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#worker.once('message', resolve)
      this.#worker.once('error', reject)
      this.#worker.postMessage(message)
    })
  }
}

test.each(['float32', 'int8'] as const)(
  'threads search one memory of %s at once, and find what one thread finds',
  async (elements) => {
    using built = graphOf(rows, { parameters: { elements } })
    const { graph, thread } = built
    const requests = [1, 0.5, 0.1].flatMap((share) => {
      const passing = sampledBits(rows.length, share, seed)
      return queries.map((query) => ({ query, limit: 10, ef: 60, ...(share < 1 && { passing }) }))
    })
    const expected = requests.map((request) => thread.search(request))
    const scratches = [1, 2].map(() => present(graph.allocateScratch(100)))
    const workers = scratches.map((scratch) => new GraphWorker(graph.image(), scratch))
    try {
      const answers = workers.map((one) => one.search(requests))
      // This thread, too, while they do.
      expect(requests.map((request) => thread.search(request))).toEqual(expected)
      for (const answer of await Promise.all(answers)) expect(answer, `seed ${seed}`).toEqual(expected)
    } finally {
      await Promise.all(workers.map((one) => one.end()))
      for (const scratch of scratches) scratch.dispose()
    }
  },
)

test('another thread builds the graph that this one would', async () => {
  using expected = graphOf(rows)
  using built = graphOf(rows, { insert: 0 })
  const scratch = present(built.graph.allocateScratch(100))
  const one = new GraphWorker(built.graph.image(), scratch)
  try {
    expect(await one.insert(1_500)).toBe(1_500)
    // Stopped, seen from here, and resumed.
    expect([built.graph.nextRow, built.thread.linkedCount]).toEqual([1_500, 1_500])
    expect(built.thread.search({ query: rows[0]!, limit: 1, ef: 20 }).rows).toEqual(Uint32Array.of(0))
    expect(await one.insert(5_000)).toBe(2_500)
    expect(linksOf(built.graph).equals(linksOf(expected.graph))).toBe(true)
  } finally {
    await one.end()
    scratch.dispose()
  }
})
