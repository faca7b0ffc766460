import { createHash } from 'node:crypto'

/** Lines kept for the report of a finding. */
const linesMax = 400

/** Everything that happens in a simulation, in order: two runs are the same if their hashes are. */
export class Trace {
  readonly #hash = createHash('sha256')
  readonly #lines: string[] = []
  readonly #onLine: ((line: string) => void) | undefined
  #count = 0

  constructor(onLine?: (line: string) => void) {
    this.#onLine = onLine
  }

  get count(): number {
    return this.#count
  }

  add(line: string): void {
    this.#count += 1
    this.#hash.update(`${line}\n`)
    this.#onLine?.(line)
    this.#lines.push(line)
    if (this.#lines.length > 2 * linesMax) this.#lines.splice(0, linesMax)
  }

  /** Of everything so far. */
  hash(): string {
    return this.#hash.copy().digest('hex').slice(0, 16)
  }

  last(count = linesMax): readonly string[] {
    return this.#lines.slice(-count)
  }
}
