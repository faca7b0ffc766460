import { once } from 'node:events'
import { Worker } from 'node:worker_threads'

const program = new URL('arithmetic-worker.mjs', import.meta.url)
const probeMs = 15
const calibrations = 12

/**
 * How much of its processors a machine gives. A virtual one may have two that are halves of one core, or wait for each other, and
 * says nothing of it: then a second thread adds little to whatever it does.
 */
export class ProcessorGauge {
  readonly #workers: readonly Worker[]
  /** Of each thread, what it did alone at its best. */
  readonly #best: number[]

  /** Of so many threads. */
  private constructor(threads: number) {
    this.#workers = Array.from({ length: threads }, () => new Worker(program, { execArgv: [] }))
    this.#best = this.#workers.map(() => 0)
  }

  static async start(threads: number): Promise<ProcessorGauge> {
    const gauge = new ProcessorGauge(threads)
    for (let round = 0; round < calibrations; round++) {
      for (let thread = 0; thread < threads; thread++) {
        const [rate = 0] = await gauge.#rates([thread])
        gauge.#best[thread] = Math.max(gauge.#best[thread] ?? 0, rate)
      }
    }
    return gauge
  }

  /** Of so many that compute at once the one that gets least: 1 if each does as much as alone at its best. */
  async share(threads: number): Promise<number> {
    const rates = await this.#rates(Array.from({ length: threads }, (_, thread) => thread))
    return Math.min(...rates.map((rate, thread) => rate / (this.#best[thread] ?? rate)))
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()))
  }

  #rates(threads: readonly number[]): Promise<readonly number[]> {
    return Promise.all(
      threads.map(async (thread) => {
        const worker = this.#workers[thread]
        if (worker === undefined) throw new Error(`The gauge has no thread ${thread}`)
        worker.postMessage(probeMs)
        const [rate] = (await once(worker, 'message')) as [number]
        return rate
      }),
    )
  }
}
