import type { Disk } from '../../src/storage/disk.ts'
import { intercepted } from './disk-faults.ts'

/** A disk whose reads of segments wait while the gate is shut. */
export class SlowReads {
  readonly disk: Disk
  #open: Promise<void> = Promise.resolve()
  #letGo = (): void => undefined
  #arrive = (): void => undefined

  constructor(disk: Disk) {
    this.disk = intercepted(disk, async (operation, path, proceed) => {
      if ((operation === 'readFile' || operation === 'readRange') && path.includes('/segments/')) {
        this.#arrive()
        await this.#open
      }
      return proceed()
    })
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
