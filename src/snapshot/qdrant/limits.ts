import { invalidArchive } from '../archive/archive-error.ts'

/** What an archive may claim before anything of it is believed. */
export interface QdrantLimits {
  /** Files and folders of all tars in it together. */
  readonly entriesMax?: number
  /** Lengths of all files together, holes of sparse files included. */
  readonly realBytesMax?: number
}

// About 300 bytes of memory each.
const entriesMax = 500_000
// A fresh segment keeps some 100 MiB of holes in 60 KB.
const realBytesBase = 64 * 2 ** 30
const realBytesPerStored = 4096

/** Counts what the tars of one archive claim. */
export class ClaimBudget {
  readonly #entriesMax: number
  readonly #realBytesMax: number
  #entries = 0
  #realBytes = 0

  constructor(archiveBytes: number, limits: QdrantLimits = {}) {
    this.#entriesMax = limits.entriesMax ?? entriesMax
    this.#realBytesMax = limits.realBytesMax ?? realBytesBase + realBytesPerStored * archiveBytes
  }

  /** @throws archive-invalid beyond the limits */
  claim(realBytes: number): void {
    this.#entries += 1
    this.#realBytes += realBytes
    if (this.#entries > this.#entriesMax)
      throw invalidArchive(`it has more than ${this.#entriesMax} entries`, { limit: this.#entriesMax })
    if (this.#realBytes > this.#realBytesMax)
      throw invalidArchive(`its files claim more than ${this.#realBytesMax} bytes`, {
        limit: this.#realBytesMax,
      })
  }
}

/** Slots of one segment: more are no segment that Qdrant makes. */
export const slotsMax = 2 ** 28
/** One payload, or all that one point has of one vector. */
export const valueBytesMax = 128 * 1024 * 1024
