import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { rm } from 'node:fs/promises'

// What the tests of one file have started and made. Files share this module, since they share a process: whoever ends
// what a file leaves has to be asked after each of them (end-what-is-left.ts), not after the first one that imports it.

const processes = new Set<ChildProcess>()
const folders = new Set<string>()

/** It is ended with the file whose test has started it, if not before. */
export function ownProcess<T extends ChildProcess>(child: T): T {
  processes.add(child)
  child.once('exit', () => processes.delete(child))
  child.once('error', () => processes.delete(child))
  return child
}

/** It is removed with all that it holds after the file whose test has made it. */
export function ownFolder(folder: string): string {
  folders.add(folder)
  return folder
}

/** Ends what tests have started and not stopped, waits until it is gone, and removes their folders. */
export async function endWhatIsLeft(): Promise<void> {
  const ends = [...processes].map((child) => once(child, 'exit'))
  killWhatIsLeft()
  await Promise.all(ends)
  await Promise.all([...folders].map((folder) => rm(folder, { recursive: true, force: true })))
  folders.clear()
}

let isWatching = false

/** From now on what is left is ended with this process, too, whatever ends that: a run that is cut off comes to no hook. */
export function endThemWithThisProcess(): void {
  if (isWatching) return
  isWatching = true
  process.once('exit', killWhatIsLeft)
  // The runner ends its workers so; one that has been killed itself no longer has a connection to them.
  process.once('SIGTERM', endNow)
  process.once('disconnect', endNow)
}

function endNow(): void {
  killWhatIsLeft()
  process.removeAllListeners('SIGTERM')
  process.kill(process.pid, 'SIGTERM')
}

function killWhatIsLeft(): void {
  for (const child of processes) child.kill('SIGKILL')
}
