import { readdirSync, readFileSync } from 'node:fs'

/** Resident bytes; undefined elsewhere than on Linux. */
export function residentBytes(pid: number): number | undefined {
  const found = /VmRSS:\s+(\d+) kB/.exec(read(`/proc/${pid}/status`) ?? '')?.[1]
  return found === undefined ? undefined : Number(found) * 1024
}

/** Processor time of all threads that run, user and system; undefined elsewhere than on Linux. */
export function processorSeconds(pid: number): number | undefined {
  try {
    const nanoseconds = readdirSync(`/proc/${pid}/task`).map((thread) =>
      Number(read(`/proc/${pid}/task/${thread}/schedstat`)?.split(' ')[0] ?? 0),
    )
    return nanoseconds.reduce((sum, value) => sum + value, 0) / 1e9
  } catch {
    // No /proc here, or the process is gone.
    return undefined
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    // No /proc here, or the process or thread is gone.
    return undefined
  }
}
