import { describe, expect, test } from 'vitest'
import { randomRows, rowSetOf } from '../../test/support/row-sets.ts'
import { InvariantViolation } from '../runtime/assert.ts'
import { systemClock, type Clock } from '../runtime/clock.ts'
import { seededRandom } from '../runtime/random.ts'
import type { BuildJob } from './build-file.ts'
import { createWorkerBuilder, type SegmentBuilder } from './segment-builder.ts'

const job: BuildJob = {
  kind: 'rows',
  rows: rowSetOf({}, randomRows(seededRandom(1), {}, 3)).image(),
  fields: {},
}

/** A builder whose threads do this with the job's channel, `port`. */
function builderThat(onJob: string, threads = 1, clock: Clock = systemClock): SegmentBuilder {
  const code = `import { parentPort, threadId } from 'node:worker_threads'
    let jobs = 0
    parentPort.on('message', ({ port }) => { jobs += 1; ${onJob} })`
  const entry = new URL(`data:text/javascript,${encodeURIComponent(code)}`)
  return createWorkerBuilder(threads, { entry, clock })
}

async function bytesOf(builder: SegmentBuilder, signal?: AbortSignal): Promise<number> {
  let bytes = 0
  await builder.build(
    job,
    async (parts) => {
      for await (const part of parts) bytes += part.length
    },
    signal,
  )
  return bytes
}

const done = `port.postMessage({ kind: 'done', digest: { bytes: 0, sha256: '' } })`
const failing = (error: object) => `port.postMessage({ kind: 'failed', error: ${JSON.stringify(error)} })`

