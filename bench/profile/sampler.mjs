// Loaded into the process that is profiled, by `node --import`. The first SIGUSR2 starts the profiler in every thread, the
// second ends it and writes a .cpuprofile for each into STILLPOINT_PROFILE_FOLDER, and then a file named `done`.
import { writeFile } from 'node:fs/promises'
import { Session } from 'node:inspector/promises'
import { join } from 'node:path'
import { isMainThread } from 'node:worker_threads'

const intervalMicroseconds = 250
const folder = process.env.STILLPOINT_PROFILE_FOLDER

const start = [
  ['Profiler.enable', {}],
  ['Profiler.setSamplingInterval', { interval: intervalMicroseconds }],
  ['Profiler.start', {}],
]

class Sampler {
  #session = new Session()
  /** By the id of the inspector's session with them. */
  #threads = new Map()
  #answers = new Map()
  #lastId = 0

  async start() {
    const session = this.#session
    session.connect()
    session.on('NodeWorker.attachedToWorker', ({ params }) => {
      this.#threads.set(params.sessionId, params.workerInfo.workerId)
    })
    session.on('NodeWorker.receivedMessageFromWorker', ({ params }) => {
      const { id, result } = JSON.parse(params.message)
      this.#answers.get(id)?.(result)
    })
    await session.post('NodeWorker.enable', { waitForDebuggerOnStart: false })
    for (const [method, params] of start) await session.post(method, params)
    for (const thread of this.#threads.keys()) {
      for (const [method, params] of start) void this.#ask(thread, method, params)
    }
  }

  async stop() {
    const { profile } = await this.#session.post('Profiler.stop')
    await save('main', profile)
    for (const [thread, number] of this.#threads) {
      // One that sleeps does not answer; it had nothing to show either.
      const answer = await Promise.race([this.#ask(thread, 'Profiler.stop', {}), afterSeconds(1)])
      if (answer?.profile !== undefined) await save(`thread-${number}`, answer.profile)
    }
    this.#session.disconnect()
    await writeFile(join(folder, 'done'), '')
  }

  #ask(sessionId, method, params) {
    const id = ++this.#lastId
    const answered = new Promise((resolve) => this.#answers.set(id, resolve))
    const message = JSON.stringify({ id, method, params })
    void this.#session.post('NodeWorker.sendMessageToWorker', { sessionId, message })
    return answered
  }
}

function save(name, profile) {
  return writeFile(join(folder, `${name}.cpuprofile`), JSON.stringify(profile))
}

function afterSeconds(seconds) {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1000, undefined))
}

if (isMainThread && folder !== undefined) {
  let running
  process.on('SIGUSR2', () => {
    const before = running
    running = before === undefined ? new Sampler() : undefined
    void (before === undefined ? running.start() : before.stop())
  })
}
