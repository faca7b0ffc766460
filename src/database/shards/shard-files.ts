import { createHash } from 'node:crypto'
import type { StoredView } from '../../collection/open-view.ts'
import type { View, ViewEntry } from '../../collection/view.ts'
import type { ManifestEntry } from '../../manifest/format.ts'
import { isLinksFile, type SegmentFile, type SegmentInfo } from '../../segment/format.ts'

export interface ShardFile {
  /** Within the segment's folder. */
  readonly name: string
  readonly bytes: number
  /** Lower-case hex. */
  readonly sha256: string
  /** The vector whose graph it is. */
  readonly vector?: string
  /** The highest number of what is in it and counts. */
  readonly version: number
}

export interface ShardSegment {
  /** A UUID made of what the shard sees of the segment: in any store the same points in the same files give the same one. */
  readonly id: string
  /** The highest number of its rows and deletions; of the database that wrote them. */
  readonly version: number
  readonly files: readonly ShardFile[]
}

/** What a written shard is made of. `view` holds the one shard, `stored` the same as files hold it. */
export function segmentsOfShard(view: View, stored: StoredView, shard: number): readonly ShardSegment[] {
  const infos = new Map(stored.segments.map((info) => [info.id as string, info]))
  return view.shards[shard]!.map((entry, index) =>
    segmentOf(entry, stored.shards[shard]![index]!, infos.get(entry.handle.id)!),
  )
}

function segmentOf(entry: ViewEntry, stored: ManifestEntry, info: SegmentInfo): ShardSegment {
  const own = info.files.map(({ name, bytes, sha256, vector }): ShardFile => {
    const file = { name, bytes, sha256, version: info.maxSeq }
    return vector === undefined ? file : { ...file, vector }
  })
  const deltas = [...stored.inherited, ...stored.deltas].map(({ name, bytes, sha256, upTo }): ShardFile => {
    return { name, bytes, sha256, version: upTo }
  })
  const files = [...own, ...deltas]
  return {
    // Links say nothing of the points, and stores build them by themselves.
    id: contentIdOf(
      entry,
      info.files.filter((file) => !isLinksFile(file)),
    ),
    version: files.reduce((highest, { version }) => Math.max(highest, version), 0),
    files,
  }
}

/** How deletions are spread over files may differ between stores; which rows are dead may not. */
function contentIdOf(entry: ViewEntry, files: readonly SegmentFile[]): string {
  const hash = createHash('sha256')
  for (const sha256 of files.map((file) => file.sha256).sort()) hash.update(`${sha256}\n`)
  hash.update(`${entry.rowLimit}\n`)
  for (const row of deadRows(entry)) hash.update(`${row},`)
  const hex = hash.digest('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join(
    '-',
  )
}

function* deadRows({ deletions, deletionCount, rowLimit }: ViewEntry): Iterable<number> {
  const dead = deletions.deadAfter(deletionCount)
  const words = Math.min(dead.length, (rowLimit + 31) >>> 5)
  for (let word = 0; word < words; word++) {
    for (let bits = dead[word]!; bits !== 0; bits &= bits - 1) {
      const row = word * 32 + 31 - Math.clz32(bits & -bits)
      if (row < rowLimit) yield row
    }
  }
}
