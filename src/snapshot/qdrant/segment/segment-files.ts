import { invalidEntry } from '../../archive/archive-error.ts'
import { parseEntryJson } from '../json-entry.ts'
import type { JsonField } from '../../json-field.ts'
import type { EntryBytes } from '../types.ts'

/** The files of one segment, or of a folder of it, by their path. */
export class SegmentFiles {
  /** Of the segment's folder or tar, for messages; the entries have names of their own. */
  readonly name: string
  readonly #files: ReadonlyMap<string, EntryBytes>
  readonly #prefix: string

  constructor(name: string, files: ReadonlyMap<string, EntryBytes>, prefix = '') {
    this.name = name
    this.#files = files
    this.#prefix = prefix
  }

  folder(path: string): SegmentFiles {
    return new SegmentFiles(`${this.name}/${path}`, this.#files, `${this.#prefix}${path}/`)
  }

  /** Whether no file has a path that begins with this folder. */
  get isEmpty(): boolean {
    for (const path of this.#files.keys()) if (path.startsWith(this.#prefix)) return false
    return true
  }

  /** Paths within this folder. */
  paths(): string[] {
    return [...this.#files.keys()]
      .filter((path) => path.startsWith(this.#prefix))
      .map((path) => path.slice(this.#prefix.length))
  }

  find(path: string): EntryBytes | undefined {
    return this.#files.get(this.#prefix + path)
  }

  /** @throws archive-invalid if it is missing */
  get(path: string): EntryBytes {
    const entry = this.find(path)
    if (entry === undefined) throw invalidEntry(`${this.name}/${path}`, 'it is missing')
    return entry
  }

  json(path: string): Promise<JsonField> {
    return parseEntryJson(this.get(path))
  }
}
