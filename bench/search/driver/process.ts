import { Driver } from './driver.ts'
import type { Call, FromDriver } from './protocol.ts'

// The bench forks this file, once for every engine.

const stopping = new AbortController()
const tell = (message: FromDriver) => void process.send?.(message)
const driver = new Driver(stopping.signal, tell)
let busy: Promise<void> = Promise.resolve()

// Ctrl-C reaches every process of a terminal: the bench decides, and lets go of this one.
process.on('SIGINT', () => {})
process.on('message', (call: Call) => {
  busy = busy.then(() => answer(call))
})
process.on('disconnect', () => {
  stopping.abort(new Error('The bench has ended'))
  void busy.then(() => driver.close()).finally(() => process.exit())
})

async function answer({ id, name, request }: Call): Promise<void> {
  try {
    const method = driver[name] as (request: unknown) => Promise<unknown>
    tell({ id, result: await method.call(driver, request) })
  } catch (error) {
    tell({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) })
  }
}
