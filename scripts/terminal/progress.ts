import { SingleBar } from 'cli-progress'

export interface Progress {
  /** `done` of the total are finished. */
  update(done: number): void
  end(): void
}

const plainLines = 4

/** A bar on a terminal; elsewhere a line at every quarter, so that a log stays readable. */
export function startProgress(label: string, total: number, unit: string): Progress {
  return process.stdout.isTTY ? bar(label, total, unit) : lines(label, total, unit)
}

function bar(label: string, total: number, unit: string): Progress {
  const shown = new SingleBar({
    format: `  ${label} {bar} {value}/{total} ${unit} {duration_formatted}`,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: 28,
    fps: 10,
    hideCursor: true,
    clearOnComplete: true,
    stream: process.stdout,
    // The runner ends its own server first; the bar must not take the signal from it.
    gracefulExit: false,
  })
  shown.start(total, 0)
  return { update: (done) => shown.update(done), end: () => shown.stop() }
}

function lines(label: string, total: number, unit: string): Progress {
  let printed = 0
  return {
    update(done) {
      const quarter = total === 0 ? plainLines : Math.floor((done / total) * plainLines)
      if (quarter <= printed) return
      printed = quarter
      console.log(`  ${label}: ${done}/${total} ${unit}`)
    },
    end() {},
  }
}
