import { readFile } from 'node:fs/promises'
import { setTimeout as wait } from 'node:timers/promises'
import type { Context } from './context.ts'

const stepMs = 250
const stepsMax = 80
/** Clock ticks are 10 ms on every Linux that Node runs on. */
const idleTicksPerStep = 2

/**
 * Waits until the server has had next to no work for half a second, so that a flush of what was loaded before does
 * not fall into one side of a comparison; for at most 20 seconds.
 */
export async function waitUntilQuiet({ serverPid, signal }: Context): Promise<void> {
  let idle = 0
  let before = await ticksOf(serverPid)
  for (let step = 0; step < stepsMax && idle < 2; step++) {
    await wait(stepMs, undefined, { signal })
    const now = await ticksOf(serverPid)
    // Elsewhere than on Linux nothing can be read: two seconds have to do.
    if (now === undefined || before === undefined) {
      if (step * stepMs >= 2_000) return
    } else idle = now - before <= idleTicksPerStep ? idle + 1 : 0
    before = now
  }
}

/** Processor time that the process has used, user and system. */
async function ticksOf(pid: number | undefined): Promise<number | undefined> {
  try {
    const line = await readFile(`/proc/${String(pid)}/stat`, 'utf8')
    const fields = line.slice(line.lastIndexOf(')') + 2).split(' ')
    return Number(fields[11]) + Number(fields[12])
  } catch {
    // No /proc here.
    return undefined
  }
}
