import { invalidEntry } from '../archive/archive-error.ts'
import { parseEntryJson } from './json-entry.ts'
import type { ClaimBudget } from './limits.ts'
import { openSegment } from './segment/open-segment.ts'
import { SegmentFiles } from './segment/segment-files.ts'
import { indexTar, type TarIndex } from './tar/tar-index.ts'
import type { EntryBytes, QdrantSegment, QdrantShard } from './types.ts'
import type { VectorLayout } from './vector-layout.ts'

export interface ShardContext {
  readonly tar: TarIndex
  /** Of names in messages. */
  readonly shown: string
  readonly budget: ClaimBudget
  readonly vectors: ReadonlyMap<string, VectorLayout> | undefined
}

export interface ShardPlace {
  readonly index: number
  readonly key: string | number | undefined
  /** Of its entries: empty, or ends with a slash. */
  readonly prefix: string
}

/** @throws archive-invalid, version-unsupported */
export async function readShard(context: ShardContext, place: ShardPlace): Promise<QdrantShard> {
  const { tar } = context
  const { prefix, index, key } = place
  const has = (folder: string): boolean => {
    if (tar.folders.has(prefix + folder)) return true
    for (const name of tar.files.keys()) if (name.startsWith(`${prefix}${folder}/`)) return true
    return false
  }
  for (const folder of ['segments', 'wal']) {
    if (!has(folder)) throw invalidEntry(`${context.shown}${prefix}${folder}`, 'it is missing')
  }
  await checkState(context, prefix)
  const wal = new Map<string, EntryBytes>()
  for (const [name, entry] of tar.files) {
    if (name.startsWith(`${prefix}wal/`)) wal.set(name.slice(prefix.length + 'wal/'.length), entry)
  }
  return { index, key, segments: await readSegments(context, prefix), wal }
}

async function checkState({ tar, shown }: ShardContext, prefix: string): Promise<void> {
  const get = (file: string): EntryBytes => {
    const entry = tar.files.get(prefix + file)
    if (entry === undefined) throw invalidEntry(`${shown}${prefix}${file}`, 'it is missing')
    return entry
  }
  const type = (await parseEntryJson(get('shard_config.json'))).member('type')
  if (type.text() !== 'ReplicaSet') throw type.fail('is not ReplicaSet')
  const isLocal = (await parseEntryJson(get('replica_state.json'))).member('is_local')
  if (isLocal.boolean()) return
  throw isLocal.fail('is false: the shard lies on another node, take the snapshot of it there')
}

/** Of any of the three forms: nested tar, folder with `files/`, folder. */
async function readSegments(context: ShardContext, prefix: string): Promise<QdrantSegment[]> {
  const root = `${prefix}segments/`
  const byFolder = new Map<string, Map<string, EntryBytes>>()
  const segments: QdrantSegment[] = []
  for (const [name, entry] of context.tar.files) {
    if (!name.startsWith(root)) continue
    const below = name.slice(root.length)
    if (below.startsWith('.')) continue
    const slash = below.indexOf('/')
    if (slash === -1) {
      if (!below.endsWith('.tar'))
        throw invalidEntry(entry.name, 'it is neither the tar nor the folder of a segment')
      segments.push(await readNested(context, entry))
      continue
    }
    const folder = below.slice(0, slash)
    const files = byFolder.get(folder) ?? new Map<string, EntryBytes>()
    byFolder.set(folder, files.set(below.slice(slash + 1), entry))
  }
  for (const [folder, files] of byFolder) {
    const shown = `${context.shown}${root}${folder}`
    segments.push(await openSegment(segmentFiles(shown, files, 'files/'), context.vectors))
  }
  return segments
}

async function readNested({ budget, vectors }: ShardContext, entry: EntryBytes): Promise<QdrantSegment> {
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
