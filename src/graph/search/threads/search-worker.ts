import { parentPort } from 'node:worker_threads'
import { assert } from '../../../runtime/assert.ts'
import { createKernels, type Kernels } from '../../kernels.ts'
import { storedKeys } from '../../stored/stored-rows.ts'
import { graphKeys } from '../graph-keys.ts'
import { scanKeys } from '../scan-keys.ts'
import {
  readTasks,
  storedAnswer,
  writeAnswers,
  type SearchMessage,
  type SearchWork,
} from './search-message.ts'

// The entry of a thread that searches. It knows memories and addresses only; the other side sees to it that what lies
// there stays until the answer has come. A kernel that fails ends the thread: nobody knows in what state its memory is.

assert(parentPort !== null, 'a search worker is started as a thread')
const port = parentPort
const memories: { readonly memory: WebAssembly.Memory; readonly kernels: Kernels }[] = []

const places: Float64Array[] = []

port.on('message', (message: SearchMessage) => {
  if (message instanceof Float64Array) answer(message)
  else if ('in' in message) answer(places[message.in]!.subarray(0, message.words))
  else if ('place' in message) places.push(message.place)
  else memories.push({ memory: message.memory, kernels: createKernels(message.memory) })
})

function answer(tasks: Float64Array): void {
  const answers: BigUint64Array[] = []
  for (const task of readTasks(tasks)) {
    answers.push(answerOf(memories[task.memory]!, task))
  }
  port.postMessage(writeAnswers(answers))
}

function answerOf({ memory, kernels }: (typeof memories)[number], task: SearchWork): BigUint64Array {
  switch (task.kind) {
    case 'graph':
      return graphKeys(kernels, memory, task.search)
    case 'scan':
      return scanKeys(kernels, memory, task.search)
    case 'stored':
      return storedAnswer(() => storedKeys(kernels, memory, task.search))
  }
}
