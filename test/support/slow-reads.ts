import type { Disk } from '../../src/storage/disk.ts'
import { intercepted } from './disk-faults.ts'

/** A disk whose reads of segments wait while the gate is shut. Nobody gets around them: it cannot tell what has changed. */
export class SlowReads {
  readonly disk: Disk
  #open: Promise<void> = Promise.resolve()
  #letGo = (): void => undefined
  #arrive = (): void => undefined

  constructor(disk: Disk) {
    const slow = intercepted(disk, async (operation, path, proceed) => {
      if ((operation === 'readFile' || operation === 'readRange') && path.includes('/segments/')) {
        this.#arrive()
        await this.#open
      }
      return proceed()
    })
    const stat: Disk['stat'] = async (path) => {
      const found = await slow.stat(path)
      return found && { kind: found.kind, bytes: found.bytes, createdAt: found.createdAt }
    }
    this.disk = { ...slow, stat }
  }

  /** Shuts the gate; gives when somebody stands before it. */
  shut(): Promise<void> {
    this.#open = new Promise((resolve) => (this.#letGo = resolve))
    return new Promise((resolve) => (this.#arrive = resolve))
  }

  open(): void {
    this.#letGo()
  }
}
