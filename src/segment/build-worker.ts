import { parentPort, type MessagePort } from 'node:worker_threads'
import { assert } from '../runtime/assert.ts'
import { buildFile, type BuildJob } from './build-file.ts'
import {
  batchBytesMin,
  batchesAhead,
  batchPartsMax,
  sendableError,
  type BuildMessage,
  type JobMessage,
} from './build-protocol.ts'

// The entry of a worker thread. The other side sends the next job when this one is over, or given up: one that was given
// up ends at its next part.

assert(parentPort !== null, 'a build worker is started as a thread')
parentPort.on('message', ({ job, port }: JobMessage) => void run(job, port))

async function run(job: BuildJob, port: MessagePort): Promise<void> {
  const send = (message: BuildMessage, transfer: readonly ArrayBuffer[] = []): void =>
    port.postMessage(message, [...transfer])
  let isGivenUp = false
  let ahead = 0
  let wake = (): void => undefined
  port.on('message', () => {
    ahead -= 1
    wake()
  })
  port.on('close', () => {
    isGivenUp = true
    wake()
  })
  const parts = buildFile(job)
  try {
    let batch: Uint8Array[] = []
    let bytes = 0
    for (;;) {
      const { value, done } = await parts.next()
      if (isGivenUp) return
      if (done !== true) {
        batch.push(value)
        bytes += value.byteLength
        if (bytes < batchBytesMin && batch.length < batchPartsMax) continue
      }
      if (batch.length > 0) send({ kind: 'parts', parts: batch }, ownBuffers(batch))
      if (done === true) {
        send({ kind: 'done', digest: value })
        return
      }
      batch = []
      bytes = 0
      ahead += 1
      while (ahead >= batchesAhead && !isGivenUp) await new Promise<void>((resolve) => (wake = resolve))
    }
  } catch (error) {
    send({ kind: 'failed', error: sendableError(error) })
  } finally {
    // Frees what the writer holds, if it was given up half way.
    await parts.return({ bytes: 0, sha256: '' }).catch(() => undefined)
    port.close()
  }
}

/** What is shared is not copied, either: it stays where it is until the job is over. */
function ownBuffers(parts: readonly Uint8Array[]): readonly ArrayBuffer[] {
  return parts.map(({ buffer }) => buffer).filter((buffer) => buffer instanceof ArrayBuffer)
}
