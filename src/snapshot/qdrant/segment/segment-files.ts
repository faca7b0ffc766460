import { invalidEntry } from '../../archive/archive-error.ts'
import { parseEntryJson } from '../json-entry.ts'
import type { JsonField } from '../../json-field.ts'
import type { EntryBytes } from '../types.ts'

/** The files of one segment, or of a folder of it, by their path. */
export class SegmentFiles {
  /** Of the segment's folder or tar, for messages; the entries have names of their own. */
  readonly name: string
  readonly #files: ReadonlyMap<string, EntryBytes>
  /** Paths of all folders that hold a file, with the slash. */
  readonly #folders: ReadonlySet<string>
  readonly #prefix: string

  constructor(
    name: string,
    files: ReadonlyMap<string, EntryBytes>,
    within: { readonly prefix: string; readonly folders: ReadonlySet<string> } = {
      prefix: '',
      folders: foldersOf(files.keys()),
    },
  ) {
    this.name = name
    this.#files = files
    this.#folders = within.folders
    this.#prefix = within.prefix
  }

  folder(path: string): SegmentFiles {
    const within = { prefix: `${this.#prefix}${path}/`, folders: this.#folders }
    return new SegmentFiles(`${this.name}/${path}`, this.#files, within)
  }

  /** Whether the folder holds no file, at any depth. */
  get isEmpty(): boolean {
    return !this.#folders.has(this.#prefix)
  }

  /** Of all files of the segment. */
  paths(): IterableIterator<string> {
    return this.#files.keys()
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

function foldersOf(paths: Iterable<string>): Set<string> {
  const folders = new Set<string>()
  for (const path of paths) {
    for (let slash = path.lastIndexOf('/'); slash >= 0; slash = path.lastIndexOf('/', slash - 1)) {
      const folder = path.slice(0, slash + 1)
      if (folders.has(folder) || slash === 0) break
      folders.add(folder)
    }
  }
  return folders
}
