import { parentPort } from 'node:worker_threads'
import { assert, InvariantViolation } from '../../runtime/assert.ts'
import { runLoadJob, transferOf, type LoadJob } from './load-job.ts'
import type { LoadAnswer } from './load-protocol.ts'

// The entry of a worker thread: one job after the other.

assert(parentPort !== null, 'a load worker is started as a thread')
const port = parentPort
port.on('message', (job: LoadJob) => {
  const { answer, transfer } = answerOf(job)
  port.postMessage(answer, [...transfer])
})

function answerOf(job: LoadJob): { answer: LoadAnswer; transfer: readonly ArrayBuffer[] } {
  try {
    const result = runLoadJob(job)
    return { answer: { result }, transfer: transferOf(result) }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    return { answer: { error: message, isInvariant: error instanceof InvariantViolation }, transfer: [] }
  }
}
