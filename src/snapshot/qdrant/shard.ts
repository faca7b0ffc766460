import { invalidEntry } from '../archive/archive-error.ts'
import { parseEntryJson } from './json-entry.ts'
import type { ClaimBudget } from './limits.ts'
import { openSegment } from './segment/open-segment.ts'
import { SegmentFiles } from './segment/segment-files.ts'
import { indexTar, type TarIndex } from './tar/tar-index.ts'
import type { ShardKey } from './shard-key-names.ts'
import type { EntryBytes, QdrantSegment, QdrantShard } from './types.ts'
import type { VectorLayout } from './vector-layout.ts'

export interface ShardContext {
  readonly budget: ClaimBudget
  readonly vectors: ReadonlyMap<string, VectorLayout> | undefined
}

export interface ShardPlace {
  readonly index: number
  readonly key: ShardKey | undefined
  /** Before the names of its entries, in messages: empty, or ends with a slash. */
  readonly shown: string
}

/** The entries of one shard, by their names within it. */
export interface ShardEntries {
  readonly files: Map<string, EntryBytes>
  readonly folders: Set<string>
}

/** The entries of a collection's shards, which are in folders with their numbers. */
export function entriesByShard(tar: TarIndex): ReadonlyMap<number, ShardEntries> {
  const shards = new Map<number, ShardEntries>()
  const entriesOf = (number: string): ShardEntries => {
    const index = Number(number)
    const held = shards.get(index) ?? { files: new Map<string, EntryBytes>(), folders: new Set<string>() }
    shards.set(index, held)
    return held
  }
  const parts = /^(0|[1-9]\d{0,8})\/(.+)$/s
  for (const [name, entry] of tar.files) {
    const match = parts.exec(name)
    if (match !== null) entriesOf(match[1]!).files.set(match[2]!, entry)
  }
  for (const name of tar.folders) {
    const match = parts.exec(`${name}/`)
    if (match !== null) entriesOf(match[1]!).folders.add(match[2]!.slice(0, -1))
  }
  return shards
}

/** @throws archive-invalid, version-unsupported */
export async function readShard(
  entries: TarIndex,
  { index, key, shown }: ShardPlace,
  context: ShardContext,
): Promise<QdrantShard> {
  const holders = new Set(entries.folders)
  for (const name of entries.files.keys()) holders.add(name.slice(0, Math.max(0, name.indexOf('/'))))
  for (const folder of ['segments', 'wal']) {
    if (!holders.has(folder)) throw invalidEntry(shown + folder, 'it is missing')
  }
  await checkState(entries, shown)
  const wal = new Map<string, EntryBytes>()
  for (const [name, entry] of entries.files) {
    if (name.startsWith('wal/')) wal.set(name.slice('wal/'.length), entry)
  }
  return { index, key, segments: await readSegments(entries, shown, context), wal }
}

async function checkState({ files }: TarIndex, shown: string): Promise<void> {
  const get = (file: string): EntryBytes => {
    const entry = files.get(file)
    if (entry === undefined) throw invalidEntry(shown + file, 'it is missing')
    return entry
  }
  const type = (await parseEntryJson(get('shard_config.json'))).member('type')
  if (type.text() !== 'ReplicaSet') throw type.fail('is not ReplicaSet')
  const isLocal = (await parseEntryJson(get('replica_state.json'))).member('is_local')
  if (isLocal.boolean()) return
  throw isLocal.fail('is false: the shard lies on another node, take the snapshot of it there')
}

const root = 'segments/'

/** Of any of the three forms: nested tar, folder with `files/`, folder. */
async function readSegments(
  entries: TarIndex,
  shown: string,
  context: ShardContext,
): Promise<QdrantSegment[]> {
  const byFolder = new Map<string, Map<string, EntryBytes>>()
  const segments: QdrantSegment[] = []
  for (const [name, entry] of entries.files) {
    const below = name.slice(root.length)
    if (!name.startsWith(root) || below.startsWith('.')) continue
    const slash = below.indexOf('/')
    if (slash === -1) {
      if (!below.endsWith('.tar'))
        throw invalidEntry(entry.name, 'it is neither the tar nor the folder of a segment')
      segments.push(await readNested(entry, context))
      continue
    }
    const folder = below.slice(0, slash)
    const files = byFolder.get(folder) ?? new Map<string, EntryBytes>()
    byFolder.set(folder, files.set(below.slice(slash + 1), entry))
  }
  for (const [folder, files] of byFolder) {
    const of = segmentFiles(shown + root + folder, files, 'files/')
    segments.push(await openSegment(of, context.vectors))
  }
  return segments
}

async function readNested(entry: EntryBytes, { budget, vectors }: ShardContext): Promise<QdrantSegment> {
  const options = { prefix: `${entry.name}/`, budget, mayEndBare: true }
  const { files } = await indexTar(entry, options)
  return openSegment(segmentFiles(entry.name, files, 'snapshot/files/'), vectors)
}

/** Without the folder that some forms put them in. */
function segmentFiles(shown: string, files: ReadonlyMap<string, EntryBytes>, within: string): SegmentFiles {
  const isWithin = [...files.keys()].some((path) => path.startsWith(within))
  if (!isWithin) return new SegmentFiles(shown, files)
  const inner = [...files].map(([path, entry]): [string, EntryBytes] => [
    path.startsWith(within) ? path.slice(within.length) : `/${path}`,
    entry,
  ])
  return new SegmentFiles(shown, new Map(inner))
}
