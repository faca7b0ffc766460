import type { View } from '../../../collection/view.ts'
import type { JsonObject } from '../../../encoding/json.ts'
import { DatabaseError } from '../../../errors/database-error.ts'
import { yieldToEventLoop } from '../../../runtime/yield.ts'
import type { ArchiveBytes } from '../../archive/archive-bytes.ts'
import { filesOfCollection, filesOfShard, type QdrantSettings, type SmallFile } from './archive-files.ts'
import { expressibleGroups, type ShardGroup } from './check-expressible.ts'
import { PointEncoder } from './encode-point.ts'
import { planShard, writeWalFile, type PlannedWalFile, type WalLimits } from './plan-wal.ts'
import { ShardRows } from './shard-rows.ts'
import { tarOf, type TarEntry } from './tar-stream.ts'

// An archive that a Qdrant of 1.16 to 1.19 takes: its points are upserts in the log, of which Qdrant builds segments when it loads the
// archive. There is no smaller form, and none that streams so well: nothing but the entry under way is in memory.

export interface QdrantExportOptions {
  /** Needed where several partitions have points that are not those of shard keys. */
  readonly partition?: string
  /** Ends the counting and the streams with `cancelled`. */
  readonly signal?: AbortSignal
  /** Of the parts of the log. Default: entries of 1 MiB in files of 32 MiB. */
  readonly limits?: WalLimits
}

/** An archive in Qdrant's own form, produced while it is read, any number of times. Close it when it is no longer needed. */
export interface QdrantExport extends ArchiveBytes {
  readonly pointCount: number
  close(): void
}

const limitsDefault: WalLimits = { entryBytes: 2 ** 20, fileBytes: 32 * 2 ** 20 }

/**
 * A view as an archive of Qdrant. Every point is looked at once, so that the length is known and what Qdrant cannot hold is
 * refused before the first byte. The view stays with the caller.
 * @throws request-invalid naming the vector, the partitions or the point; partition-not-found, cancelled
 */
export async function exportForQdrant(
  name: string,
  whole: View,
  settings: QdrantSettings,
  options: QdrantExportOptions = {},
): Promise<QdrantExport> {
  const { partition } = options
  const groups = expressibleGroups(name, whole, { partition, isKeyed: isKeyed(settings) })
  const close = (): void => groups.forEach(({ view }) => view.release())
  try {
    const archive = await planArchive(groups, settings, options)
    const pointCount = groups.reduce((sum, { view }) => sum + view.pointCount(), 0)
    return { ...archive, pointCount, close }
  } catch (error) {
    close()
    throw error
  }
}

function isKeyed({ config }: QdrantSettings): boolean {
  const params = config['params'] as JsonObject | undefined
  return params?.['sharding_method'] === 'custom'
}

async function planArchive(
  groups: readonly ShardGroup[],
  settings: QdrantSettings,
  { signal, limits = limitsDefault }: QdrantExportOptions,
): Promise<ArchiveBytes> {
  const checkSignal = (): void => {
    if (signal?.aborted === true)
      throw new DatabaseError('cancelled', 'Cannot write the archive: it was cancelled')
  }
  checkSignal()
  const entries: TarEntry[] = []
  const params = (settings.config['params'] ?? {}) as JsonObject
  for (const group of groups) entries.push(...(await entriesOfGroup(group, { params, limits, checkSignal })))
  const keys = groups.flatMap(({ key, ...group }) =>
    key === undefined ? [] : [{ key, shard_ids: shardsOf(group) }],
  )
  entries.push(...filesOfCollection(settings, keys).map(smallEntry))
  return tarOf(entries)
}

function shardsOf({ view, firstShard }: Pick<ShardGroup, 'view' | 'firstShard'>): number[] {
  return Array.from({ length: view.config.shardNumber }, (_, index) => firstShard + index)
}

interface Plan {
  /** Those of `config.json`. */
  readonly params: JsonObject
  readonly limits: WalLimits
  readonly checkSignal: () => void
}

async function entriesOfGroup(group: ShardGroup, { params, limits, checkSignal }: Plan): Promise<TarEntry[]> {
  const { view, firstShard } = group
  const { vectors } = view.config
  const rows = await ShardRows.of(view, firstShard, checkSignal)
  const encoder = new PointEncoder(vectors)
  const entries: TarEntry[] = []
  for (const shard of shardsOf(group)) {
    const files = await planShard(rows.of(shard), encoder, limits, checkSignal)
    entries.push({ name: `${shard}/segments/`, bytes: 0, stream: () => [] })
    for (const file of files) {
      // As Qdrant leaves its log behind: the last file is the open one.
      const name = file === files.at(-1) ? 'open-1' : `closed-${file.firstIndex}`
      entries.push({
        name: `${shard}/wal/${name}`,
        bytes: file.bytes,
        stream: () => inTurns(file, rows, shard, new PointEncoder(vectors), checkSignal),
      })
    }
    entries.push(...filesOfShard(shard, params).map(smallEntry))
  }
  return entries
}

/** Others get their turn between two entries of the log. */
async function* inTurns(
  file: PlannedWalFile,
  rows: ShardRows,
  shard: number,
  encoder: PointEncoder,
  checkSignal: () => void,
): AsyncGenerator<Uint8Array> {
  for (const chunk of writeWalFile(file, rows, shard, encoder)) {
    yield chunk
    await yieldToEventLoop()
    checkSignal()
  }
}

function smallEntry({ name, content }: SmallFile): TarEntry {
  return { name, bytes: content.byteLength, stream: () => [content] }
}
