import { parentPort, type MessagePort } from 'node:worker_threads'
import { assert } from '../runtime/assert.ts'
import { buildFile, type BuildJob } from './build-file.ts'
import { partsAhead, sendableError, type BuildMessage, type JobMessage } from './build-protocol.ts'

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
    for (;;) {
      const { value, done } = await parts.next()
      if (isGivenUp) return
      if (done === true) {
        send({ kind: 'done', digest: value })
        return
      }
      // What is shared is not copied, either: it stays where it is until the job is over.
      send({ kind: 'part', part: value }, value.buffer instanceof ArrayBuffer ? [value.buffer] : [])
      ahead += 1
      while (ahead >= partsAhead && !isGivenUp) await new Promise<void>((resolve) => (wake = resolve))
    }
  } catch (error) {
    send({ kind: 'failed', error: sendableError(error) })
  } finally {
    // Frees what the writer holds, if it was given up half way.
    await parts.return({ bytes: 0, sha256: '' }).catch(() => undefined)
    port.close()
  }
}