describe('worker builder', () => {
  test('errors keep their code and details on the way out of a thread', async () => {
    const error = { kind: 'database', code: 'overloaded', message: 'no memory', details: { bytes: 7 } }
    const builder = builderThat(failing(error))
    await expect(bytesOf(builder)).rejects.toThrow(
      expect.objectContaining({ code: 'overloaded', message: 'no memory', details: { bytes: 7 } }),
    )
    await builder.close()
  })

  test('our own mistakes stay what they are', async () => {
    const builder = builderThat(failing({ kind: 'invariant', message: 'a row has a place' }))
    await expect(bytesOf(builder)).rejects.toThrow(InvariantViolation)
    await builder.close()
  })

  test('a thread that met an unknown error is not used again', async () => {
    const unknown = { kind: 'other', message: 'unreachable', stack: 'at wasm' }
    const builder = builderThat(
      `jobs === 1 ? ${failing(unknown)} : ${failing({ ...unknown, message: 'reused' })}`,
    )
    for (let round = 0; round < 2; round++) {
      await expect(bytesOf(builder)).rejects.toThrow(
        expect.objectContaining({ code: 'internal', message: expect.stringContaining('unreachable') }),
      )
    }
    await builder.close()
  })

  test('a thread that has nothing to do for a while is ended, and the next job has a new one', async () => {
    const timers: { run: () => void; isCancelled: boolean }[] = []
    const clock: Clock = {
      ...systemClock,
      after(_delayMs, run) {
        const timer = { run, isCancelled: false }
        timers.push(timer)
        return { cancel: () => (timer.isCancelled = true) }
      },
    }
    // The digest's length tells which job of its thread it is.
    const builder = builderThat(
      `port.postMessage({ kind: 'done', digest: { bytes: jobs, sha256: '' } })`,
      1,
      clock,
    )
    const jobOfThread = async (): Promise<number> => {
      const consume = async (parts: AsyncIterable<Uint8Array>): Promise<void> => {
        for await (const _part of parts);
      }
      return (await builder.build(job, consume)).bytes
    }
    expect([await jobOfThread(), await jobOfThread()]).toEqual([1, 2])
    expect(timers.map(({ isCancelled }) => isCancelled)).toEqual([true, false])
    timers[1]!.run()
    expect(await jobOfThread()).toBe(1)
    await builder.close()
  })

  test('a thread that dies fails its job, and the next one has a new thread', async () => {
    const builder = builderThat('process.exit(3)')
    const results = await Promise.allSettled([bytesOf(builder), bytesOf(builder), bytesOf(builder)])
    for (const result of results) {
      expect(result).toMatchObject({ status: 'rejected', reason: { code: 'internal' } })
    }
    await builder.close()
  })

  test('a thread that throws fails its job with the cause', async () => {
    const builder = builderThat(`throw new Error('broken')`)
    await expect(bytesOf(builder)).rejects.toMatchObject({ code: 'internal', cause: { message: 'broken' } })
    await builder.close()
  })

  test('jobs share the threads there are', async () => {
    const threads = new Set<number>()
    let parts = 0
    const builder = builderThat(
      `port.once('message', () => ${done})
      port.postMessage({ kind: 'parts', parts: [new Uint8Array([threadId])] })`,
      2,
    )
    const consume = async (all: AsyncIterable<Uint8Array>): Promise<void> => {
      for await (const part of all) {
        threads.add(part[0]!)
        parts += 1
      }
    }
    await Promise.all(Array.from({ length: 9 }, () => builder.build(job, consume)))
    expect(parts).toBe(9)
    expect(threads.size).toBeLessThanOrEqual(2)
    await builder.close()
  })

  test('parts come in the order of their batches, and of each in theirs', async () => {
    const builder = builderThat(`let next = 0
      const batch = (count) => port.postMessage(
        { kind: 'parts', parts: Array.from({ length: count }, () => new Uint8Array([next++])) })
      batch(3); batch(1)
      let taken = 0
      port.on('message', () => { if (++taken < 4) batch(taken); else if (taken === 5) ${done} })`)
    const order: number[] = []
    await builder.build(job, async (parts) => {
      for await (const part of parts) order.push(part[0]!)
    })
    expect(order).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    await builder.close()
  })

  test('a job that is given up hands over no part of a batch any more', async () => {
    const builder = builderThat(
      `port.postMessage({ kind: 'parts', parts: [new Uint8Array(1), new Uint8Array(1)] })`,
    )
    const controller = new AbortController()
    let parts = 0
    const given = builder.build(
      job,
      async (all) => {
        for await (const _part of all) {
          parts += 1
          controller.abort()
        }
      },
      controller.signal,
    )
    await expect(given).rejects.toMatchObject({ code: 'cancelled' })
    expect(parts).toBe(1)
    await builder.close()
  })

  test('a job that hangs is ended by its signal, and by close', async () => {
    const builder = builderThat(`jobs`)
    const controller = new AbortController()
    const cancelled = bytesOf(builder, controller.signal)
    cancelled.catch(() => undefined)
    await Promise.resolve()
    controller.abort()
    await expect(cancelled).rejects.toMatchObject({ code: 'cancelled' })
    const [active, waiting] = [bytesOf(builder), bytesOf(builder)]
    active.catch(() => undefined)
    waiting.catch(() => undefined)
    await Promise.resolve()
    await builder.close()
    await expect(active).rejects.toMatchObject({ code: 'database-closed' })
    await expect(waiting).rejects.toMatchObject({ code: 'database-closed' })
    await expect(bytesOf(builder)).rejects.toMatchObject({ code: 'database-closed' })
  })

  test('a consumer that stops half way frees the thread', async () => {
    const builder = builderThat(`if (jobs === 1) setInterval(() =>
      port.postMessage({ kind: 'parts', parts: [new Uint8Array(5), new Uint8Array(5)] }), 1)
      else ${done}`)
    const disaster = new Error('the disk is full')
    const consume = async (parts: AsyncIterable<Uint8Array>): Promise<void> => {
      for await (const part of parts) if (part.length > 0) throw disaster
    }
    await expect(builder.build(job, consume)).rejects.toBe(disaster)
    await expect(bytesOf(builder)).resolves.toBe(0)
    await builder.close()
  })
})
