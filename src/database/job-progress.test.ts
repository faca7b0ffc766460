import { describe, expect, test } from 'vitest'
import type { Clock } from '../runtime/clock.ts'
import { JobProgress } from './job-progress.ts'

class TestClock implements Clock {
  time = 5_000
  now(): number {
    return 0
  }
  monotonic(): number {
    return this.time
  }
  after(): { cancel(): void } {
    return { cancel: () => undefined }
  }
}

function start(before?: ConstructorParameters<typeof JobProgress>[1]) {
  const clock = new TestClock()
  return { clock, progress: new JobProgress(clock, before) }
}

describe('rate and time to go', () => {
  test('nothing can be said before any time has passed', () => {
    const { progress } = start()
    progress.report(10, 100, 'bytes')
    expect(progress.ratePerSecond).toBeNull()
    expect(progress.etaMs).toBeNull()
  })

  test('at an even pace', () => {
    const { clock, progress } = start()
    for (let n = 1; n <= 4; n++) {
      clock.time += 500
      progress.report(n * 50, 1000, 'bytes')
    }
    expect(progress.ratePerSecond).toBe(100)
    expect(progress.etaMs).toBe(8000)
  })

  test('without a total there is no time to go', () => {
    const { clock, progress } = start()
    clock.time += 1000
    progress.report(5, null, 'points')
    expect(progress.ratePerSecond).toBe(5)
    expect(progress.etaMs).toBeNull()
  })

  test('only the last ten seconds count', () => {
    const { clock, progress } = start()
    let done = 0
    for (let n = 0; n < 60; n++) {
      clock.time += 1000
      done += n < 30 ? 1000 : 10
      progress.report(done, null, 'bytes')
    }
    expect(progress.ratePerSecond).toBe(10)
  })

  test('a job that stands still has no rate, and no time to go', () => {
    const { clock, progress } = start()
    clock.time += 1000
    progress.report(500, 1000, 'bytes')
    clock.time += 60_000
    expect(progress.ratePerSecond).toBe(0)
    expect(progress.etaMs).toBeNull()
    progress.report(600, 1000, 'bytes')
    expect(progress.ratePerSecond).toBeGreaterThan(0)
  })

  test('a report for every row is as good as one now and then', () => {
    const { clock, progress } = start()
    for (let n = 1; n <= 100_000; n++) {
      clock.time += 0.1
      progress.report(n, 200_000, 'rows')
    }
    expect(progress.ratePerSecond).toBeCloseTo(10_000, 0)
    expect(progress.etaMs! / 1000).toBeCloseTo(10, 1)
  })

  test('when another thing is counted, it starts anew', () => {
    const { clock, progress } = start()
    clock.time += 1000
    progress.report(1_000_000, 1_000_000, 'bytes')
    clock.time += 1000
    progress.report(0, 50, 'searches')
    clock.time += 1000
    progress.report(10, 50, 'searches')
    expect(progress.ratePerSecond).toBe(10)
    expect(progress.etaMs).toBe(4000)
  })

  test('at the end, the rate of the whole and nothing to go', () => {
    const { clock, progress } = start()
    clock.time += 100
    progress.report(900, 1000, 'bytes')
    clock.time += 1900
    progress.report(1000, 1000, 'bytes')
    progress.end()
    clock.time += 50_000
    progress.report(5000, 5000, 'bytes')
    expect([progress.done, progress.ratePerSecond, progress.etaMs]).toEqual([1000, 500, null])
  })

  test('what an earlier attempt did is no speed of this one', () => {
    const { clock, progress } = start({ done: 9000, total: 10_000, unit: 'bytes' })
    expect([progress.done, progress.total, progress.unit]).toEqual([9000, 10_000, 'bytes'])
    clock.time += 1000
    progress.report(9100, 10_000, 'bytes')
    expect(progress.ratePerSecond).toBe(100)
    expect(progress.etaMs).toBe(9000)
  })
})
