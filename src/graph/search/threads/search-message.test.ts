import { expect, test } from 'vitest'
import type { GraphSearch } from '../graph-keys.ts'
import { readTasks, wordsOfTasks, writeTasks, type SearchWork } from './search-message.ts'

test('a search of a graph is read as it was written, whatever stands beside it', () => {
  const search: GraphSearch = {
    ...{ graph: 4_000_000_000, scratch: 1_024, queryAt: 2_048, out: 4_096, stride: 4 },
    ...{ query: Float32Array.of(1, -2.5, 3e38), ef: 64, limit: 10, rowLimit: 99_999, passing: 8_192 },
    ...{ way: 'codes', shareMin: 655, deviations: 2.75 },
  }
  const tasks: SearchWork[] = [
    { kind: 'graph', memory: 0, search },
    {
      kind: 'graph',
      memory: 3,
      search: { ...search, way: 'wide', query: Float32Array.of(7), deviations: 0 },
    },
  ]
  // What stood there before does not matter.
  const words = new Float64Array(wordsOfTasks(tasks) + 5).fill(7)
  writeTasks(tasks, words)
  expect([...readTasks(words.subarray(0, wordsOfTasks(tasks)))]).toEqual(tasks)
})
