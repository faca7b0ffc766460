import { createSearcher } from '../../src/graph/search/create-searcher.ts'
import type { VectorSearcher } from '../../src/graph/search/vector-searcher.ts'
import { systemClock } from '../../src/runtime/clock.ts'
import { Slices } from '../../src/runtime/slices.ts'
import { SpareTime } from '../../src/runtime/spare-time.ts'

/** A calling thread that looks at its clock every 100 ms, and finds that it was busy. */
export function busy(): SpareTime {
  let ms = 0
  return new SpareTime({ monotonic: () => (ms += 100) }, () => Infinity)
}

export interface SearcherOptions {
  /** Counted with the calling one. */
  readonly threads?: number
  readonly slices?: Slices
  readonly spare?: SpareTime
}

/** A searcher with a thread beside the calling one, which is busy. It does this with each message of tasks, `words`. */
export function searcherThat(
  onTasks: string,
  { threads = 2, slices = new Slices(systemClock), spare = busy() }: SearcherOptions = {},
): VectorSearcher {
  const code = `import { parentPort } from 'node:worker_threads'
    const places = []
    const onTasks = (words) => { ${onTasks} }
    parentPort.on('message', (message) => {
      if (message instanceof Float64Array) onTasks(message)
      else if ('in' in message) onTasks(places[message.in].subarray(0, message.words))
      else if ('place' in message) places.push(message.place)
    })`
  const entry = new URL(`data:text/javascript,${encodeURIComponent(code)}`)
  return createSearcher(threads, slices, { entry, spare })
}

/** Answers each task with a row that is as many as there are tasks in its message. */
export const counting = `
  let count = 0; for (let at = 0; at < words.length; at += words[at + 2]) count += 1
  const out = new Uint32Array(count * 4); for (let i = 0; i < count; i++) out.set([1, 0, count, 7], i * 4)
  parentPort.postMessage(out)`

export const ended = 'process.exit(1)'
